import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cli, killGroup, leftovers, project, startCli } from '../cli/cli.ts'

const sinks = 200

/** Many files, so that a kill at the sight of the first one comes before the last one. */
const manySinks = (rows: string): string =>
  Array.from({ length: sinks }, (_, i) => `from csv('in.csv') |> extend ${i} as sink |> write csv('out/m${i}.csv')\n`).join('') +
  rows

const written = (folder: string): string[] =>
  existsSync(join(folder, 'out')) ? readdirSync(join(folder, 'out')).filter((name) => name.endsWith('.csv')) : []

/** A folder in which a run was killed as soon as the first of its outputs was there. */
async function killInCommit(rows = ''): Promise<string> {
  const folder = project({ 'in.csv': 'n\n1\n2\n', 'many.flow': manySinks(rows) })
  const run = startCli(['run', 'many.flow', '--quiet'], { cwd: folder })
  await run.until(() => written(folder).length > 0, 'the first output')
  killGroup(run)
  expect(await run.ended).toMatchObject({ signal: 'SIGKILL' })
  expect(written(folder).length).toBeLessThan(sinks)
  return folder
}

function expectAllWritten(folder: string): void {
  expect(written(folder)).toHaveLength(sinks)
  for (let i = 0; i < sinks; i++) expect(readFileSync(join(folder, 'out', `m${i}.csv`), 'utf8')).toBe(`n,sink\n1,${i}\n2,${i}\n`)
  expect(leftovers(folder)).toEqual([])
}

it('a pipelined run that is killed in its commit is completed by the next start, which says so', async () => {
  const folder = await killInCommit()
  const again = await cli(['run', 'many.flow', '--quiet'], { cwd: folder })
  expect(again.code).toBe(4)
  expect(again.stderr).toContain('error SINK_EXISTS: ')
  expect(again.stderr).toContain('help: the run that was killed while it gave its outputs their names is complete now')
  expectAllWritten(folder)
})

it('--resume completes it and gives the rows that it would have printed', async () => {
  const folder = await killInCommit("from csv('in.csv') |> aggregate sum(n) as total\n")
  const resumed = await cli(['run', 'many.flow', '--quiet', '--format', 'csv', '--resume'], { cwd: folder })
  expect(resumed).toMatchObject({ code: 0, stdout: 'total\n3\n', stderr: '' })
  expectAllWritten(folder)
})

it('--resume of a run that only writes has nothing left to do', async () => {
  const folder = await killInCommit()
  expect(await cli(['run', 'many.flow', '--quiet', '--resume'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  expectAllWritten(folder)
})

it('another program completes it, too', async () => {
  const folder = await killInCommit()
  rmSync(join(folder, 'many.flow'))
  expect(await cli(['query', '-e', "from csv('in.csv')", '--quiet'], { cwd: folder })).toMatchObject({ code: 0 })
  expectAllWritten(folder)
})
