import { drive } from '../../runtime/driver.ts'
import { localTraits } from '../../runtime/local-traits.ts'
import { openRun, type RunLimits } from '../../runtime/open-run.ts'
import { makeSocketFolder, openSocketFolder, removeSocketFolder } from '../../runtime/rpc/socket-folder.ts'
import { openRunRecord, type RunRecord } from '../../runtime/run-record.ts'
import { hangAfterMs, sharedSetup } from '../../runtime/worker-tasks.ts'
import type { Backend } from '../backend.ts'
import { type ClusterStart, ProcessCluster } from './cluster.ts'
import { findOrphans } from './orphans.ts'

/**
 * Makes a backend that runs plans in worker processes: what ends a process, such as a crash in native code or the system's lack of memory, ends
 * one worker only. It is replaced and its work done again, up to three times; then the run fails with `RUN_WORKER_LOST`.
 *
 * @param entry - module that calls `serveWorkerProcess`; every process runs it.
 */
export function processesBackend(entry: URL, limits: RunLimits = {}): Backend {
  return {
    traits: localTraits('processes'),
    async run(request) {
      const record = openRunRecord(request)
      const start = await startOf(record, request.run.recoverable)
      const parts = openRun(request, limits, record)
      // Workers make spill and partition files by themselves: without a header nobody could tell whose they are after a kill.
      record.begin()
      record.noteWorkers(start.sockets.directory)
      const setup = sharedSetup(request, record.files, limits.credit)
      const settings = { hangAfterMs, ...request.settings }
      return drive(
        { ...request, settings },
        { ...parts, adopted: start.orphans, cluster: (events) => new ProcessCluster(entry, setup, start, parts.local, events) },
      )
    },
  }
}

/** Meets the workers that an earlier process of the run has left, and clears away what nobody works on. */
async function startOf(record: RunRecord, recoverable: boolean): Promise<ClusterStart> {
  try {
    const earlier = record.sockets === undefined ? undefined : openSocketFolder(record.sockets)
    const orphans = earlier === undefined ? [] : await findOrphans(earlier, record.reusable)
    record.sweep(orphans.flatMap(({ orders }) => orders))
    if (earlier !== undefined && orphans.length === 0) removeSocketFolder(earlier)
    const sockets = earlier !== undefined && orphans.length > 0 ? earlier : makeSocketFolder()
    return { sockets, orphans, graceMs: recoverable ? graceMs() : 0 }
  } catch (thrown) {
    record.leave()
    throw thrown
  }
}

/** How long a worker waits for another coordinator: time to see what happened and to type `--resume`. */
function graceMs(): number {
  const seconds = Number(process.env.MILLRACE_ADOPTION_SECONDS ?? 60)
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 60_000
}
