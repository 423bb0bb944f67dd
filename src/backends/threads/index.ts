import { drive } from '../../runtime/driver.ts'
import { coreCount, localTraits } from '../../runtime/local-traits.ts'
import { MemoryBudget } from '../../runtime/memory.ts'
import { coordinatorHost } from '../../runtime/orders.ts'
import { Pace } from '../../runtime/pace.ts'
import { ResultStore } from '../../runtime/results.ts'
import { openRunRecord } from '../../runtime/run-record.ts'
import { TaskHost } from '../../runtime/task-host.ts'
import type { Backend } from '../backend.ts'
import { ThreadCluster } from './cluster.ts'

/**
 * Runs a plan on worker threads. Sources, operators and sinks run in the workers, results are collected in the calling thread.
 * A worker that ends is replaced and its work done again, up to three times; then the run fails with `RUN_WORKER_LOST`.
 *
 * @param workerUrl - module that calls `serveWorker`; every thread runs it.
 */
export function threadsBackend(workerUrl: URL): Backend {
  return {
    traits: localTraits('threads', coreCount()),
    async run(request) {
      const { plan, functions, connectors, program, host, cwd, memoryBytes, workers, run } = request
      const record = openRunRecord(request)
      const results = new ResultStore(host, record.files, plan.outputs)
      const { files } = record
      const local = new TaskHost(coordinatorHost, {
        plan,
        functions,
        connectors,
        host,
        cwd,
        files,
        runId: run.id,
        memory: new MemoryBudget(memoryBytes),
        pace: new Pace(() => host.clock.nowMs()),
        interpreted: false,
        collect: (output, order) => results.collect(output, order),
      })
      const setup = {
        plan,
        program,
        cwd,
        runId: run.id,
        directory: files.directory,
        durable: files.durable,
        memoryBytes: Math.floor(memoryBytes / Math.max(1, workers)),
      }
      return drive(request, { record, results, local, cluster: (lost) => new ThreadCluster(workerUrl, setup, local, lost) })
    },
  }
}
