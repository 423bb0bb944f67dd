import type { OperatorMetrics } from './operator.ts'
import type { RunWarning } from './run-state.ts'

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
  /** Tasks done once more because what they had made for others was gone. */
  remadeTasks: number
  /** Second attempts of slow tasks, and how many of them were done first. */
  backups: number
  backupsWon: number
  workers: number
  nodes: readonly NodeMetrics[]
  warnings: readonly RunWarning[]
}

/** How far a run is. */
export interface RunProgress {
  tasksDone: number
  tasks: number
  rowsRead: number
  bytesRead: number
}
