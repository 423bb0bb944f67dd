import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { allEnded, isRunning } from '../backends/process-ids.ts'
import { type CliResult, cli, leftovers, project, type RunningCli, startCli } from '../cli/cli.ts'

// Seven files make seven splits: a to g, each with rows of its own letter.
const letters = 'abcdefg'
const rowsAFile = 20

/**
 * Each call appends its process and the letter of its row to `calls`. While there is a file `hold`, calls from the one with the number in it on wait:
 * so a kill hits a run at a known place.
 */
const countedModule = `
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
export function counted(letter: string): string {
  appendFileSync('calls', String(process.pid).padStart(9) + ' ' + letter + '\\n')
  const call = statSync('calls').size / 12
  if (existsSync('hold') && call >= Number(readFileSync('hold', 'utf8') || Infinity)) {
    writeFileSync('waits-' + process.pid, '')
    while (existsSync('hold'));
    rmSync('waits-' + process.pid)
  }
  return letter.toUpperCase()
}
`
const flow = `
import { counted(string) returns string } from './counted.ts'
from csv('in/*.csv') |> extend counted(letter) as big |> aggregate count(*) as rows, sum(n) as total group by big |> order by big |> write csv('out.csv')
`
const expected = `big,rows,total\n${[...letters]
  .map((letter, file) => {
    const rows = Array.from({ length: rowsAFile }, (_, row) => file * rowsAFile + row)
    return `${letter.toUpperCase()},${rowsAFile},${rows.reduce((sum, n) => sum + n, 0)}\n`
  })
  .join('')}`

function letterProject(): string {
  const inputs = [...letters].map((letter, file): [string, string] => {
    const rows = Array.from({ length: rowsAFile }, (_, row) => `${letter},${file * rowsAFile + row}\n`)
    return [`in/${letter}.csv`, `letter,n\n${rows.join('')}`]
  })
  return project({ ...Object.fromEntries(inputs), 'counted.ts': countedModule, 'letters.flow': flow })
}

const runArguments = (...more: string[]): string[] => [
  ...['run', 'letters.flow', '--mode', 'serial', '--isolation', 'process', '--workers', '2', '--quiet'],
  ...more,
]

const linesOf = (folder: string): string[] =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').split('\n').slice(0, -1) : []
const processesIn = (folder: string): number[] =>
  [...new Set(linesOf(folder).map((line) => Number(line.slice(0, 9))))].sort((a, b) => a - b)

function callsIn(folder: string): Map<string, number> {
  const calls = new Map([...letters].map((letter) => [letter, 0]))
  for (const line of linesOf(folder)) calls.set(line[10], (calls.get(line[10]) as number) + 1)
  return calls
}

/** The journal of the only run there is. */
function journalOf(folder: string): string {
  const runs = join(folder, '.millrace', 'runs')
  return readFileSync(join(runs, readdirSync(runs)[0], 'journal.jsonl'), 'utf8')
}

/** Where the sockets of its workers are. */
function socketFolder(folder: string): string {
  return [...journalOf(folder).matchAll(/"sockets":"([^"]+)"/g)].at(-1)?.[1] as string
}

const waitingIn = (folder: string): number[] =>
  readdirSync(folder)
    .flatMap((name) => (name.startsWith('waits-') ? [Number(name.slice(6))] : []))
    .sort((a, b) => a - b)
const hold = (folder: string, call: number): void => writeFileSync(join(folder, 'hold'), String(call))
const release = (folder: string): void => rmSync(join(folder, 'hold'))

/** Starts a run and waits until both of its workers wait in the middle of a task; `release` lets them go on. */
async function startHeld(folder: string, call: number, args = runArguments()): Promise<{ run: RunningCli; pids: number[] }> {
  hold(folder, call)
  const run = startCli(args, { cwd: folder })
  await run.until(() => waitingIn(folder).length === 2, 'both workers')
  const pids = waitingIn(folder)
  onTestFinished(() => {
    for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL')
  })
  return { run, pids }
}

/** Kills the coordinator and nobody else. */
async function killOnly({ child, ended }: RunningCli): Promise<void> {
  child.kill('SIGKILL')
  expect(await ended).toMatchObject({ signal: 'SIGKILL' })
}

const isWhole = (folder: string): boolean => [...callsIn(folder).values()].every((calls) => calls === 0 || calls === rowsAFile)

/** Workers without a coordinator come to the end of the tasks that they have, and begin no others. */
async function tasksEnd(folder: string, pids: readonly number[]): Promise<void> {
  await vi.waitUntil(() => isWhole(folder), { timeout: 20_000, interval: 5 })
  expect(pids.filter(isRunning)).toEqual(pids)
}

function expectComplete(folder: string, result: CliResult): void {
  expect(result.stderr).toBe('')
  expect(result.code).toBe(0)
  expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe(expected)
  expect(leftovers(folder)).toEqual([])
}

const eachOnce = [...letters].map(() => rowsAFile)

/** All work was done once, by these processes, which have ended then. */
async function expectSameWorkers(folder: string, pids: readonly number[]): Promise<void> {
  expect(processesIn(folder)).toEqual(pids)
  expect([...callsIn(folder).values()]).toEqual(eachOnce)
  await allEnded(pids)
}

describe('workers that outlive their coordinator', () => {
  it.each([11, 30, 55, 90])(
    'go on with the same processes when the run is resumed after call %i, and nothing is done twice',
    async (call) => {
      const folder = letterProject()
      const { run, pids } = await startHeld(folder, call)
      const sockets = socketFolder(folder)
      await killOnly(run)
      release(folder)
      await tasksEnd(folder, pids)
      expectComplete(folder, await cli(runArguments('--resume'), { cwd: folder }))
      await expectSameWorkers(folder, pids)
      expect(existsSync(sockets)).toBe(false)
    },
  )

  it.each([25, 70])('are waited for while they work, after call %i', async (call) => {
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, call)
    await killOnly(run)
    const resumed = startCli(runArguments('--resume'), { cwd: folder })
    // The claim of the new coordinator: it asks the workers next, who cannot answer yet.
    await resumed.until(() => journalOf(folder).includes('"record":"resume"'), 'the claim')
    release(folder)
    expectComplete(folder, await resumed.ended)
    await expectSameWorkers(folder, pids)
  })

  it('are adopted again and again', async () => {
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, 15)
    await killOnly(run)
    for (const call of [60, 100]) {
      release(folder)
      await tasksEnd(folder, pids)
      const { run: next } = await startHeld(folder, call, runArguments('--resume'))
      await killOnly(next)
    }
    release(folder)
    expectComplete(folder, await cli(runArguments('--resume'), { cwd: folder }))
    await expectSameWorkers(folder, pids)
  })

  it('are joined by new ones in the place of those that ended', async () => {
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, 30)
    await killOnly(run)
    process.kill(pids[0], 'SIGKILL')
    release(folder)
    await vi.waitUntil(() => !isRunning(pids[0]), { timeout: 20_000, interval: 5 })
    expectComplete(folder, await cli(runArguments('--resume'), { cwd: folder }))
    expect(processesIn(folder)).toEqual(expect.arrayContaining(pids))
    const twice = [...callsIn(folder).values()].filter((calls) => calls !== rowsAFile)
    expect(twice.length).toBeLessThanOrEqual(1)
    await allEnded(processesIn(folder))
  })

  it('are replaced when they end after they were adopted', async () => {
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, 15)
    await killOnly(run)
    release(folder)
    await tasksEnd(folder, pids)
    const { run: resumed } = await startHeld(folder, 70, runArguments('--resume'))
    process.kill(pids[1], 'SIGKILL')
    release(folder)
    expectComplete(folder, await resumed.ended)
    await allEnded(processesIn(folder))
  })
})

describe('workers whose run nobody goes on with end', () => {
  it.each([
    ['the program changed', (folder: string) => appendFileSync(join(folder, 'counted.ts'), '// changed\n')],
    ['an input changed', (folder: string) => appendFileSync(join(folder, 'in/a.csv'), 'a,1\n')],
  ])('when it is resumed and %s', async (_, change) => {
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, 30)
    await killOnly(run)
    change(folder)
    const result = await cli(runArguments('--resume'), { cwd: folder })
    expect(result.stderr).toContain('error RUN_CHANGED: ')
    await allEnded(pids)
  })

  it.each([
    ['anew', runArguments()],
    ['on threads', runArguments('--isolation', 'thread', '--resume')],
    ['inline', ['run', 'letters.flow', '--backend', 'inline', '--resume', '--quiet']],
  ])('when the program is run %s', async (_, args) => {
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, 30)
    const sockets = socketFolder(folder)
    await killOnly(run)
    release(folder)
    rmSync(join(folder, 'calls'))
    expectComplete(folder, await cli(args, { cwd: folder }))
    await allEnded(pids)
    expect(existsSync(sockets)).toBe(false)
  })

  it.each([
    ['work', true],
    ['hang in a function', false],
  ])('when nobody comes for a while, though they %s', async (_, goesOn) => {
    vi.stubEnv('MILLRACE_ADOPTION_SECONDS', '1')
    onTestFinished(() => void vi.unstubAllEnvs())
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, 30)
    const sockets = socketFolder(folder)
    await killOnly(run)
    if (goesOn) release(folder)
    await allEnded(pids)
    expect(existsSync(sockets)).toBe(false)
    if (!goesOn) release(folder)
    expectComplete(folder, await cli(runArguments('--resume'), { cwd: folder }))
  })

  it('when the resumed run is stopped', async () => {
    const folder = letterProject()
    const { run, pids } = await startHeld(folder, 15)
    await killOnly(run)
    release(folder)
    await tasksEnd(folder, pids)
    const { run: resumed } = await startHeld(folder, 70, runArguments('--resume'))
    resumed.child.kill('SIGINT')
    expect(await resumed.ended).toMatchObject({ code: 130 })
    await allEnded(pids)
  })
})
