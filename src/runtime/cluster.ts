import type { MillraceError } from '../base/errors.ts'
import type { Announcement, SignOfLife, TaskName, TaskOrder, TaskReport, WorkerId } from './orders.ts'

/** The workers that a driver commands. */
export interface Cluster {
  /** Resolves when the worker can take tasks. A rejection other than `RUN_WORKER_LOST` ends the run. */
  spawn(worker: WorkerId): Promise<void>
  run(worker: WorkerId, order: TaskOrder): Promise<TaskReport>
  endAttempt(region: number, attempt: number): void
  /** Tells all workers, or one, that more of what their tasks read is there. */
  announce(made: readonly Announcement[], worker?: WorkerId): void
  /** Stops one task; it may have ended meanwhile. */
  cancel(worker: WorkerId, task: TaskName): void
  /** Ends a worker by force. */
  kill(worker: WorkerId): void
  /** Ends all workers; `idle` resolves when no task runs any more. */
  close(idle: Promise<unknown>): Promise<void>
}

/** What a cluster tells. */
export interface ClusterEvents {
  /** A worker has ended by itself; with an error when another one would end the same way. */
  lost(worker: WorkerId, why: string, error?: MillraceError): void
  sign(worker: WorkerId, sign: SignOfLife): void
}
