import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { faultPoints } from '../../src/base/fault-points.ts'
import { cli, project } from './cli.ts'

const program = `from csv('in/*.csv') |> aggregate count(*) as c, sum(n) as s group by k |> order by k
|> write csv('out.csv', mode => 'overwrite')`
const part = (first: number): string =>
  `k,n\n${Array.from({ length: 20_000 }, (_, n) => `${((first + n) * 7919) % 503},${first + n}\n`).join('')}`
const files = {
  'program.flow': program,
  ...Object.fromEntries([0, 1, 2, 3].map((file) => [`in/${file}.csv`, part(file * 20_000)])),
}
const seeds = 16

it('chaos strikes workers in every way, and the rows are the same', { timeout: 180_000 }, async () => {
  const cwd = project(files)
  expect((await cli(['run', 'program.flow'], { cwd })).code).toBe(0)
  const expected = readFileSync(join(cwd, 'out.csv'), 'utf8')
  const told: string[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const mode = seed % 2 === 0 ? 'serial' : 'pipelined'
    const args = ['run', 'program.flow', '--chaos', `${seed}`, '--workers', '2', '--mode', mode]
    const { code, stderr } = await cli(args, { cwd })
    expect(code, stderr).toBe(0)
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8'), `seed ${seed}`).toBe(expected)
    told.push(stderr)
  }
  for (const deed of ['ended', 'failed', 'waited']) expect(told.join('')).toContain(` ${deed} at `)
  const missed = told.map((text) => new Set(/points(?:, not (.*))?\n/.exec(text)?.[1]?.split(', ')))
  for (const point of Object.keys(faultPoints))
    expect(
      missed.every((points) => points.has(point)),
      point,
    ).toBe(false)
})

it('chaos is refused where there are no workers', async () => {
  const { code, stderr } = await cli(['run', 'program.flow', '--chaos', '1', '--backend', 'inline'], { cwd: project(files) })
  expect(code).toBe(2)
  expect(stderr).toContain('--chaos strikes workers')
})
