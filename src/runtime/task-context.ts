import { type MillraceError, runError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { FunctionTable } from '../ir/user-function.ts'
import type { InputAttempts } from './exchange/input-attempts.ts'
import type { Switchboard } from './exchange/switchboard.ts'
import type { FailedRows } from './failed-rows.ts'
import type { MemoryBudget } from './memory.ts'
import type { ThreadMeter } from './metrics/thread-meter.ts'
import type { TaskOrder } from './orders.ts'
import type { Pace } from './pace.ts'
import type { RunFiles } from './run-files.ts'
import type { StagePeers } from './stage-peers.ts'

/** Takes the rows of one output in the coordinator's process; they count only when the task that gave them is committed. */
export interface Collector {
  add(batch: Batch): void
  discard(): void
}

/** What one thread lends to all of its tasks. */
export interface TaskEnvironment {
  plan: PhysicalPlan
  functions: FunctionTable
  connectors: ConnectorRegistry
  host: Host
  cwd: string
  files: RunFiles
  /** Part of the names of staged sink files. */
  runId: string
  memory: MemoryBudget
  switchboard: Switchboard
  pace: Pick<Pace, 'tick'>
  meter: ThreadMeter
  /** No generated code: for places that forbid `new Function`. */
  interpreted: boolean
  collect(output: number, order: TaskOrder): Collector
}

/** What an attempt has taken in so far. */
export interface TaskCounts {
  rowsRead: number
  bytesRead: number
  /** From other tasks. */
  rowsReceived: number
}

/** One attempt of a task, while it runs. */
export interface TaskContext {
  readonly env: TaskEnvironment
  readonly order: TaskOrder
  readonly inputs: InputAttempts
  readonly peers: StagePeers
  readonly signal: AbortSignal
  readonly counts: TaskCounts
  readonly failedRows: FailedRows
  /** Throws when the task is no longer wanted. */
  checkCancelled(): void
  /** A new file name, removed when the task ends. */
  spillPath(): string
}

export const cancelled = (hint?: string): MillraceError => runError('RUN_CANCELLED', 'the run was stopped', { hint })
