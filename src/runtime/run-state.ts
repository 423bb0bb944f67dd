import type { MillraceError } from '../base/errors.ts'
import type { StagedPart } from '../io/connector.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { TaskOrder, TaskReport, WorkerId } from './orders.ts'

/** What happens to a run. All of it is plain data apart from the errors. */
export type RunEvent =
  | { event: 'start' }
  | { event: 'workerReady'; worker: WorkerId }
  | { event: 'workerLost'; worker: WorkerId; why: string }
  | { event: 'taskDone'; order: TaskOrder; report: TaskReport }
  | { event: 'taskFailed'; order: TaskOrder; error: MillraceError }
  | { event: 'timer'; region: number }
  | { event: 'sinksCommitted' }
  /** The run cannot go on: the caller cancelled it, or something outside of all tasks failed. */
  | { event: 'stop'; error: MillraceError }

/** What a driver has to do. Commands of one call are carried out in order, each before the next. */
export type RunCommand =
  | { do: 'spawnWorker'; worker: WorkerId }
  | { do: 'startTask'; worker: WorkerId; order: TaskOrder }
  /** Ends the tasks of an attempt that still run, and frees its channels. */
  | { do: 'endAttempt'; region: number; attempt: number }
  | { do: 'setTimer'; region: number; afterMs: number }
  | { do: 'journal'; record: JournalRecord }
  | { do: 'commitSinks'; parts: PartsBySink }
  | { do: 'succeed'; reports: readonly TaskReport[]; retries: number; reused: number }
  | { do: 'fail'; error: MillraceError }

/** What is to become visible of each sink, in the order of the plan's sinks; parts in the order of their partitions. */
export type PartsBySink = readonly (readonly StagedPart[])[]

export type JournalRecord =
  | { record: 'task'; stage: number; task: number; attempt: number; report: TaskReport }
  /** From here on the run has succeeded: whoever finds it unfinished gives the parts their names. */
  | { record: 'commit'; parts: PartsBySink }
  | { record: 'done' }

export interface TaskState {
  stage: number
  task: number
  state: 'idle' | 'running' | 'committed'
  attempt: number
  failures: number
  worker?: WorkerId
  report?: TaskReport
  /** Runs in the coordinator's process. */
  local: boolean
  /** Starts when a slot is free. All others of a pipelined region start with it, since they only wait for rows. */
  slotted: boolean
  order?: TaskOrder
}

export interface RegionState {
  id: number
  /** Tasks exchange rows while they run: they succeed or fail together. */
  pipelined: boolean
  state: 'waiting' | 'running' | 'backoff' | 'committed'
  attempt: number
  failures: number
  /** In the order in which they are started. */
  tasks: TaskState[]
  needs: readonly number[]
}

export interface RunState {
  readonly plan: PhysicalPlan
  readonly wantedWorkers: number
  phase: 'running' | 'committing' | 'ended'
  regions: RegionState[]
  workers: Map<WorkerId, 'starting' | 'ready'>
  nextWorker: WorkerId
  lostWhileIdle: number
  retries: number
  reused: number
}
