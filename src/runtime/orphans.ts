import { isAlive, killSession, type ProcessMark } from './process-life.ts'
import { leaveSocketFolder, marksIn, openSocketFolder } from './rpc/socket-folder.ts'

/**
 * Ends the worker processes that a dead run has left, if there are any still: each of them would wait for another coordinator for a while.
 *
 * @param sockets - the folder that the run's journal names.
 */
export function endOrphans(sockets: string | undefined): void {
  const folder = sockets === undefined ? undefined : openSocketFolder(sockets)
  if (folder === undefined) return
  for (const [worker, mark] of marksIn(folder)) {
    // Where nobody can tell a process from a later one of the same number, it is left to end by itself.
    if (mark.started !== '') endProcess(mark)
    leaveSocketFolder(folder, worker)
  }
}

/** Ends a process and its session, if it is there still. */
export function endProcess(mark: ProcessMark): void {
  if (isAlive(mark)) killSession(mark.pid)
}
