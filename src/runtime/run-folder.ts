import { dirname } from 'node:path'
import type { Disk, Host } from '../base/host.ts'
import type { Value } from '../data/type.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import { commitSinks, discardStaged } from './commit-sinks.ts'
import { type JournalState, JournalWriter, journalPath, newClaim, ownerOf, readJournal, runBusy, startedBy } from './journal.ts'
import { keptFile } from './kept-file.ts'
import { endOrphans } from './orphans.ts'
import { isAlive } from './process-life.ts'

/** Where a run keeps its journal, partition files and spilled rows. */
export interface RunFolder {
  id: string
  directory: string
  /** Go on from the journal that is there. */
  resume: boolean
  /** Write a journal and keep partition files, so that a killed run can go on. */
  recoverable: boolean
  /** What the journal says of the program, for a later process to know its run by. It is stored as it is: no secrets. */
  program: Value
}

/** Names the folder of a new run below `runsDirectory`; it is made when it is first needed. */
export function newRunFolder(host: Host, runsDirectory: string, options: { recoverable: boolean; program: Value }): RunFolder {
  const time = Math.floor(host.clock.wallTimeUs() / 1000).toString(36)
  const id = `${time}-${host.random.uint32().toString(16).padStart(8, '0')}`
  return { id, directory: `${runsDirectory}/${id}`, resume: false, ...options }
}

/** A run that was killed. */
export interface InterruptedRun extends RunFolder {
  /** Its outputs may have their final names already. */
  committing: boolean
  mode: JournalState['header']['mode']
  /** Folder of the sockets of worker processes that it may have left. */
  sockets: string | undefined
}

/** What was done about the runs of killed processes. */
export interface ClearedRuns {
  /** Ids of those of which nothing is left. */
  removed: readonly string[]
  /** Programs of those whose outputs were given their names. */
  completed: readonly Value[]
}

/**
 * The newest run which can go on (it kept a journal, and did not end) of a program that `isSame`.
 *
 * @throws MillraceError `RUN_BUSY` when a process is working on it.
 */
export function findInterruptedRun(
  host: Host,
  runsDirectory: string,
  isSame: (program: Value) => boolean,
): InterruptedRun | undefined {
  const found = foldersIn(host, runsDirectory).findLast(
    ({ journal }) => journal !== undefined && canGoOn(journal) && isSame(journal.header.program),
  )
  if (found?.journal === undefined) return undefined
  const { id, directory, journal } = found
  const owner = ownerOf(journal)
  if (owner !== undefined) throw runBusy(owner)
  const { header, commit, sockets } = journal
  const { program, mode } = header
  return { id, directory, resume: true, recoverable: true, program, mode, committing: commit !== undefined, sockets }
}

/**
 * Clears up after killed processes: a run that had begun to commit gets all its outputs; of others that nobody will go on with, the folders and the
 * files that their sinks had staged are removed. A run that could go on is kept for a week after its last record. What cannot be done is left to
 * later runs: it is no reason to fail.
 *
 * Before a run; with `finishesCommits` false, after one: an old commit must not put its outputs over those that were just written.
 *
 * @param options.isSuperseded - is a run of this program no longer wanted, though it could go on?
 * @param options.isLeft - are worker processes of an interrupted run of this program to end, though it is kept?
 * @param options.keep - the id of the run that is about to go on.
 */
export function clearDeadRuns(
  host: Host,
  runsDirectory: string,
  connectors: ConnectorRegistry,
  options: {
    isSuperseded?(program: Value): boolean
    isLeft?(program: Value): boolean
    keep?: string
    finishesCommits?: boolean
  } = {},
): ClearedRuns {
  const removed: string[] = []
  const completed: Value[] = []
  for (const { id, directory, journal } of quietly(() => foldersIn(host, runsDirectory)) ?? []) {
    if (id === options.keep || isInUse(journal)) continue
    quietly(() => {
      if (journal === undefined) {
        // Cut off when it started, or when it was removed: every other one has its header.
        const process = startedBy(id)
        if (process !== undefined && isAlive(process)) return
      } else {
        const { header, commit, done } = journal
        const isCommitting = commit !== undefined && !done
        if (options.isLeft?.(header.program) === true) endOrphans(journal.sockets)
        const isWanted = options.isSuperseded?.(header.program) !== true && !isExpired(host, directory)
        if (isCommitting ? options.finishesCommits === false : canGoOn(journal) && isWanted) return
        const sinkRun = { connectors, host, cwd: header.cwd, run: { id } }
        const finish = () => (commit === undefined ? undefined : commitSinks(sinkRun, header.sinks, commit))
        if (isCommitting || canGoOn(journal)) endForGood(host, directory, finish)
        if (isCommitting) completed.push(header.program)
        endOrphans(journal.sockets)
        discardStaged(sinkRun, header.sinks)
      }
      removeRunFolder(host.disk, directory)
      removed.push(id)
    })
  }
  return { removed, completed }
}

const isInUse = (journal: JournalState | undefined): boolean => journal !== undefined && ownerOf(journal) !== undefined

function quietly<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}

/**
 * Removes the folder of all runs and the one around it where nothing is left in them: a project shows no trace of a run that keeps nothing.
 *
 * Safe beside runs that start meanwhile: only an empty folder is removed, and who makes one below it makes those above again.
 */
export function removeEmptyRunFolders({ disk }: Host, runsDirectory: string): void {
  // An empty folder that may not be removed is no reason to fail.
  quietly(() => {
    disk.removeEmptyDirectory(runsDirectory)
    disk.removeEmptyDirectory(dirname(runsDirectory))
  })
}

/** Long enough for a weekend in between; its partition files may be as large as its input. */
const keptMs = 7 * 24 * 3600 * 1000

function isExpired({ clock, disk }: Host, directory: string): boolean {
  const lastMs = disk.stat(journalPath(directory))?.mtimeMs
  return lastMs !== undefined && clock.wallTimeUs() / 1000 - lastMs > keptMs
}

/** Removes the folder of a run, its journal last: without it nobody could tell what the rest is, should this be cut off. */
export function removeRunFolder(disk: Disk, directory: string): void {
  if (disk.stat(directory) === undefined) return
  for (const name of disk.list(directory))
    if (`${directory}/${name}` !== journalPath(directory)) disk.remove(`${directory}/${name}`)
  disk.remove(directory)
}

const canGoOn = ({ header, done }: JournalState): boolean => header.recoverable && !done

/** Other processes may be about to go on with the run, or to end it, too: one of them gets it. */
function endForGood(host: Host, directory: string, finish: () => void): void {
  const { writer } = JournalWriter.takeOver(host.disk, directory, newClaim(host))
  try {
    finish()
    writer.append({ record: 'done' })
  } finally {
    writer.leave()
  }
}

/** All run folders, oldest first: ids begin with the time in a fixed width until the year 2059. */
function foldersIn(
  { disk }: Host,
  runsDirectory: string,
): { id: string; directory: string; journal: JournalState | undefined }[] {
  // Beside them lie the records of runs, which are files: ID.json, and ID.json.new while one is written.
  const names = listOf(disk, runsDirectory).filter((name) => !/\.json(\.new)?$/.test(name))
  return names.flatMap((id) => {
    const directory = `${runsDirectory}/${id}`
    try {
      return [{ id, directory, journal: startedBy(id) === undefined ? readJournal(disk, directory) : undefined }]
    } catch {
      // Other processes end their runs meanwhile, or may not be read by this one.
      return []
    }
  })
}

/** The folder comes with the first run that needs it and goes with the last one, at any time. */
function listOf(disk: Disk, runsDirectory: string): readonly string[] {
  return keptFile(runsDirectory, () => {
    try {
      return [...disk.list(runsDirectory)].sort()
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return []
      throw thrown
    }
  })
}
