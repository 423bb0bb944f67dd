/** One way of being wrong. */
export interface Mutant {
  name: string
  /** In `src`. */
  file: string
  /** Stands there exactly once. */
  find: string
  put: string
  /** Which tests should notice, of those in `test`; the ones that cost least first. */
  tests: readonly string[]
}

export const mutants: readonly Mutant[] = [
  {
    name: 'the journal does not wait for the disk',
    file: 'runtime/journal.ts',
    find: '      this.#file.sync()\n',
    put: '',
    tests: ['crash/power-cut'],
  },
  {
    name: 'the journal is read without checksums',
    file: 'runtime/journal.ts',
    find: "if (text === '' || Number.parseInt(line.slice(0, 8), 16) !== crc32(text)) return undefined",
    put: "if (text === '') return undefined",
    tests: ['crash/bit-flips'],
  },
  {
    name: 'an undo in the journal is forgotten',
    file: 'runtime/journal.ts',
    find: '        tasks.delete(`${record.stage}/${record.task}`)\n',
    put: '',
    tests: ['runtime/resume'],
  },
  {
    name: 'two processes may take a run over in the journal',
    file: 'runtime/journal.ts',
    find: 'if (other !== undefined) throw runBusy(other.process)',
    put: '',
    tests: ['runtime/resume'],
  },
  {
    name: 'outputs are committed before the journal says so',
    file: 'runtime/coordinator.ts',
    find: "commands.push({ do: 'journal', record: { record: 'commit', parts } }, { do: 'commitSinks', parts })",
    put: "commands.push({ do: 'commitSinks', parts }, { do: 'journal', record: { record: 'commit', parts } })",
    tests: ['runtime/coordinator'],
  },
  {
    name: 'an answer of an attempt that was given up counts',
    file: 'runtime/finish-task.ts',
    find: '(candidate) => candidate.attempt === name.attempt',
    put: '() => true',
    tests: ['runtime/coordinator'],
  },
  {
    name: 'other rows of a task that was run again are mixed with the first',
    file: 'runtime/finish-task.ts',
    find: 'if (checksumOf(earlier) !== checksumOf(made)) redone',
    put: 'if (false) redone',
    tests: ['runtime/lost-output'],
  },
  {
    name: 'new rows are announced before readers of the old ones are undone',
    file: 'runtime/finish-task.ts',
    find: '  if (earlier !== undefined) checkSame(state, task, earlier, made, commands)\n  journalTask(task, made.attempt, report, commands)\n',
    put: '  journalTask(task, made.attempt, report, commands)\n  if (earlier !== undefined) checkSame(state, task, earlier, made, commands)\n',
    tests: ['runtime/lost-output'],
  },
  {
    name: 'an attempt that comes too late leaves its files',
    file: 'runtime/finish-task.ts',
    find: "commands.push({ do: 'discardOutput', order: name, report })",
    put: '{}',
    tests: ['runtime/lost-output'],
  },
  {
    name: 'the loser of two attempts goes on',
    file: 'runtime/finish-task.ts',
    find: "    commands.push({ do: 'cancelTask', worker: other.worker, order: nameOf(task, other.attempt) })\n",
    put: '',
    tests: ['runtime/watch'],
  },
  {
    name: 'lost output is not made again',
    file: 'runtime/redo.ts',
    find: '  markLost(task)\n  if (isNeeded(state, task)) remake',
    put: '  markLost(task)\n  if (false) remake',
    tests: ['runtime/lost-output'],
  },
  {
    name: 'lost output that nobody reads is made again',
    file: 'runtime/redo.ts',
    find: "reader.state !== 'committed'",
    put: 'reader !== undefined',
    tests: ['runtime/lost-output'],
  },
  {
    name: 'failures are not counted',
    file: 'runtime/retry.ts',
    find: 'if (++task.failures > retryLimit) return error',
    put: '',
    tests: ['runtime/coordinator'],
  },
  {
    name: 'rows of an ended task on a lost worker count as arrived',
    file: 'runtime/retry.ts',
    find: ' || pending?.made.worker === worker',
    put: '',
    tests: ['runtime/coordinator', 'backends/simulator/rows'],
  },
  {
    name: 'a batch that comes twice counts twice',
    file: 'runtime/exchange/remote-inlet.ts',
    find: '    if (item.sequence <= this.#received) return\n    this.#early.set(item.sequence, item)\n',
    put: '    if (item.sequence <= this.#received) return this.#deliver(item)\n    this.#early.set(item.sequence, item)\n',
    tests: ['runtime/exchange/lossy-link'],
  },
  {
    name: 'batches are acknowledged when they are sent',
    file: 'runtime/exchange/remote-outlet.ts',
    find: 'this.#received = Math.max(this.#received, received)',
    put: 'this.#received = this.#sent',
    tests: ['runtime/exchange/lossy-link'],
  },
  {
    name: 'an attempt that is over is forgotten, and its late batches begin channels again',
    file: 'runtime/exchange/switchboard.ts',
    find: '    this.#closed.add(scope)\n',
    put: '',
    tests: ['runtime/exchange/lossy-link'],
  },
  {
    name: 'partition files are read without the checksum of their index',
    file: 'runtime/exchange/partition-index.ts',
    find: 'if (view.getInt32(checksumAt, true) !== low || view.getInt32(checksumAt + 4, true) !== high)',
    put: 'if (low + high > 2 ** 33)',
    tests: ['runtime/exchange/partition-file'],
  },
  {
    name: 'partition files are not on the disk when they are announced',
    file: 'runtime/exchange/partition-file.ts',
    find: 'if (sync) this.#sync(writer)',
    put: '',
    tests: ['crash/power-cut'],
  },
  {
    name: 'staged parts are not on the disk when they are announced',
    file: 'io/file-sink.ts',
    find: '        file.sync()\n',
    put: '',
    tests: ['crash/power-cut'],
  },
  {
    name: 'a commit that is done again takes what is there for somebody else’s',
    file: 'io/commit.ts',
    find: '  if (disk.stat(path) === undefined) return requireTarget(target, isThere)\n',
    put: '',
    tests: ['io/sinks'],
  },
  {
    name: 'parts of attempts that lost are committed too',
    file: 'io/commit.ts',
    find: '  for (const name of disk.list(staged)) if (!names.has(name)) disk.remove(join(staged, name))\n',
    put: '',
    tests: ['io/sinks'],
  },
  {
    name: 'a run that goes on numbers its attempts from the start',
    file: 'runtime/run-record.ts',
    find: 'firstAttempt: earlierClaims * attemptsAProcess',
    put: 'firstAttempt: 0 * earlierClaims * attemptsAProcess',
    tests: ['runtime/resume'],
  },
  {
    name: 'a run that goes on trusts files that are gone',
    file: 'runtime/run-record.ts',
    find: 'const exists = (path: string): boolean => disk.stat(path) !== undefined',
    put: "const exists = (path: string): boolean => path !== '' || disk.stat(path) !== undefined",
    tests: ['crash/lost-files'],
  },
  {
    name: 'a task with many rows is taken for slow',
    file: 'runtime/watch.ts',
    find: 'const slowerThan = 0.5',
    put: 'const slowerThan = 50',
    tests: ['runtime/watch'],
  },
  {
    name: 'a silent worker is waited for',
    file: 'runtime/watch.ts',
    find: 'if (nowMs - lastSeenMs <= hangAfterMs) {',
    put: 'if (true) {',
    tests: ['runtime/watch'],
  },
]
