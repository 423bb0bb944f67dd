import type { OperatorMetrics } from './operator.ts'

/** Counters of one physical node over all its tasks. */
export interface NodeMetrics extends OperatorMetrics {
  node: number
  stage: number
  tasks: number
}

export interface RunMetrics {
  wallMs: number
  rowsRead: number
  bytesRead: number
  peakMemoryBytes: number
  spilledBytes: number
  tasks: number
  /** Attempts beyond the first, and tasks whose committed work an earlier run had left. */
  retries: number
  reusedTasks: number
  workers: number
  nodes: readonly NodeMetrics[]
}

export interface RunProgress {
  tasksDone: number
  tasks: number
  rowsRead: number
  bytesRead: number
}
