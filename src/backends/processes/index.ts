import { drive } from '../../runtime/driver.ts'
import { localTraits } from '../../runtime/local-traits.ts'
import { openRun, type RunLimits } from '../../runtime/open-run.ts'
import { hangAfterMs, sharedSetup } from '../../runtime/worker-tasks.ts'
import type { Backend } from '../backend.ts'
import { ProcessCluster } from './cluster.ts'

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
      const parts = openRun(request, limits)
      // Workers make spill and partition files by themselves: without a header nobody could tell whose they are after a kill.
      parts.record.begin()
      const setup = sharedSetup(request, parts.record.files, limits.credit)
      const settings = { hangAfterMs, ...request.settings }
      return drive(
        { ...request, settings },
        { ...parts, cluster: (events) => new ProcessCluster(entry, setup, parts.local, events) },
      )
    },
  }
}
