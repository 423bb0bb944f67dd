import { bug } from '../base/errors.ts'
import { faultPoint } from '../base/fault-points.ts'
import { nodeHost } from '../base/node-host.ts'
import { reclaimEvery } from '../base/reclaim.ts'
import type { Value } from '../data/type.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { FunctionTable } from '../ir/user-function.ts'
import { armChaos, type Chaos } from './chaos.ts'
import { type DiskLimit, withinDisk } from './disk-budget.ts'
import type { CreditLimits } from './exchange/credit.ts'
import { divideMemory, MemoryBudget } from './memory.ts'
import type { WorkerId } from './orders.ts'
import { Pace } from './pace.ts'
import { type RunFiles, runFiles } from './run-files.ts'
import { channelsOf } from './stage-shape.ts'
import { TaskHost } from './task-host.ts'

/** As long as MapReduce's successors wait for a sign of a task: a function may work on one row for minutes. */
export const hangAfterMs = 600_000

/** How often a worker tells how far its tasks are: also the sign that it is alive. */
export const signEveryMs = 1000

/** What a worker is told before its first task; plain data. */
export interface WorkerSetup {
  worker: WorkerId
  plan: PhysicalPlan
  program: Value
  cwd: string
  runId: string
  directory: string
  durable: boolean
  /** May user code keep a worker from its event loop for ever? */
  mayBlock: boolean
  /** For its operators. */
  memoryBytes: number
  garbageBytes?: number
  youngMegabytes?: number
  disk?: DiskLimit
  credit?: CreditLimits
  chaos?: Chaos
}

/** What all workers of a run are told alike. */
export type SharedSetup = Omit<WorkerSetup, 'worker'>

export function sharedSetup(
  request: {
    plan: PhysicalPlan
    program: Value
    cwd: string
    memoryBytes: number
    diskBytes?: number
    workers: number
    mayBlock: boolean
    chaos?: Chaos
    run: { id: string }
  },
  { directory, durable }: RunFiles,
  credit: CreditLimits | undefined,
): SharedSetup {
  const { plan, program, cwd, mayBlock, chaos, run, diskBytes, workers } = request
  const shares = divideMemory(request.memoryBytes, workers, channelsOf(plan, workers))
  const disk = diskBytes === undefined ? undefined : { limitBytes: diskBytes, workers }
  return {
    plan,
    program,
    cwd,
    runId: run.id,
    directory,
    durable,
    mayBlock,
    memoryBytes: shares.operatorBytes,
    garbageBytes: shares.garbageBytes,
    youngMegabytes: shares.youngMegabytes,
    disk,
    credit: credit ?? shares.credit,
    chaos,
  }
}

/** What the entry file of a worker brings along. */
export interface WorkerOptions {
  /** Finds the live functions of a program in this worker, by the data that the run request carried. */
  loadFunctions(program: Value): Promise<FunctionTable>
  connectors: ConnectorRegistry
}

/** Loads the user's functions and makes the place where a worker's tasks run. */
export async function openTaskHost(setup: WorkerSetup, { loadFunctions, connectors }: WorkerOptions): Promise<TaskHost> {
  const { worker, plan, program, cwd, runId, directory, durable, memoryBytes, garbageBytes, disk, credit, chaos } = setup
  const host = withinDisk(nodeHost(), directory, disk)
  if (chaos !== undefined) armChaos(chaos, worker, host.disk, directory)
  faultPoint('worker.setup')
  const functions = plan.fns.length === 0 ? new Map() : await loadFunctions(program)
  const files = runFiles(host.disk, directory, durable)
  const memory = new MemoryBudget(memoryBytes)
  if (garbageBytes !== undefined) reclaimEvery(garbageBytes)
  const pace = new Pace(() => host.clock.nowMs())
  const collect = (): never => {
    throw bug('results are collected in the coordinator’s process')
  }
  const env = { plan, functions, connectors, host, cwd, files, runId, memory, pace, interpreted: false, collect }
  return new TaskHost(worker, env, credit)
}
