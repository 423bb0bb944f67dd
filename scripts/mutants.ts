import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

// Breaks the coordinator, the journal, the exchanges and the commit of outputs, one way at a time, and shows that tests notice.
//   node scripts/mutants.ts            all of them; ends with 1 when fewer than 18 of 20 are noticed
//   node scripts/mutants.ts journal    those whose name has the word

interface Mutant {
  name: string
  file: string
  find: string
  put: string
}

const mutants: readonly Mutant[] = [
  {
    name: 'the journal does not wait for the disk',
    file: 'runtime/journal.ts',
    find: '      this.#file.sync()\n',
    put: '',
  },
  {
    name: 'the journal is read without checksums',
    file: 'runtime/journal.ts',
    find: "if (text === '' || Number.parseInt(line.slice(0, 8), 16) !== crc32(text)) return undefined",
    put: "if (text === '') return undefined",
  },
  {
    name: 'an undo in the journal is forgotten',
    file: 'runtime/journal.ts',
    find: '        tasks.delete(`${record.stage}/${record.task}`)\n',
    put: '',
  },
  {
    name: 'two processes may take a run over in the journal',
    file: 'runtime/journal.ts',
    find: 'if (other !== undefined) throw runBusy(other.process)',
    put: '',
  },
  {
    name: 'outputs are committed before the journal says so',
    file: 'runtime/coordinator.ts',
    find: "commands.push({ do: 'journal', record: { record: 'commit', parts } }, { do: 'commitSinks', parts })",
    put: "commands.push({ do: 'commitSinks', parts }, { do: 'journal', record: { record: 'commit', parts } })",
  },
  {
    name: 'an answer of an attempt that was given up counts',
    file: 'runtime/finish-task.ts',
    find: '(candidate) => candidate.attempt === name.attempt',
    put: '() => true',
  },
  {
    name: 'other rows of a task that was run again are mixed with the first',
    file: 'runtime/finish-task.ts',
    find: 'if (checksumOf(earlier) !== checksumOf(made)) redone',
    put: 'if (false) redone',
  },
  {
    name: 'new rows are announced before readers of the old ones are undone',
    file: 'runtime/finish-task.ts',
    find: '  if (earlier !== undefined) checkSame(state, task, earlier, made, commands)\n  journalTask(task, made.attempt, report, commands)\n',
    put: '  journalTask(task, made.attempt, report, commands)\n  if (earlier !== undefined) checkSame(state, task, earlier, made, commands)\n',
  },
  {
    name: 'an attempt that comes too late leaves its files',
    file: 'runtime/finish-task.ts',
    find: "commands.push({ do: 'discardOutput', order: name, report })",
    put: '{}',
  },
  {
    name: 'the loser of two attempts goes on',
    file: 'runtime/finish-task.ts',
    find: "    commands.push({ do: 'cancelTask', worker: other.worker, order: nameOf(task, other.attempt) })\n",
    put: '',
  },
  {
    name: 'lost output is not made again',
    file: 'runtime/redo.ts',
    find: '  markLost(task)\n  if (isNeeded(state, task)) remake',
    put: '  markLost(task)\n  if (false) remake',
  },
  {
    name: 'lost output that nobody reads is made again',
    file: 'runtime/redo.ts',
    find: "reader.state !== 'committed'",
    put: 'reader !== undefined',
  },
  {
    name: 'failures are not counted',
    file: 'runtime/retry.ts',
    find: 'if (++task.failures > retryLimit) return error',
    put: '',
  },
  {
    name: 'rows of an ended task on a lost worker count as arrived',
    file: 'runtime/retry.ts',
    find: ' || pending?.made.worker === worker',
    put: '',
  },
  {
    name: 'a batch that comes twice counts twice',
    file: 'runtime/exchange/remote-inlet.ts',
    find: '    if (item.sequence <= this.#received) return\n    this.#early.set(item.sequence, item)\n',
    put: '    if (item.sequence <= this.#received) return this.#deliver(item)\n    this.#early.set(item.sequence, item)\n',
  },
  {
    name: 'batches are acknowledged when they are sent',
    file: 'runtime/exchange/remote-outlet.ts',
    find: 'this.#received = Math.max(this.#received, received)',
    put: 'this.#received = this.#sent',
  },
  {
    name: 'an attempt that is over is forgotten, and its late batches begin channels again',
    file: 'runtime/exchange/switchboard.ts',
    find: '    this.#closed.add(scope)\n',
    put: '',
  },
  {
    name: 'partition files are read without the checksum of their index',
    file: 'runtime/exchange/partition-index.ts',
    find: 'if (view.getInt32(checksumAt, true) !== low || view.getInt32(checksumAt + 4, true) !== high)',
    put: 'if (low + high > 2 ** 33)',
  },
  {
    name: 'partition files are not on the disk when they are announced',
    file: 'runtime/exchange/partition-file.ts',
    find: 'if (sync) writer.sync()',
    put: '',
  },
  {
    name: 'staged parts are not on the disk when they are announced',
    file: 'io/file-sink.ts',
    find: '        file.sync()\n',
    put: '',
  },
  {
    name: 'a commit that is done again takes what is there for somebody else’s',
    file: 'io/commit.ts',
    find: '  if (disk.stat(path) === undefined) return requireTarget(target, isThere)\n',
    put: '',
  },
  {
    name: 'parts of attempts that lost are committed too',
    file: 'io/commit.ts',
    find: '  for (const name of disk.list(staged)) if (!names.has(name)) disk.remove(join(staged, name))\n',
    put: '',
  },
  {
    name: 'a run that goes on numbers its attempts from the start',
    file: 'runtime/run-record.ts',
    find: 'firstAttempt: earlierClaims * attemptsAProcess',
    put: 'firstAttempt: 0 * earlierClaims * attemptsAProcess',
  },
  {
    name: 'a run that goes on trusts files that are gone',
    file: 'runtime/run-record.ts',
    find: 'const exists = (path: string): boolean => disk.stat(path) !== undefined',
    put: "const exists = (path: string): boolean => path !== '' || disk.stat(path) !== undefined",
  },
  {
    name: 'a task with many rows is taken for slow',
    file: 'runtime/watch.ts',
    find: 'const slowerThan = 0.5',
    put: 'const slowerThan = 50',
  },
  {
    name: 'a silent worker is waited for',
    file: 'runtime/watch.ts',
    find: 'if (nowMs - lastSeenMs <= hangAfterMs ||',
    put: 'if (true ||',
  },
]

/** Quick ones first; a run ends at the first failure. */
const tests = [
  [
    'test/runtime/coordinator.test.ts',
    'test/runtime/lost-output.test.ts',
    'test/runtime/watch.test.ts',
    'test/runtime/exchange',
    'test/io/sinks.test.ts',
  ],
  ['test/runtime/resume.test.ts', 'test/runtime/run-folder.test.ts', 'test/crash/bit-flips.test.ts'],
  ['test/backends/simulator/rows.test.ts', 'test/crash/power-cut.test.ts'],
]

const root = join(import.meta.dirname, '..')
const asked = process.argv[2] ?? ''
const chosen = mutants.filter(({ name }) => name.includes(asked))
const folder = mkdtempSync(join(tmpdir(), 'millrace-mutants-'))
const missed: string[] = []
try {
  for (const name of ['src', 'test', 'scripts', 'examples', 'docs', 'bin', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(folder, name))
  const unchanged = firstFailure()
  if (unchanged !== undefined) throw new Error(`a test fails without any mutant: ${unchanged}`)
  for (const { name, file, find, put } of chosen) {
    const path = join(folder, 'src', file)
    const text = readFileSync(path, 'utf8')
    if (text.split(find).length !== 2) throw new Error(`${file} no longer has the place for '${name}'`)
    writeFileSync(
      path,
      text.replace(find, () => put),
    )
    const startMs = performance.now()
    const failure = firstFailure()
    if (failure === undefined) missed.push(name)
    process.stdout.write(
      `${failure === undefined ? 'MISSED ' : 'noticed'} ${name}: ${failure ?? 'no test fails'} (${seconds(startMs)} s)\n`,
    )
    writeFileSync(path, text)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`${chosen.length - missed.length} of ${chosen.length} are noticed\n`)
process.exitCode = missed.length > chosen.length / 10 ? 1 : 0

/** Runs the tests group by group; the first line that names a failed one. */
function firstFailure(): string | undefined {
  for (const files of tests) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', '--bail', '1', ...files],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', SEEDS: '150', POINTS: '200' },
        timeout: 900_000,
      },
    )
    if (status !== 0)
      return /FAIL\s+(.*)/.exec(stripVTControlCharacters(stdout))?.[1] ?? (stderr.split('\n')[0] || 'the tests do not end')
  }
  return undefined
}

function seconds(startMs: number): string {
  return ((performance.now() - startMs) / 1000).toFixed(0)
}
