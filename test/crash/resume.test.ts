import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliResult, cli, killGroup, leftovers, project, type RunningCli, runFolders, startCli } from '../cli/cli.ts'

// Seven files make seven splits: a to g, each with rows of its own letter.
const letters = 'abcdefg'
const rowsAFile = 50

/**
 * Each call appends the letter of its row to `calls`, which tells what was run how often. While there is a file `hold`, the call with the number in it
 * never comes back: so a kill hits a run at a known place.
 */
const countedModule = `
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
export function counted(letter: string): string {
  appendFileSync('calls', letter)
  if (existsSync('hold') && statSync('calls').size >= Number(readFileSync('hold', 'utf8'))) for (;;);
  return letter.toUpperCase()
}
`
const flow = `
param token string = ''
import { counted(string) returns string } from './counted.ts'
let marked = from csv('in/*.csv') |> extend counted(letter) as big
from marked |> aggregate count(*) as rows, sum(n) as total group by big |> order by big |> write csv('out.csv')
from marked |> where mod(n, 10) = 0 |> order by big, n
`
const pipelineModule = `
import { csv, pipeline, count, sum } from 'millrace'
import { counted } from './counted.ts'
export default pipeline('letters', { every: { type: 'int64', default: 10 }, token: { type: 'string', default: '' } }, (p, { every }) => {
  const marked = p
    .read(csv('in/*.csv', { schema: { letter: 'string', n: 'int64' } }))
    .map(({ letter, n }) => ({ big: counted(letter), n }), { returns: { big: 'string', n: 'int64' } })
  marked.aggregate({ rows: count(), total: sum('n') }, { by: 'big' }).orderBy('big').write(csv('out.csv'))
  return marked.filter(({ n }) => n % every === 0).orderBy('big', 'n')
})
`
const programs = ['letters.flow', 'letters.ts'] as const

function letterProject(): string {
  const inputs = [...letters].map((letter, file): [string, string] => {
    const rows = Array.from({ length: rowsAFile }, (_, row) => `${letter},${file * rowsAFile + row}\n`)
    return [`in/${letter}.csv`, `letter,n\n${rows.join('')}`]
  })
  return project({
    ...Object.fromEntries(inputs),
    'counted.ts': countedModule,
    'letters.flow': flow,
    'letters.ts': pipelineModule,
  })
}

/** How the `count`-th of these commands to end has ended. */
function nextEnd(runs: readonly RunningCli[], count: number): Promise<CliResult> {
  const { promise, resolve } = Promise.withResolvers<CliResult>()
  let ended = 0
  for (const run of runs) void run.ended.then((result) => ++ended === count && resolve(result))
  return promise
}

const runArguments = (program: string, ...more: string[]): string[] => [
  ...['run', program, '--mode', 'serial', '--format', 'csv', '--quiet'],
  ...more,
]

/** The journal of the only run there is. */
function journalOf(folder: string): string {
  const [run] = runFolders(folder)
  const path = join(run ?? '', 'journal.jsonl')
  return run !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : ''
}
const recordsIn = (journal: string, record: string): number => journal.split(`"record":"${record}"`).length - 1

const callsIn = (folder: string): Map<string, number> => {
  const calls = new Map([...letters].map((letter) => [letter, 0]))
  const text = existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : ''
  for (const letter of text) calls.set(letter, (calls.get(letter) ?? 0) + 1)
  return calls
}

/** What an undisturbed run gives. */
async function undisturbed(program: string): Promise<{ stdout: string; written: string }> {
  const folder = letterProject()
  const { code, stdout, stderr } = await cli(runArguments(program), { cwd: folder })
  expect(code, stderr).toBe(0)
  expect([...callsIn(folder).values()]).toEqual(Array(letters.length).fill(rowsAFile))
  expect(leftovers(folder).filter((path) => path.includes('.millrace'))).toEqual([])
  return { stdout, written: readFileSync(join(folder, 'out.csv'), 'utf8') }
}

/** Kills a run when the function is called for the `call`-th time. */
async function killAtCall(folder: string, call: number, args: readonly string[]): Promise<void> {
  writeFileSync(join(folder, 'hold'), String(call))
  const run = startCli(args, { cwd: folder })
  await run.until(
    () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls')).length : 0) >= call,
    `call ${call}`,
  )
  killGroup(run)
  expect(await run.ended).toMatchObject({ signal: 'SIGKILL' })
  rmSync(join(folder, 'hold'))
  expect(existsSync(join(folder, 'out.csv'))).toBe(false)
}

function expectComplete(folder: string, result: CliResult, expected: { stdout: string; written: string }): void {
  expect(result.stderr).toBe('')
  expect(result.code).toBe(0)
  expect(result.stdout).toBe(expected.stdout)
  expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe(expected.written)
  expect(leftovers(folder)).toEqual([])
}

describe.each(programs)('a killed serial run of %s', (program) => {
  it('goes on behind every committed task and gives what an undisturbed run gives', async () => {
    const expected = await undisturbed(program)
    // Kills in the middle of the first, third and last file, and at the very first row of the fifth.
    for (const call of [20, 2 * rowsAFile + 25, 4 * rowsAFile + 1, 7 * rowsAFile - 1]) {
      const folder = letterProject()
      await killAtCall(folder, call, runArguments(program))
      const committed = recordsIn(journalOf(folder), 'task')
      expect(committed).toBe(Math.floor((call - 1) / rowsAFile))
      const before = callsIn(folder)
      const result = await cli(runArguments(program, '--resume'), { cwd: folder })
      expectComplete(folder, result, expected)
      const after = callsIn(folder)
      for (const [file, letter] of [...letters].entries()) {
        const again = file < committed ? 0 : rowsAFile
        expect((after.get(letter) as number) - (before.get(letter) as number), `rows of ${letter} after call ${call}`).toBe(again)
      }
    }
  })
})

it('runs no committed task again on workers, whenever the process group was killed', async () => {
  const expected = await undisturbed('letters.flow')
  const args = (...more: string[]) => runArguments('letters.flow', '--workers', '2', ...more)
  for (const records of [1, 4, 8, 9, 10]) {
    const folder = letterProject()
    const run = startCli(args(), { cwd: folder })
    const reached = () =>
      run.child.exitCode !== null || recordsIn(journalOf(folder), 'task') + recordsIn(journalOf(folder), 'commit') >= records
    await run.until(reached, `${records} records`)
    killGroup(run)
    const { signal, stdout } = await run.ended
    if (signal === null) {
      // It was over before it could be killed.
      expect(stdout).toBe(expected.stdout)
      continue
    }
    const journal = journalOf(folder)
    const committedFiles = [...journal.matchAll(/"record":"task".*?"stage":0/g)].length
    const before = callsIn(folder)
    const result = await cli(args('--resume'), { cwd: folder })
    expectComplete(folder, result, expected)
    const again = [...callsIn(folder)].filter(([letter, calls]) => calls > (before.get(letter) as number))
    expect(again.length, journal).toBeLessThanOrEqual(letters.length - committedFiles)
  }
})

it('may be killed again while it goes on', async () => {
  const expected = await undisturbed('letters.flow')
  const folder = letterProject()
  await killAtCall(folder, 75, runArguments('letters.flow'))
  for (const call of [75 + 60, 75 + 60 + 120]) await killAtCall(folder, call, runArguments('letters.flow', '--resume'))
  expectComplete(folder, await cli(runArguments('letters.flow', '--resume'), { cwd: folder }), expected)
  // Three times some rows of the file that was being read are lost: b twice, then c or d.
  expect(callsIn(folder).get('a')).toBe(rowsAFile)
  expect(callsIn(folder).get('g')).toBe(rowsAFile)
})

it('goes on with other workers and without a mode, but not in another mode', async () => {
  const expected = await undisturbed('letters.flow')
  const folder = letterProject()
  await killAtCall(folder, 110, runArguments('letters.flow'))
  const pipelined = await cli(['run', 'letters.flow', '--mode', 'pipelined', '--resume'], { cwd: folder })
  expect(pipelined).toMatchObject({ code: 2, stdout: '' })
  expect(pipelined.stderr).toContain('only a serial or hybrid run can be resumed, and --mode asks for pipelined')
  const args = ['run', 'letters.flow', '--resume', '--workers', '2', '--format', 'csv', '--quiet']
  expectComplete(folder, await cli(args, { cwd: folder }), expected)
  expect(callsIn(folder).get('b')).toBe(rowsAFile)
})

it.each(['by --mode', 'by the program'])('goes on without a mode in the hybrid mode it had %s', async (chosen) => {
  const expected = await undisturbed('letters.flow')
  const folder = letterProject()
  if (chosen === 'by the program') writeFileSync(join(folder, 'letters.flow'), `set mode = 'hybrid'\n${flow}`)
  const args = (...more: string[]) => ['run', 'letters.flow', '--format', 'csv', '--quiet', ...more]
  await killAtCall(folder, 110, chosen === 'by --mode' ? args('--mode', 'hybrid') : args())
  const serial = await cli(args('--mode', 'serial', '--resume'), { cwd: folder })
  expect(serial).toMatchObject({ code: 1, stdout: '' })
  expect(serial.stderr).toContain(
    'it ran in hybrid mode, now in serial mode\n  help: leave out --mode: it goes on in the mode that it had',
  )
  expectComplete(folder, await cli(args('--resume'), { cwd: folder }), expected)
  expect(callsIn(folder).get('a')).toBe(rowsAFile)
})

it('can be killed and go on by one and the same command', async () => {
  const expected = await undisturbed('letters.flow')
  const folder = letterProject()
  const args = ['run', 'letters.flow', '--resume', '--format', 'csv', '--quiet']
  await killAtCall(folder, 110, args)
  expectComplete(folder, await cli(args, { cwd: folder }), expected)
  expect(callsIn(folder).get('b')).toBe(rowsAFile)
})

it('is taken over by exactly one of several that would go on with it at once, again after that one was killed', async () => {
  const expected = await undisturbed('letters.flow')
  const folder = letterProject()
  await killAtCall(folder, 110, runArguments('letters.flow'))
  for (const call of [110 + 40, 110 + 40 + 60]) {
    writeFileSync(join(folder, 'hold'), String(call))
    const runs = Array.from({ length: 3 }, () => startCli(runArguments('letters.flow', '--resume'), { cwd: folder }))
    // The one that has it comes to the held call and does not end.
    const losers = await Promise.all([nextEnd(runs, 1), nextEnd(runs, 2)])
    for (const { code, stdout, stderr } of losers) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^error RUN_BUSY: the run cannot be resumed here: process \d+ is working on it\n +help: wait until/)
    }
    const winner = runs.find(({ child }) => child.exitCode === null) as RunningCli
    await winner.until(() => readFileSync(join(folder, 'calls')).length >= call, `call ${call}`)
    killGroup(winner)
    await winner.ended
  }
  rmSync(join(folder, 'hold'))
  expectComplete(folder, await cli(runArguments('letters.flow', '--resume'), { cwd: folder }), expected)
  expect([...callsIn(folder)].filter(([, calls]) => calls === rowsAFile).map(([letter]) => letter)).toContain('a')
})

it('goes on after the last record was torn', async () => {
  const expected = await undisturbed('letters.flow')
  const folder = letterProject()
  await killAtCall(folder, 110, runArguments('letters.flow'))
  appendFileSync(join(runFolders(folder)[0], 'journal.jsonl'), '0badc0de {"record":"ta')
  expectComplete(folder, await cli(runArguments('letters.flow', '--resume'), { cwd: folder }), expected)
  expect(callsIn(folder).get('a')).toBe(rowsAFile)
})

it('simply runs with --resume where nothing was interrupted', async () => {
  const expected = await undisturbed('letters.flow')
  const folder = letterProject()
  expectComplete(folder, await cli(runArguments('letters.flow', '--resume'), { cwd: folder }), expected)
})

it.each(programs)('stores no values of parameters of %s, and tells other ones all the same', async (program) => {
  const folder = letterProject()
  const args = (token: string, ...more: string[]) => runArguments(program, '--param', `token=${token}`, ...more)
  await killAtCall(folder, 110, args('hunter2'))
  const kept = readdirSync(join(folder, '.millrace'), { recursive: true, encoding: 'utf8', withFileTypes: true })
  for (const file of kept.filter((entry) => entry.isFile()))
    expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toContain('hunter2')
  const before = callsIn(folder).get('a') as number
  expect(await cli(args('hunter3', '--resume'), { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  expect(callsIn(folder).get('a')).toBe(before + rowsAFile)
  rmSync(join(folder, 'out.csv'))
  expect(await cli(args('hunter2', '--resume'), { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  expect(callsIn(folder).get('a')).toBe(before + rowsAFile)
})

describe('a run that something changed under after it was killed', () => {
  const changes: readonly { what: string; program: string; change(folder: string): void; says: RegExp }[] = [
    {
      what: 'an input grew',
      program: 'letters.flow',
      change: (folder) => appendFileSync(join(folder, 'in', 'c.csv'), 'c,9\n'),
      says: /c\.csv' had \d+ bytes, now \d+/,
    },
    {
      what: 'an input was written again',
      program: 'letters.flow',
      change: (folder) => utimesSync(join(folder, 'in', 'c.csv'), 1, 1),
      says: /c\.csv' was written since/,
    },
    {
      what: 'there is another input',
      program: 'letters.ts',
      change: (folder) => writeFileSync(join(folder, 'in', 'h.csv'), 'letter,n\nh,1\n'),
      says: /h\.csv' was no input then/,
    },
    {
      what: 'an input is gone',
      program: 'letters.ts',
      change: (folder) => rmSync(join(folder, 'in', 'c.csv')),
      says: /c\.csv' is no input any more/,
    },
    {
      what: 'the text of the program is another',
      program: 'letters.flow',
      change: (folder) => writeFileSync(join(folder, 'letters.flow'), flow.replace('mod(n, 10)', 'mod(n, 5)')),
      says: /the program/,
    },
    {
      what: 'a function is another',
      program: 'letters.flow',
      change: (folder) => writeFileSync(join(folder, 'counted.ts'), countedModule.replace('toUpperCase', 'toLowerCase')),
      says: /counted\.ts' was changed since/,
    },
    {
      what: 'a closure of the pipeline is another',
      program: 'letters.ts',
      change: (folder) => writeFileSync(join(folder, 'letters.ts'), pipelineModule.replace('n % every', '(n + 1) % every')),
      says: /letters\.ts' was changed since/,
    },
    {
      what: 'a function that a closure calls is another',
      program: 'letters.ts',
      change: (folder) => writeFileSync(join(folder, 'counted.ts'), countedModule.replace('toUpperCase', 'toLowerCase')),
      says: /counted\.ts' was changed since/,
    },
  ]
  it.each(changes)('is refused: $what', async ({ program, change, says }) => {
    const folder = letterProject()
    await killAtCall(folder, 110, runArguments(program))
    const before = callsIn(folder)
    change(folder)
    const result = await cli(runArguments(program, '--resume'), { cwd: folder })
    expect(result.stderr).toContain('error RUN_CHANGED: the interrupted run cannot go on: ')
    expect(result.stderr).toMatch(says)
    expect(result.stderr).toContain('help: start it anew: the same command with --mode serial in the place of --resume')
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(callsIn(folder)).toEqual(before)
    // Starting anew takes what was left of the old run away.
    const anew = await cli(runArguments(program), { cwd: folder })
    expect(anew).toMatchObject({ code: 0 })
    expect(leftovers(folder)).toEqual([])
  })

  it('is another run when it has other parameters', async () => {
    const folder = letterProject()
    await killAtCall(folder, 110, runArguments('letters.ts'))
    const result = await cli(runArguments('letters.ts', '--resume', '--param', 'every=25'), { cwd: folder })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout.trim().split('\n')).toHaveLength(1 + (letters.length * rowsAFile) / 25)
  })
})
