import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cli, project } from './cli.ts'

const files = {
  'count.flow': "from text('words.txt') |> aggregate count(*) as n group by line |> write text('counts/')\n",
  'two.flow':
    "let a = from csv('a.csv')\nlet b = from csv('b.csv') schema (k int64)\nfrom a |> join b on a.k = b.k |> select v |> write csv('c.csv')\n",
}
const small = ['--input-size', '2GB', '--machines', '8']

it('simulates a program whose input is not there, and tells its phases', async () => {
  const cwd = project(files)
  const { code, stdout, stderr } = await cli(['simulate', 'count.flow', ...small, '--seed', '7'], { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('count.flow on 8 machines in 1 rack, seed 7\n')
  expect(stdout).toMatch(/\n {4}0 {5}30 .* scan → aggregate → send\n/)
  for (const line of ['start-up', 'total', 'input', 'root switch', 'utilisation', 'tasks', 'event log'])
    expect(stdout).toMatch(new RegExp(`\n${line} +\\S`))
  expect(await cli(['simulate', 'count.flow', ...small, '--seed', '7'], { cwd })).toMatchObject({ stdout })
})

it('draws the rates and gives everything as JSON', async () => {
  const cwd = project(files)
  const { stdout, code } = await cli(['simulate', 'count.flow', ...small, '--svg', 'rates.svg', '--format', 'json'], { cwd })
  expect(code).toBe(0)
  const { runs } = JSON.parse(stdout)
  expect(runs).toHaveLength(1)
  expect(runs[0].rates.input.reduce((sum: number, bytes: number) => sum + bytes, 0) / 2e9).toBeCloseTo(1, 2)
  const svg = readFileSync(join(cwd, 'rates.svg'), 'utf8')
  expect(svg).toMatch(/^<svg .*>\n<title>count.flow on 8 machines, seed 1: \d+ s<\/title>/)
  expect(svg.match(/<polyline /g)).toHaveLength(3)
})

it('tells medians over seeds', async () => {
  const { stdout } = await cli(['simulate', 'count.flow', ...small, '--seeds', '3', '--kill', '2@70s'], { cwd: project(files) })
  expect(stdout).toContain('seeds 1 to 3')
  expect(stdout).toMatch(/total +\d+ s {2}\(\d+ s to \d+ s\)/)
})

it('takes a small file as a sample of a large one', async () => {
  const cwd = project({ ...files, 'a.csv': 'k,v\n1,x\n' })
  const sizes = ['--input-size', 'a.csv=1GB', '--input-size', 'b.csv=10MB']
  expect(await cli(['simulate', 'two.flow', ...sizes], { cwd })).toMatchObject({ code: 0, stderr: '' })
})

it('has stages behind a join write what they are sent, though the planner does not know how much that is', async () => {
  const cwd = project({
    'sums.flow': `let a = from csv('a.csv') schema (k int64, n int64)
let b = from csv('b.csv') schema (k int64, v string)
from a |> join b on a.k = b.k |> aggregate sum(n) as n group by v |> write csv('c.csv')`,
  })
  const sizes = ['--input-size', 'a.csv=20GB', '--input-size', 'b.csv=1GB', '--machines', '50']
  const { stdout } = await cli(['simulate', 'sums.flow', ...sizes, '--format', 'json'], { cwd })
  expect(JSON.parse(stdout).runs[0].bytes.written).toBeGreaterThan(1e9)
})

it('reads what differs from the usual hardware from a file', async () => {
  const cwd = project({ ...files, 'fast.json': '{"machines": 4, "diskMBps": 500, "cpuMBps": {"aggregate": 500}}' })
  const { stdout } = await cli(['simulate', 'count.flow', '--input-size', '2GB', '--cluster', 'fast.json'], { cwd })
  expect(stdout).toContain('on 4 machines')
})

it.each([
  [['--machines', '0'], 'USAGE_ARGUMENT: --machines takes a whole number from 1 to 65536'],
  [['--input-size', 'much'], 'USAGE_ARGUMENT: --input-size takes a size such as 1TB'],
  [['--input-size', '1GB', '--stage-output', '7=1GB'], 'USAGE_ARGUMENT: the plan has no stage 7'],
  [['--input-size', '1GB', '--kill', '3'], 'USAGE_ARGUMENT: --kill takes count@time such as 200@280s'],
  [['--input-size', '1GB', '--kill', '300@70s'], 'USAGE_ARGUMENT: --kill strikes 300, and there are only 100 machines'],
  [['--input-size', '1GB', '--crash', '3@1'], 'USAGE_ARGUMENT: --crash takes count@time'],
  [['--input-size', '1GB', '--bad-messages', '60%'], 'USAGE_ARGUMENT: --bad-messages takes a share from 0 to 50%'],
  [['--input-size', '1GB', '--racks', '200'], 'USAGE_ARGUMENT: there are 200 racks and only 100 machines'],
  [
    ['--input-size', '1GB', '--cluster', 'odd.json'],
    "USAGE_ARGUMENT: --cluster: odd.json: unknown entry 'discMBps'\n  help: did you mean 'diskMBps'?",
  ],
])('refuses %s', async (flags, message) => {
  const cwd = project({ ...files, 'odd.json': '{"discMBps": 100}' })
  const { code, stderr } = await cli(['simulate', 'count.flow', ...flags], { cwd })
  expect(stderr).toContain(`error ${message}`)
  expect(code).toBe(2)
})

it('needs a size or a file, and the columns of what is not there', async () => {
  const cwd = project(files)
  const none = await cli(['simulate', 'count.flow', '--input-size', 'word.txt=1GB'], { cwd })
  expect(none.stderr).toContain("help: say how large it is: --input-size 'words.txt=1TB'")
  expect(none.code).toBe(4)
  const other = await cli(['simulate', 'count.flow', ...small, '--input-size', 'word.txt=1GB'], { cwd })
  expect(other.stderr).toContain("--input-size: the program reads no 'word.txt'\n  help: did you mean 'words.txt'?")
  const { code, stderr } = await cli(['simulate', 'two.flow', '--input-size', 'a.csv=1GB', '--input-size', 'b.csv=1GB'], { cwd })
  expect(stderr).toContain("PLAN_SCHEMA_UNKNOWN: the columns of 'a.csv' are not known, since the file does not exist")
  expect(code).toBe(2)
})

it('ends as a failed run would when the imagined one fails', async () => {
  const cwd = project({ ...files, 'one.json': '{"inputCopies": 1}' })
  const { code, stderr, stdout } = await cli(
    ['simulate', 'count.flow', ...small, '--cluster', 'one.json', '--crash', '7@62s+10h'],
    { cwd },
  )
  expect(stdout).toContain(', and failed')
  expect(stderr).toContain('SOURCE_UNREADABLE')
  expect(code).toBe(4)
})
