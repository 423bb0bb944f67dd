import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type CliResult, cli, killGroup, project, startCli } from './cli.ts'

const files = {
  'package.json': '{}',
  'in.csv': `k,n\n${Array.from({ length: 300 }, (_, i) => `${i % 3},${i}`).join('\n')}\n`,
  'sum.flow': "from csv('in.csv') |> aggregate sum(n) as n group by k |> order by k",
  'write.flow': "from csv('in.csv') |> write csv('out.csv', mode => 'overwrite')",
  'fail.flow': "from csv('in.csv') |> select 1 / (n - 17) as x",
}

interface Listed {
  id: string
  program: string
  started: string
  durationMs: number | null
  status: string
  code: string | null
  rowsRead: number | null
  rowsOut: number | null
}

const runsIn = (cwd: string): string => join(cwd, '.millrace', 'runs')
const run = (cwd: string, ...args: string[]): Promise<CliResult> => cli(['run', ...args, '--quiet'], { cwd })
const listed = async (cwd: string): Promise<Listed[]> => JSON.parse((await cli(['runs', '--format', 'json'], { cwd })).stdout)

describe('millrace runs', () => {
  it('lists runs newest first, those that failed too', async () => {
    const cwd = project(files)
    await run(cwd, 'sum.flow')
    await run(cwd, 'write.flow')
    await run(cwd, 'fail.flow')
    const runs = await listed(cwd)
    expect(runs).toMatchObject([
      { program: 'fail.flow', status: 'failed', code: 'RUN_DIVISION_BY_ZERO', rowsOut: null },
      { program: 'write.flow', status: 'succeeded', code: null, rowsRead: 300, rowsOut: 300 },
      { program: 'sum.flow', status: 'succeeded', code: null, rowsRead: 300, rowsOut: 3 },
    ])
    for (const { durationMs } of runs) expect(durationMs).toBeGreaterThan(0)
    const { code, stdout } = await cli(['runs'], { cwd })
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^run +program +started +duration +status +read +out$/)
    expect(lines[1]).toMatch(/fail\.flow .* failed, RUN_DIVISION_BY_ZERO/)
    expect(lines.slice(1).map((line) => line.split(' ')[0])).toEqual(runs.map(({ id }) => id))
  })

  it('says where there are none, and leaves nothing itself', async () => {
    const cwd = project(files)
    const { code, stdout, stderr } = await cli(['runs'], { cwd })
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('no runs')
    expect(existsSync(join(cwd, '.millrace'))).toBe(false)
    expect(await listed(cwd)).toEqual([])
  })

  it('has no record of queries, and none of programs that are wrong', async () => {
    const cwd = project({ ...files, 'wrong.flow': "from csv('in.csv') |> where x" })
    await cli(['query', '-e', "from csv('in.csv')"], { cwd })
    await run(cwd, 'wrong.flow')
    expect(existsSync(join(cwd, '.millrace'))).toBe(false)
  })

  it('finds them beside package.json, as seen from a folder below', async () => {
    const cwd = project(files)
    mkdirSync(join(cwd, 'below'))
    await run(cwd, 'sum.flow')
    expect(await listed(join(cwd, 'below'))).toHaveLength(1)
  })

  it('tells a run that goes on from one that was killed, and from the same one that was resumed', async () => {
    const cwd = project({
      ...files,
      'slow.ts': `import { existsSync } from 'node:fs'
export function slow(n: number): number {
  while (!existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  return n
}`,
      'slow.flow': `import { slow(int64) returns int64 } from './slow.ts'
from csv('in.csv') |> select slow(n) as n |> aggregate count(*) as n`,
    })
    const args = ['run', 'slow.flow', '--mode', 'serial', '--workers', '1', '--resume', '--quiet']
    const running = startCli(args, { cwd })
    await running.until(
      () => existsSync(runsIn(cwd)) && readdirSync(runsIn(cwd)).some((name) => name.endsWith('.json')),
      'a record',
    )
    expect(await listed(cwd)).toMatchObject([{ program: 'slow.flow', status: 'running', durationMs: null }])
    killGroup(running)
    await running.ended
    const [killed] = await listed(cwd)
    expect(killed.status).toBe('killed')
    writeFileSync(join(cwd, 'go'), '')
    expect((await cli(args, { cwd })).code).toBe(0)
    expect(await listed(cwd)).toMatchObject([{ id: killed.id, started: killed.started, status: 'succeeded' }])
  })

  it('keeps the last hundred', async () => {
    const cwd = project(files)
    await run(cwd, 'sum.flow')
    const [name] = readdirSync(runsIn(cwd))
    const { checksum: _, ...first } = JSON.parse(readFileSync(join(runsIn(cwd), name), 'utf8'))
    const id = name.replace('.json', '')
    const older = Array.from({ length: 110 }, (_, i) => `a${id.slice(1, 5)}${String(i).padStart(3, '0')}-00000000`)
    for (const each of older) {
      const record = { ...first, id: each }
      const checksum = crc32(JSON.stringify(record))
      writeFileSync(join(runsIn(cwd), `${each}.json`), JSON.stringify({ ...record, checksum }))
    }
    await run(cwd, 'sum.flow')
    const left = await listed(cwd)
    expect(left).toHaveLength(100)
    expect(left[99].id).toBe(older[12])
    expect(left[1].id).toBe(id)
  })

  it('does without a record where none can be written, and says so', async () => {
    const cwd = project(files)
    writeFileSync(join(cwd, '.millrace'), 'a file')
    const { code, stdout, stderr } = await cli(['run', 'sum.flow', '--format', 'csv'], { cwd })
    expect([code, stdout]).toEqual([0, 'k,n\n0,14850\n1,14950\n2,15050\n'])
    expect(stderr).toContain('no record of this run was kept')
  })

  it('passes over records that cannot be read', async () => {
    const cwd = project(files)
    await run(cwd, 'sum.flow')
    writeFileSync(join(runsIn(cwd), 'zzzzzzzz-00000000.json'), '{"version":1,"id"')
    const [name] = readdirSync(runsIn(cwd))
    const other = { ...JSON.parse(readFileSync(join(runsIn(cwd), name), 'utf8')), id: 'zzzzzzzz-00000001', program: null }
    writeFileSync(join(runsIn(cwd), `${other.id}.json`), JSON.stringify(other))
    expect(await listed(cwd)).toHaveLength(1)
    expect((await cli(['runs', 'show', other.id], { cwd })).stderr).toContain('USAGE_RUN')
  })
})

describe('a record of a run', () => {
  it('holds no value of a parameter, wherever that went', async () => {
    const cwd = project({
      'hunter2.csv': 'a\nhunter2\nx\n',
      'p.flow': `param token string
param many int64
from csv(concat(@token, '.csv')) |> where a = @token or a = lower(@token) |> limit @many |> write csv(concat('to-', @token, '.csv'))`,
    })
    await run(cwd, 'p.flow', '--param', 'token=hunter2', '--param', 'many=987654')
    const [{ id, status }] = await listed(cwd)
    expect(status).toBe('succeeded')
    const text = readFileSync(join(runsIn(cwd), `${id}.json`), 'utf8')
    expect(text).not.toMatch(/hunter2|987654/)
    expect(JSON.parse(text)).toMatchObject({ params: ['many', 'token'], inputs: [{ path: '@token.csv' }] })
    const { stdout } = await cli(['runs', 'show', id], { cwd })
    expect(stdout).toContain("read csv '@token.csv'")
    expect(stdout).toContain('where ((a = ?) or (a = ?))')
    expect(stdout).toContain('limit @many')
  })

  it('tells what happened to whoever gives the beginning of its name', async () => {
    const cwd = project(files)
    await run(cwd, 'sum.flow', '--workers', '2')
    const [{ id }] = await listed(cwd)
    const { code, stdout } = await cli(['runs', 'show', id.slice(0, 9)], { cwd })
    expect(code).toBe(0)
    const words = stdout.replace(/\s+/g, ' ')
    expect(words).toContain(`Run ${id} of sum.flow succeeded`)
    expect(words).toMatch(/It took [\d.]+ m?s on 2 workers/)
    expect(stdout).toMatch(/read csv 'in\.csv'\n +300 rows/)
    const { stdout: json } = await cli(['runs', 'show', id, '--format', 'json'], { cwd })
    expect(JSON.parse(json)).toMatchObject({ id, status: 'succeeded', rowsRead: 300, actuals: { workers: 2 } })
  })

  it('has what was done before the run failed', async () => {
    const cwd = project(files)
    await run(cwd, 'fail.flow')
    const { stdout } = await cli(['runs', 'show', (await listed(cwd))[0].id], { cwd })
    expect(stdout).toMatch(/failed with RUN_DIVISION_BY_ZERO/)
    expect(stdout).toContain("read csv 'in.csv'")
    expect(stdout).toMatch(/from [\d.]+ ms, not ended/)
    // Nobody has waited, since nothing was done.
    expect(stdout).not.toContain('for credit')
  })

  it.each([
    { what: 'no run', name: 'zzz', says: "there is no run 'zzz'" },
    { what: 'several runs', name: '', says: 'begin alike' },
  ])('is not found under the name of $what', async ({ name, says }) => {
    const cwd = project(files)
    await run(cwd, 'sum.flow')
    await run(cwd, 'sum.flow')
    const [{ id }] = await listed(cwd)
    const { code, stderr } = await cli(['runs', 'show', name === '' ? id.slice(0, 2) : name], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain('error USAGE_RUN')
    expect(stderr).toContain(says)
  })
})

it.each([
  { args: ['dif', 'a', 'b'], says: ["unknown command 'runs dif'", "did you mean 'diff'?"] },
  { args: ['mi9k'], says: ["unknown command 'runs mi9k'", 'runs show NAME'] },
  { args: ['show'], says: ["missing required argument 'run'", 'see millrace runs show --help'] },
])('millrace runs $args says what was meant', async ({ args, says }) => {
  const { code, stderr } = await cli(['runs', ...args], { cwd: project({}) })
  expect(code).toBe(2)
  for (const text of says) expect(stderr).toContain(text)
})

it.each(['show', 'diff'])('millrace runs %s --help has an example', async (command) => {
  const { stdout } = await cli(['runs', command, '--help'], { cwd: project({}) })
  expect(stdout).toContain(`Examples:\n  millrace runs ${command} `)
})

describe('millrace runs diff', () => {
  it('says what changed between two runs: program, plan, inputs, rows and times', async () => {
    const cwd = project(files)
    await run(cwd, 'sum.flow')
    writeFileSync(join(cwd, 'sum.flow'), "from csv('in.csv') |> where n > 10 |> aggregate sum(n) as n group by k |> order by k")
    writeFileSync(join(cwd, 'in.csv'), `${files['in.csv']}4,1000\n`)
    await run(cwd, 'sum.flow', '--workers', '2')
    const [b, a] = await listed(cwd)
    const { code, stdout } = await cli(['runs', 'diff', a.id, b.id], { cwd })
    expect(code).toBe(0)
    const words = stdout.replace(/\s+/g, ' ')
    expect(words).toContain('sum.flow was changed')
    expect(words).toMatch(/only in the second.*where \(n > 10\)/)
    expect(words).toMatch(/in\.csv has .* more/)
    expect(words).toContain('300 rows read, then 301')
    expect(words).toContain('inline, then threads')
    expect(stdout).toMatch(/^ *duration +[\d.]+ m?s +[\d.]+ m?s/m)
    const { stdout: json } = await cli(['runs', 'diff', a.id, b.id, '--format', 'json'], { cwd })
    const diff = JSON.parse(json)
    expect(diff).toMatchObject({ a: a.id, b: b.id, program: { isSame: false }, plan: { isSame: false } })
    expect(diff.figures.find(({ name }: { name: string }) => name === 'rows read')).toMatchObject({ a: 300, b: 301 })
  })

  it('says that two runs of the same are the same', async () => {
    const cwd = project(files)
    await run(cwd, 'sum.flow')
    await run(cwd, 'sum.flow')
    const [b, a] = await listed(cwd)
    const { stdout } = await cli(['runs', 'diff', a.id, b.id], { cwd })
    expect(stdout.replace(/\s+/g, ' ')).toContain('The program, its plan and its inputs are the same.')
    rmSync(join(runsIn(cwd), `${a.id}.json`))
    expect((await cli(['runs', 'diff', a.id, b.id], { cwd })).code).toBe(2)
  })
})
