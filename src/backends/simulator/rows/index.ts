import { drive } from '../../../runtime/driver.ts'
import { localTraits } from '../../../runtime/local-traits.ts'
import { MemoryBudget } from '../../../runtime/memory.ts'
import { openRun } from '../../../runtime/open-run.ts'
import { coordinatorHost } from '../../../runtime/orders.ts'
import { runFiles } from '../../../runtime/run-files.ts'
import { TaskHost } from '../../../runtime/task-host.ts'
import type { Backend, RunRequest } from '../../backend.ts'
import { VirtualCluster } from './cluster.ts'
import type { Faults } from './faults.ts'
import { Network } from './network.ts'
import { processHost } from './process-host.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { VirtualWorker } from './worker.ts'

/** How long a batch takes, in virtual milliseconds. */
const batchMs = 4
/** Few, so that tasks wait for credit often. */
const credit = { batches: 3, bytes: 64 * 1024 }
const settings = { hangAfterMs: 20_000, backupAfterMs: 200 }

export interface VirtualRun {
  time: VirtualTime
  faults: Faults
  /** Is the coordinator's process still there? All workers go with it. */
  isAlive(): boolean
  note(text: string): void
}

/**
 * Makes a backend that runs the rows of a plan for real, on workers, a network and a clock that are only imagined, with the faults that a seed gives
 * (FoundationDB's way of testing: one thread, all chance from one seed). The planner, the coordinator, its driver, tasks, operators, exchanges,
 * journal and sinks are those of every run.
 */
export function rowSimulator(virtual: VirtualRun): Backend {
  const { time, faults, isAlive, note } = virtual
  return {
    traits: localTraits('threads'),
    async run(request) {
      const host = { ...request.host, clock: time }
      const parts = openRun({ ...request, host: processHost(host, faults, isAlive) }, { credit })
      parts.record.begin()
      let cluster: VirtualCluster | undefined
      const network = new Network(
        time,
        faults,
        (id) => isAlive() && (id === coordinatorHost || cluster?.isAlive(id) === true),
        note,
      )
      const tasksOf = (worker: VirtualWorker) => workerTasks(worker, { ...request, host }, virtual)
      return drive(
        { ...request, host: processHost(host, faults, isAlive), settings },
        {
          ...parts,
          cluster(events) {
            cluster = new VirtualCluster({ time, faults, network, local: parts.local, tasksOf, note }, events)
            return cluster
          },
        },
      )
    },
  }
}

function workerTasks(worker: VirtualWorker, request: RunRequest, { time, faults, isAlive }: VirtualRun): TaskHost {
  const host = processHost(request.host, faults, () => isAlive() && worker.isAlive)
  const { plan, functions, connectors, cwd, run } = request
  const env = {
    plan,
    functions,
    connectors,
    host,
    cwd,
    files: runFiles(host.disk, run.directory, run.recoverable),
    runId: run.id,
    memory: new MemoryBudget(Math.floor(request.memoryBytes / request.workers)),
    pace: { tick: () => new Promise<void>((resolve) => worker.after(time, batchMs, resolve)) },
    interpreted: false,
    collect(): never {
      throw new RangeError('results are collected by the coordinator')
    },
  }
  return new TaskHost(worker.id, env, credit)
}
