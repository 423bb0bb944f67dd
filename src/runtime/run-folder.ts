import type { Host } from '../base/host.ts'
import type { Value } from '../data/type.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import { encodeData } from '../ir/serde.ts'
import { type JournalState, readJournal } from './journal.ts'

/** Where a run keeps its files. */
interface Folder {
  id: string
  directory: string
  resume: boolean
  recoverable: boolean
}

/** Names the folder of a new run below `runsDirectory`; it is made when it is first needed. */
export function newRunFolder(host: Host, runsDirectory: string, options: { recoverable: boolean }): Folder {
  const time = Math.floor(host.clock.wallTimeUs() / 1000).toString(36)
  const id = `${time}-${host.random.uint32().toString(16).padStart(8, '0')}`
  return { id, directory: `${runsDirectory}/${id}`, resume: false, recoverable: options.recoverable }
}

/**
 * The newest run of this program which can go on: its process is gone, it kept a journal, and it did not end.
 * `program` is compared as a whole, so it should hold the parameters. `committing` tells that outputs may have their final names already.
 */
export function findInterruptedRun(
  host: Host,
  runsDirectory: string,
  program: Value,
): (Folder & { committing: boolean }) | undefined {
  const wanted = encodeData(program)
  const found = foldersIn(host, runsDirectory).findLast(
    ({ journal }) => journal !== undefined && canGoOn(journal) && encodeData(journal.header.program) === wanted,
  )
  if (found?.journal === undefined) return undefined
  const { id, directory, journal } = found
  return { id, directory, resume: true, recoverable: true, committing: journal.committing }
}

/**
 * Removes what killed processes have left and nobody can go on with: their folders, and the files that their sinks had staged.
 * Returns the ids of the runs that were removed.
 */
export function removeStaleRuns(host: Host, runsDirectory: string, connectors: ConnectorRegistry): readonly string[] {
  const removed: string[] = []
  for (const { id, directory, journal } of foldersIn(host, runsDirectory)) {
    // Without a header it may be a run that is just starting; its folder is a few bytes.
    if (journal === undefined || isAlive(journal.pid) || canGoOn(journal)) continue
    for (const { connector, options } of journal.header.sinks) {
      connectors.sinks.get(connector)?.discard(options as never, { host, cwd: journal.header.cwd, runId: id })
    }
    host.disk.remove(directory)
    removed.push(id)
  }
  return removed
}

const canGoOn = (journal: JournalState): boolean => journal.header.recoverable && !journal.done && !isAlive(journal.pid)

/** All run folders, oldest first: ids begin with the time in a fixed width until the year 2059. */
function foldersIn(
  { disk }: Host,
  runsDirectory: string,
): { id: string; directory: string; journal: JournalState | undefined }[] {
  if (disk.stat(runsDirectory)?.isDirectory !== true) return []
  return [...disk.list(runsDirectory)].sort().map((id) => {
    const directory = `${runsDirectory}/${id}`
    return { id, directory, journal: readJournal(disk, directory) }
  })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    // A process of another user is alive too.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}
