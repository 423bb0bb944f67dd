import type { OperatorMetrics } from './operator.ts'

/** Counters of one physical node over all its tasks. */
export interface NodeMetrics extends OperatorMetrics {
  node: number
  stage: number
  tasks: number
}

/** What a run took. */
export interface RunMetrics {
  wallMs: number
  rowsRead: number
  bytesRead: number
  /** Most bytes of the budget that one worker held at a time. */
  peakMemoryBytes: number
  spilledBytes: number
  tasks: number
  /** Attempts beyond the first. */
  retries: number
  /** Tasks whose committed work an interrupted run had left. */
  reusedTasks: number
  workers: number
  nodes: readonly NodeMetrics[]
}

/** How far a run is. */
export interface RunProgress {
  tasksDone: number
  tasks: number
  rowsRead: number
  bytesRead: number
}
