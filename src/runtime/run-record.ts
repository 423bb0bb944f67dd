import type { Host } from '../base/host.ts'
import type { Value } from '../data/type.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { Reusable } from './create-run.ts'
import { checkUnchanged, headerOf, type JournalState, JournalWriter, journalPath, newClaim, readJournal } from './journal.ts'
import { keptFile, removeKept } from './kept-file.ts'
import type { TaskName, TaskReport } from './orders.ts'
import { endOrphans } from './orphans.ts'
import { type RunFiles, runFiles } from './run-files.ts'
import { removeRunFolder } from './run-folder.ts'
import type { JournalRecord } from './run-state.ts'
import { stageOf } from './stage-shape.ts'

/** Attempts of the first process that takes the run over are numbered from here on, those of the next one from twice this. */
const attemptsAProcess = 1000

export interface RecordRequest {
  plan: PhysicalPlan
  cwd: string
  host: Host
  run: { directory: string; resume: boolean; recoverable: boolean; program: Value }
}

/** A run's folder and journal while it runs. */
export interface RunRecord {
  files: RunFiles
  /** Folder of the sockets of worker processes that an interrupted run may have left. */
  sockets: string | undefined
  /** What an interrupted run has left that still counts. */
  reusable: Reusable
  firstAttempt: number
  append(record: JournalRecord): void
  /** Says where worker processes can be found, before there are any. */
  noteWorkers(sockets: string): void
  /** Removes what attempts have left that were never committed, apart from those that go on. To be called before any task begins. */
  sweep(goingOn: readonly TaskName[]): void
  /** Makes the folder now, for files that other threads put there by themselves. */
  begin(): void
  close(): void
  /** Closes it for a later process, or this one, to go on with the run. */
  leave(): void
  /** Does the journal say that the outputs are to get their names? Also when it was not said for sure, since writing it failed. */
  announcesCommit(): boolean
  /** Removes the folder; what cannot be removed now is left to later runs. */
  remove(): void
}

/**
 * Opens the record of a run: a new one, or that of an interrupted run.
 *
 * A run that cannot be taken over gets a journal too, of its header only, as soon as its folder exists or files may be staged elsewhere:
 * so what it leaves when it is killed can be told from the files of a live one.
 *
 * @throws MillraceError `RUN_BUSY` when another process has the interrupted run, `RUN_CHANGED` when it was of something else.
 */
export function openRunRecord({ plan, cwd, host, run }: RecordRequest): RunRecord {
  const { disk } = host
  const claim = newClaim(host)
  const header = headerOf(plan, { ...run, claim, cwd })
  let writer: JournalWriter | undefined
  const begin = (): void => {
    if (writer !== undefined) return
    writer = JournalWriter.create(disk, run.directory, header)
  }
  // What is gone on with is there, and has its journal.
  const files = runFiles(disk, run.directory, run.recoverable, run.resume ? undefined : begin)
  let reusable: Reusable = new Map()
  let earlierClaims = 0
  let earlier: JournalState | undefined
  if (run.resume) {
    const taken = JournalWriter.takeOver(disk, run.directory, claim)
    try {
      checkUnchanged(taken.earlier.header, header)
      reusable = keptFile(run.directory, () => stillThere(host, files, taken.earlier))
    } catch (thrown) {
      endOrphans(taken.earlier.sockets)
      taken.writer.leave()
      throw thrown
    }
    writer = taken.writer
    earlier = taken.earlier
    earlierClaims = taken.claims
  } else if (run.recoverable || plan.sinks.length > 0) begin()
  return {
    files,
    sockets: earlier?.sockets,
    reusable,
    firstAttempt: earlierClaims * attemptsAProcess,
    append: (record) => {
      // Nobody goes on with the tasks of others, but what they began to commit has to be finished.
      if (run.recoverable || run.resume || (record.record !== 'task' && plan.sinks.length > 0)) writer?.append(record)
    },
    noteWorkers: (sockets) => writer?.append({ record: 'workers', sockets }),
    sweep(goingOn) {
      if (earlier === undefined) return
      try {
        removeOthers(host, files, earlier.tasks, filesOf(plan, files, goingOn))
      } catch (thrown) {
        writer?.leave()
        throw thrown
      }
    },
    begin,
    announcesCommit() {
      try {
        return writer !== undefined && readJournal(disk, run.directory)?.commit !== undefined
      } catch {
        return true
      }
    },
    close: () => writer?.close(),
    leave: () => writer?.leave(),
    remove: () => {
      writer?.close()
      writer = undefined
      try {
        removeRunFolder(disk, run.directory)
      } catch {}
    },
  }
}

/**
 * Committed tasks. Those whose files for others are gone still count, unless somebody needs the files. Parts of sinks that were being committed may
 * have their final names already.
 */
function stillThere({ disk }: Host, files: RunFiles, { tasks, commit }: JournalState): Reusable {
  const exists = (path: string): boolean => disk.stat(path) !== undefined
  const found = new Map<string, { attempt: number; report: TaskReport; lost: boolean }>()
  for (const [name, { task, attempt, report }] of tasks) {
    if (commit === undefined && !report.parts.every(({ part }) => exists(part.path))) continue
    const lost = !report.outputs.every(({ exchange }) => exists(files.partition(exchange, task, attempt)))
    found.set(name, { attempt, report, lost })
  }
  return found
}

/** Left-overs of attempts that were never committed. */
function removeOthers({ disk }: Host, files: RunFiles, tasks: JournalState['tasks'], isOfOne: (path: string) => boolean): void {
  const kept = new Set([journalPath(files.directory)])
  for (const { task, attempt, report } of tasks.values())
    for (const { exchange } of report.outputs) kept.add(files.partition(exchange, task, attempt))
  for (const name of keptFile(files.directory, () => disk.list(files.directory))) {
    const path = `${files.directory}/${name}`
    if (!kept.has(path) && !isOfOne(path)) removeKept(disk, path)
  }
}

/** Is a file one of these attempts? */
function filesOf(plan: PhysicalPlan, files: RunFiles, attempts: readonly TaskName[]): (path: string) => boolean {
  const own = new Set<string>()
  for (const { stage, task, attempt } of attempts) {
    for (const exchange of stageOf(plan, stage).outputs) own.add(files.partition(exchange, task, attempt))
  }
  const spills = attempts.map(({ stage, task, attempt }) => files.spill(stage, task, attempt, 0).replace(/0\.blocks$/, ''))
  return (path) => own.has(path) || spills.some((start) => path.startsWith(start))
}
