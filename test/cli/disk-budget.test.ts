import { expect, it } from 'vitest'
import { cli, leftovers, project } from './cli.ts'

const files = {
  'in.csv': `n,t\n${Array.from({ length: 60_000 }, (_, n) => `${(n * 7919) % 60_013},text of row ${n}\n`).join('')}`,
  'program.flow': "from csv('in.csv') |> aggregate max(t) as t group by n |> order by n |> write csv('out.csv')",
}
const serial = ['run', 'program.flow', '--mode', 'serial']

it.each([
  ['threads', ['--workers', '2']],
  ['processes', ['--workers', '2', '--isolation', 'process']],
  ['inline', ['--backend', 'inline']],
])('a run on %s that needs more files than --disk allows says so, and can go on with more', async (_name, where) => {
  const cwd = project(files)
  const { code, stderr } = await cli([...serial, ...where, '--disk', '1MB'], { cwd })
  expect(code, stderr).toBe(5)
  expect(stderr).toMatch(/RESOURCE_DISK_BUDGET: the files that the run keeps for itself take \d.*, and --disk allows 1\.0 MB/)
  expect((await cli([...serial, '--resume', ...where, '--disk', '100MB'], { cwd })).code).toBe(0)
  expect(leftovers(cwd)).toEqual([])
})

it('--disk takes a size', async () => {
  const { code, stderr } = await cli([...serial, '--disk', 'much'], { cwd: project(files) })
  expect(code).toBe(2)
  expect(stderr).toContain("--disk takes a size such as 10GB, found 'much'")
})
