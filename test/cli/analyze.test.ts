import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { breaches } from '../planner/explain/json-schema.ts'
import { cli, leftovers, project } from './cli.ts'

const schema = JSON.parse(readFileSync(new URL('../../docs/explain.schema.json', import.meta.url), 'utf8'))

/** Of 6,000 rows, 5,000 have the key 'hot'. */
const rows = Array.from({ length: 6000 }, (_, i) => `${i < 5000 ? 'hot' : `k${i}`},${i}`)
const files = {
  'in.csv': `key,n\n${rows.join('\n')}\n`,
  'group.flow': "from csv('in.csv') |> aggregate array_agg(n) as ns group by key |> select key, array_length(ns) as n",
  'write.flow': "from csv('in.csv') |> where n < 10 |> write csv('out.csv')",
  'fail.flow': "from csv('in.csv') |> select 1 / (n - 17) as x",
}

interface Actuals {
  rowsRead: number
  stages: {
    id: number
    rows: { sum: number; max: number; skew: number; largest: number }
    operators: { node: number; operator: string; rowsIn: number; rowsOut: number; share: number }[]
    tasks: { task: number; rows: number; worker: number | null }[]
  }[]
}

it('tells what each operator did, and where the time and the rows went', async () => {
  const { code, stdout, stderr } = await cli(['explain', 'group.flow', '--analyze', '--disable-rule', 'lift-combiner'], {
    cwd: project(files),
  })
  expect([code, stderr]).toEqual([0, ''])
  const words = stdout.replace(/\s+/g, ' ')
  expect(words).toMatch(/What happened It took [\d.]+ m?s in one thread and [\d.]+ m?s of CPU, read .* \(6,000 rows\)/)
  expect(words).toMatch(/(Most of the time|The slowest operator)[^.]* of stage \d/)
  expect(words).toMatch(/Stage 1 is uneven: partition \d+ took in 5,\d{3} rows, \d+ times the median of its 8 tasks/)
  expect(stdout).toMatch(/read csv 'in\.csv'[^\n]*\n +6,000 rows, [^\n]*expected about/)
  // What explain says otherwise is there as well.
  expect(stdout).toContain('The plan')
  for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
})

it('has the figures for programs, by the schema of explain', async () => {
  const args = ['explain', 'group.flow', '--analyze', '--format', 'json', '--workers', '2']
  const { stdout } = await cli(args, { cwd: project(files) })
  const answer = JSON.parse(stdout)
  expect(breaches(answer, schema)).toEqual([])
  const { rowsRead, stages } = answer.actuals as Actuals
  expect(rowsRead).toBe(6000)
  for (const { rows, tasks, operators } of stages) {
    expect(tasks.reduce((sum, task) => sum + task.rows, 0)).toBe(rows.sum)
    expect(tasks[rows.largest].rows).toBe(rows.max)
    for (const { share } of operators) expect(share).toBeGreaterThanOrEqual(0)
  }
  const shares = stages.flatMap(({ operators }) => operators.map(({ share }) => share))
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6)
  const planned = answer.physical.stages.flatMap((stage: { segments: { id: number }[] }) => stage.segments.map(({ id }) => id))
  expect(stages.flatMap(({ operators }) => operators.map(({ node }) => node))).toEqual(planned)
})

it('runs the program whole, and takes back what it wrote', async () => {
  const cwd = project(files)
  writeFileSync(join(cwd, 'out.csv'), 'mine')
  const { code, stdout } = await cli(['explain', 'write.flow', '--analyze'], { cwd })
  expect(code).toBe(0)
  expect(stdout).toMatch(/write csv 'out\.csv'[^\n]*\n +10 rows/)
  expect(stdout).toContain("Nothing was kept of what it wrote to 'out.csv'.")
  expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe('mine')
  expect(leftovers(cwd)).toEqual([])
  expect(readdirSync(cwd).sort()).toEqual([...Object.keys(files), 'out.csv'].sort())
})

it('fails as the run would', async () => {
  const { code, stdout, stderr } = await cli(['explain', 'fail.flow', '--analyze'], { cwd: project(files) })
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('error RUN_DIVISION_BY_ZERO')
})

it('writes no folder either', async () => {
  const cwd = project({ ...files, 'write.flow': "from csv('in.csv') |> write csv('parts/')" })
  mkdirSync(join(cwd, 'empty'))
  expect((await cli(['explain', 'write.flow', '--analyze'], { cwd })).code).toBe(0)
  expect(existsSync(join(cwd, 'parts'))).toBe(false)
})
