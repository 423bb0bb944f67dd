import { drive } from '../../runtime/driver.ts'
import { localTraits } from '../../runtime/local-traits.ts'
import { openRun, type RunLimits } from '../../runtime/open-run.ts'
import { hangAfterMs, sharedSetup } from '../../runtime/worker-tasks.ts'
import type { Backend } from '../backend.ts'
import { ThreadCluster } from './cluster.ts'

/**
 * Makes a backend that runs plans on worker threads. Sources, operators and sinks run in the workers, results are collected in the calling thread.
 * A worker that ends is replaced and its work done again, up to three times; then the run fails with `RUN_WORKER_LOST`.
 *
 * @param workerUrl - module that calls `serveWorker`; every thread runs it.
 */
export function threadsBackend(workerUrl: URL, limits: RunLimits = {}): Backend {
  return {
    traits: localTraits('threads'),
    async run(request) {
      const parts = openRun(request, limits)
      // Workers make spill and partition files by themselves: without a header nobody could tell whose they are after a kill.
      parts.record.begin()
      const setup = sharedSetup(request, parts.record.files, limits.credit)
      const settings = { hangAfterMs, ...request.settings }
      return drive(
        { ...request, settings },
        { ...parts, cluster: (events) => new ThreadCluster(workerUrl, setup, parts.local, events) },
      )
    },
  }
}
