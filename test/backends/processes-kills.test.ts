import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliResult, cli, leftovers, project, type RunningCli, startCli } from '../cli/cli.ts'
import { allEnded, isRunning, pidsIn } from './process-ids.ts'

const modes = ['serial', 'pipelined'] as const
const files = 6
const rowsAFile = 20
const rows = files * rowsAFile

/**
 * `work` writes down the process of each call. The call whose number is in `plan`, as in {"17": "SIGKILL"}, ends its process by that signal, or
 * does what else is there.
 */
const workModule = `
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
const plan = existsSync('plan') ? JSON.parse(readFileSync('plan', 'utf8')) : {}
export function work(n: number): number {
  appendFileSync('calls', String(process.pid).padStart(9) + '\\n')
  const what = plan[String(statSync('calls').size / 10)]
  if (what === undefined) return n * 2
  if (what === 'throw later') setTimeout(() => { throw new Error('too late') })
  else if (what === 'hang') for (;;);
  else if (what === 'exit') process.exit(3)
  else if (what === 'abort') process.abort()
  else if (what === 'fill') for (const all = []; ; ) all.push(new Array(1_000_000).fill(n))
  else {
    process.kill(process.pid, what)
    for (;;);
  }
  return n * 2
}
`
const flow = `
import { work(int64) returns int64 } from './work.ts'
from csv('in/*.csv') |> select work(n) as n |> aggregate count(*) as rows, sum(n) as total group by mod(n, 7) as g |> write csv('out.csv')
`

function workProject(plan: Readonly<Record<number, string>> = {}): string {
  const inputs = Array.from({ length: files }, (_, file): [string, string] => [
    `in/${file}.csv`,
    `n\n${Array.from({ length: rowsAFile }, (_, row) => `${file * rowsAFile + row}\n`).join('')}`,
  ])
  return project({
    ...Object.fromEntries(inputs),
    'work.ts': workModule,
    'work.flow': flow,
    plan: JSON.stringify(plan),
  })
}

const argumentsFor = (mode: string, ...more: string[]): string[] => [
  ...['run', 'work.flow', '--isolation', 'process', '--workers', '2', '--mode', mode],
  ...more,
]

const expectedRows = Array.from({ length: 7 }, (_, g) => {
  const group = Array.from({ length: rows }, (_, n) => n * 2).filter((n) => n % 7 === g)
  return `${g},${group.length},${group.reduce((sum, n) => sum + n, 0)}`
})

async function expectComplete(folder: string, result: CliResult): Promise<void> {
  expect(result.code, result.stderr).toBe(0)
  expect(result.stdout).toBe('')
  const [header, ...written] = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n')
  expect(header).toBe('g,rows,total')
  expect(written.sort()).toEqual(expectedRows)
  expect(leftovers(folder)).toEqual([])
  expect(pidsIn(folder).filter(isRunning)).toEqual([])
}

const callCount = (folder: string): number =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls')).length / 10 : 0

describe.each(modes)('in %s mode, the rows do not depend on which worker processes are killed', (mode) => {
  // Three in one batch would be taken for a row that ends its worker, so a run surely stands two.
  const first = Array.from({ length: 8 }, (_, i) => 1 + i * 14)
  it.each(first.map((call) => [call, call + 5]))('at calls %i and %i', async (...calls) => {
    const folder = workProject(Object.fromEntries(calls.map((call) => [call, 'SIGKILL'])))
    const result = await cli(argumentsFor(mode), { cwd: folder })
    await expectComplete(folder, result)
    expect(result.stderr).toMatch(/retr(y|ies)/)
  })

  it('by other signals', async () => {
    const folder = workProject({ 10: 'SIGSEGV', 40: 'SIGTERM' })
    await expectComplete(folder, await cli(argumentsFor(mode), { cwd: folder }))
  })

  it('by the lack of memory', async () => {
    const folder = workProject({ 10: 'fill' })
    const result = await cli(argumentsFor(mode), { cwd: folder, node: ['--max-old-space-size=64'] })
    await expectComplete(folder, result)
  })
})

describe('a worker process that ends over and over', () => {
  const causes: readonly [string, string, RegExp][] = [
    ['is killed', 'SIGKILL', /killed by SIGKILL, as the system does when memory runs out/],
    ['crashes', 'SIGSEGV', /killed by SIGSEGV/],
    ['aborts', 'abort', /killed by SIGABRT/],
    ['is ended by a function', 'exit', /exit code 3/],
    ['takes all memory', 'fill', /killed by SIGABRT: JavaScript heap out of memory/],
  ]
  it.each(causes)('fails the run and says so in one line when it %s', async (_, what, why) => {
    const folder = workProject(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [10 + i, what])))
    const result = await cli(argumentsFor('serial'), { cwd: folder, node: ['--max-old-space-size=64'] })
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toMatch(/error RUN_POISON_BATCH: row \d+ of split \d+ has ended its worker twice: /)
    expect(result.stderr).toMatch(why)
    expect(result.stderr).not.toMatch(/stack trace|Last few GCs|^\s+at /m)
    expect(existsSync(join(folder, 'out.csv'))).toBe(false)
    expect(pidsIn(folder).filter(isRunning)).toEqual([])
  })
})

it('an error that a function throws when it has returned is told as on threads', async () => {
  const outcomes = await Promise.all(
    ['thread', 'process'].map((isolation) => {
      const folder = workProject({ 10: 'throw later' })
      return cli([...argumentsFor('serial'), '--isolation', isolation], { cwd: folder })
    }),
  )
  expect(outcomes[1]).toEqual(outcomes[0])
  expect(outcomes[1].stderr).toContain('error RUN_FUNCTION_FAILED: ')
})

it.each(modes)('a worker process that is stopped for a while loses nothing, in %s mode', async (mode) => {
  const folder = workProject()
  writeFileSync(
    join(folder, 'work.ts'),
    workModule.replace('return n * 2', 'for (const end = performance.now() + 3; performance.now() < end; );\n  return n * 2'),
  )
  const run = startCli(argumentsFor(mode), { cwd: folder })
  await run.until(() => pidsIn(folder).length === 2, 'both workers')
  const [stopped] = pidsIn(folder)
  process.kill(stopped, 'SIGSTOP')
  const before = callCount(folder)
  await run.until(() => callCount(folder) >= before + 10, 'work of the other one')
  process.kill(stopped, 'SIGCONT')
  const result = await run.ended
  await expectComplete(folder, result)
  expect(result.stderr).not.toMatch(/retr(y|ies)/)
})

describe('no worker process is left', () => {
  const hanging = (): string => workProject(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [2 + i, 'hang'])))
  const start = async (folder: string, mode: string): Promise<{ run: RunningCli; pids: readonly number[] }> => {
    const run = startCli(argumentsFor(mode), { cwd: folder })
    await run.until(() => pidsIn(folder).length === 2 && callCount(folder) >= 2, 'both workers')
    return { run, pids: pidsIn(folder) }
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s to the whole process group', async (signal, code) => {
    const folder = hanging()
    const { run, pids } = await start(folder, 'pipelined')
    process.kill(-(run.child.pid as number), signal)
    const result = await run.ended
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toContain('error RUN_CANCELLED: ')
    expect(result.stderr).not.toContain('RUN_WORKER_LOST')
    expect(pids.filter(isRunning)).toEqual([])
    expect(leftovers(folder)).toEqual([])
  })

  it('by a second signal', async () => {
    const folder = hanging()
    const { run, pids } = await start(folder, 'pipelined')
    run.child.kill('SIGINT')
    run.child.kill('SIGTERM')
    await run.ended
    await allEnded(pids)
  })

  it('by the death of its coordinator, though its functions never come back', async () => {
    const folder = hanging()
    const { run, pids } = await start(folder, 'pipelined')
    run.child.kill('SIGKILL')
    await allEnded(pids)
  })
})
