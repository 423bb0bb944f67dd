import type { ChaosReport } from './chaos.ts'
import type { OperatorMetrics } from './operator.ts'
import type { WorkerId } from './orders.ts'
import type { FailedRowCount } from './row-errors.ts'
import type { RunWarning } from './run-state.ts'

/** How a figure is distributed over the tasks of a stage. */
export interface Spread {
  min: number
  median: number
  max: number
}

/** How rows are distributed over the tasks of a stage. */
export interface RowSpread extends Spread {
  sum: number
  /** The largest in proportion to the median: 1 when all are alike. */
  skew: number
  /** Number of the task with the most rows, which is that of its partition. */
  largest: number
}

/** What one task took, in the attempt that counts. */
export interface TaskMetrics {
  stage: number
  task: number
  attempt: number
  /** -1: the coordinator's own process. */
  worker: WorkerId
  /** Milliseconds since the run began, when it was ordered and when it ended. */
  startedMs: number
  endedMs: number
  /** From sources. */
  rowsRead: number
  bytesRead: number
  /** Rows that it took in, from sources and from other tasks. */
  rows: number
  /** Bytes of batches that its operators made for others. */
  bytesOut: number
  cpuMs: number
  creditWaitMs: number
  spilledBytes: number
}

/**
 * Counters of one physical node over all its tasks. Rows and bytes are those of the attempts that count; time, waits and spills are of all attempts
 * that ended well, also of those whose work had to be done again.
 */
export interface NodeMetrics extends OperatorMetrics {
  node: number
  stage: number
  tasks: number
  /** Rows that it made; of the last operators of a stage, rows that it took in. */
  rows: RowSpread
  busy: Spread
}

/** What the tasks of one stage took together. */
export interface StageMetrics {
  stage: number
  tasks: number
  /** When its first task was ordered and its last one ended, in milliseconds since the run began; 0 and 0 when an earlier process did all of it. */
  startedMs: number
  endedMs: number
  rowsRead: number
  bytesRead: number
  cpuMs: number
  busyMs: number
  creditWaitMs: number
  spilledBytes: number
  /** Attempts beyond the first of a task: after failures and losses, and beside slow ones. */
  repeated: number
  /** Rows that its tasks took in. */
  rows: RowSpread
  cpu: Spread
  /** Its tasks one by one. */
  each(): TaskMetrics[]
}

/** What a run took. */
export interface RunMetrics {
  wallMs: number
  /** CPU of all tasks. */
  cpuMs: number
  rowsRead: number
  bytesRead: number
  /** Most bytes of the budget that one worker held at a time. */
  peakMemoryBytes: number
  spilledBytes: number
  /** Rows that failed and were left out, by error code, the most frequent first; each with what was said of some of them. */
  failedRows: readonly FailedRowCount[]
  tasks: number
  /** Attempts beyond the first. */
  retries: number
  /** Tasks whose committed work an interrupted run had left. */
  reusedTasks: number
  /** Tasks done once more because what they had made for others was gone. */
  remadeTasks: number
  /** Second attempts of slow tasks, and how many of them were done first. */
  backups: number
  backupsWon: number
  workers: number
  stages: readonly StageMetrics[]
  nodes: readonly NodeMetrics[]
  warnings: readonly RunWarning[]
  /** What faults on purpose came to. */
  chaos?: ChaosReport
}

/** How far a run is. */
export interface RunProgress {
  tasksDone: number
  tasks: number
  rowsRead: number
  bytesRead: number
}
