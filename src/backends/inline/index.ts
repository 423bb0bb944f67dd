import { drive } from '../../runtime/driver.ts'
import { localTraits } from '../../runtime/local-traits.ts'
import { MemoryBudget } from '../../runtime/memory.ts'
import { coordinatorHost } from '../../runtime/orders.ts'
import { Pace } from '../../runtime/pace.ts'
import { ResultStore } from '../../runtime/results.ts'
import { openRunRecord } from '../../runtime/run-record.ts'
import { TaskHost } from '../../runtime/task-host.ts'
import type { Backend } from '../backend.ts'

/**
 * Runs a plan in the calling thread: the same coordinator, tasks and exchanges as with workers, and the same rows.
 * The thread's event loop is served about every 10 ms. `run` rejects with the error that ended the run.
 */
export const inlineBackend: Backend = {
  traits: localTraits('inline', 1),
  async run(request) {
    const { plan, functions, connectors, host, cwd, memoryBytes, run } = request
    const record = openRunRecord(request)
    const results = new ResultStore(host, record.files, plan.outputs)
    const local = new TaskHost(coordinatorHost, {
      plan,
      functions,
      connectors,
      host,
      cwd,
      files: record.files,
      runId: run.id,
      memory: new MemoryBudget(memoryBytes),
      pace: new Pace(() => host.clock.nowMs()),
      interpreted: false,
      collect: (output, order) => results.collect(output, order),
    })
    const cluster = () => ({
      spawn: async () => {},
      run: (_worker: number, order: Parameters<TaskHost['run']>[0]) => local.run(order),
      // The driver ends attempts of the coordinator's host by itself.
      endAttempt() {},
      close: async (idle: Promise<unknown>) => void (await idle),
    })
    return drive({ ...request, workers: 1 }, { record, results, local, cluster })
  },
}
