import type { MillraceError } from '../base/errors.ts'
import type { StagedPart } from '../io/connector.ts'
import type { FnRef } from '../ir/expr.ts'
import type { PhysicalPlan, Stage } from '../ir/physical.ts'
import type { RangeBound } from './exchange/range-bounds.ts'
import type {
  AdoptedWorker,
  Announcement,
  Care,
  LastBatch,
  LostItem,
  PartitionFile,
  TaskName,
  TaskOrder,
  TaskProgress,
  TaskReport,
  WorkerId,
} from './orders.ts'
import type { TaskQueue } from './task-queue.ts'

/** What happens to a run. All of it is plain data apart from the errors. */
export type RunEvent =
  /** `adopted`: workers that go on from an earlier process. */
  | { event: 'start'; adopted?: readonly AdoptedWorker[] }
  /** `host` names the machine, where inputs may lie near to some of them. */
  | { event: 'workerReady'; worker: WorkerId; host?: string }
  | { event: 'workerLost'; worker: WorkerId; why: string }
  /** What careful tasks were at on a worker that is lost: told before, or after it was ended. */
  | { event: 'lastBatches'; last: readonly LastBatch[]; why: string }
  /** A sign of life, about once a second, with what the tasks of the worker have read so far. */
  | { event: 'progress'; worker: WorkerId; tasks: readonly TaskProgress[] }
  /** Something between two tasks did not arrive. */
  | { event: 'itemLost'; item: LostItem }
  | { event: 'taskDone'; order: TaskName; report: TaskReport }
  | { event: 'taskFailed'; order: TaskName; error: MillraceError }
  | { event: 'timer'; timer: Timer }
  | { event: 'sinksCommitted' }
  /** The run cannot go on: the caller cancelled it, or something outside of all tasks failed. */
  | { event: 'stop'; error: MillraceError }

/** What a timer is for. */
export type Timer =
  | { kind: 'retryRegion'; region: number }
  | { kind: 'retryTask'; stage: number; task: number }
  /** Tells tasks that began early what was made meanwhile. */
  | { kind: 'announce' }
  /** Looks for silent workers and slow tasks. */
  | { kind: 'watch' }

/** What a driver has to do. Commands of one call are carried out in order, each before the next. */
export type RunCommand =
  | { do: 'spawnWorker'; worker: WorkerId }
  /** Ends a worker that gives no sign of life; it counts as lost already. */
  | { do: 'killWorker'; worker: WorkerId }
  | { do: 'startTask'; worker: WorkerId; order: TaskOrder }
  /** Tells one worker, or all, that more of what their tasks read is there. */
  | { do: 'announce'; worker?: WorkerId; made: readonly Announcement[] }
  /** Ends one attempt of a task; its answer, should it still come, does not count. */
  | { do: 'cancelTask'; worker: WorkerId; order: TaskName }
  /** Ends the tasks of an attempt of a region that still run, and frees its channels. */
  | { do: 'endAttempt'; region: number; attempt: number }
  /** The report counts, unless a later one of the same task takes its place. */
  | { do: 'acceptReport'; order: TaskName; report: TaskReport }
  /** Removes the files of an attempt that came too late. */
  | { do: 'discardOutput'; order: TaskName; report: TaskReport }
  | { do: 'setTimer'; timer: Timer; afterMs: number }
  | { do: 'warn'; warning: RunWarning }
  | { do: 'journal'; record: JournalRecord }
  | { do: 'commitSinks'; parts: PartsBySink }
  | { do: 'succeed'; counts: RunCounts }
  | { do: 'fail'; error: MillraceError }

/** A task that was run again gave other rows, so `redone` tasks that had read the first ones were run again too. */
export interface RunWarning {
  code: 'W-NONDETERMINISTIC'
  stage: number
  task: number
  /** User functions that the rows went through. */
  functions: readonly FnRef[]
  redone: number
}

/** What became of the tasks of a run. */
export interface RunCounts {
  /** Attempts that were begun again after a failure or a loss. */
  retries: number
  /** Second attempts of slow tasks, and those of them that were done first. */
  backups: number
  backupsWon: number
  /** Committed tasks that were done once more because their output was lost. */
  remade: number
  /** Tasks that an interrupted run had done. */
  reused: number
}

/** What is to become visible of each sink, in the order of the plan's sinks; parts in the order of their partitions. */
export type PartsBySink = readonly (readonly StagedPart[])[]

export type JournalRecord =
  | { record: 'task'; stage: number; task: number; attempt: number; report: TaskReport }
  /** What the task has done does not count any more. */
  | { record: 'undo'; stage: number; task: number }
  /** From here on the run has succeeded: whoever finds it unfinished gives the parts their names. */
  | { record: 'commit'; parts: PartsBySink }
  | { record: 'done' }

/** One attempt that runs. */
export interface AttemptState {
  readonly attempt: number
  readonly worker: WorkerId
  /** Or when all that it reads was there, if it began early. */
  startedMs: number
  readonly isBackup: boolean
  /** It began before all that it reads was there. */
  readonly isEarly: boolean
  /** The place that it takes on its worker, outside of pipelined regions. */
  slot: 'alone' | 'early' | undefined
  /** Rows that it has taken in, as far as it has told, and those of them that it had at `startedMs`. */
  rows: number
  rowsBefore: number
  /** Signs of life of its worker in a row that did not name it. */
  unseen: number
}

/** What a committed attempt has left. */
export interface Made {
  readonly attempt: number
  readonly worker: WorkerId | undefined
  readonly outputs: readonly PartitionFile[]
  readonly parts: TaskReport['parts']
  /** Its files are gone; they are made again when somebody needs them. */
  lost: boolean
}

/** What a task of a pipelined region has left while others of the region still run. */
export interface Pending {
  readonly made: Made
  readonly report: TaskReport
}

export interface TaskState {
  readonly stage: StageState
  readonly task: number
  /** `backoff`: it failed, and waits before it is idle again. */
  state: 'idle' | 'running' | 'backoff' | 'committed'
  /** Number of its latest attempt. */
  attempt: number
  failures: number
  /** Its worker was lost, and it reads a split. */
  care?: Care
  /** Those that run: at most one and a backup. */
  readonly attempts: AttemptState[]
  /** Of the latest commit; it stays when the task is done again, to compare. */
  made: Made | undefined
  /** Of a pipelined region that has not ended yet. */
  pending: Pending | undefined
}

export interface StageState {
  readonly id: number
  readonly stage: Stage
  readonly region: RegionState
  readonly tasks: TaskState[]
  /** Runs in the coordinator's process. */
  readonly local: boolean
  /** Starts when a slot is free. All others of a pipelined region start with it, since they only wait for rows. */
  readonly slotted: boolean
  readonly idle: TaskQueue<TaskState>
  committed: number
  /** Tasks whose files are gone. */
  lost: number
  /** User functions that its rows go through. */
  readonly functions: readonly FnRef[]
  /** Rows a millisecond of the attempts that were done, and their times: to tell slow ones. */
  readonly rates: number[]
  readonly durationsMs: number[]
  /** Medians of both when `count` were done. */
  typical: { readonly count: number; readonly rate: number; readonly durationMs: number }
  /** Tasks with an attempt that runs. */
  readonly running: Set<TaskState>
  /** Attempts of all its tasks that sent rows through an exchange, kept while nothing changes; shared by orders. */
  readonly attemptsSent: Map<number, readonly number[]>
  /** Of each receive node that reads range exchanges: the bounds, and the attempts of its producers that they were found from. */
  readonly bounds: Map<number, { attempts: readonly (readonly number[])[]; bounds: readonly RangeBound[] }>
}

export interface RegionState {
  readonly id: number
  /** Tasks exchange rows while they run: they succeed or fail together. */
  readonly pipelined: boolean
  state: 'waiting' | 'running' | 'backoff' | 'committed'
  attempt: number
  failures: number
  /** In the order in which their tasks are started. */
  readonly stages: StageState[]
  readonly needs: RegionState[]
  /** Those of them whose rows come through hybrid exchanges only: its tasks may begin while they run. */
  readonly follows: Set<RegionState>
  /** Some of its tasks have begun early, and not all that they read is there yet. */
  hasEarly: boolean
  /** Tasks that are not committed. */
  open: number
  /** Of a pipelined region: workers by the number of its tasks with a slot that they have. */
  readonly loads: Set<WorkerId>[]
}

export interface WorkerState {
  readonly id: WorkerId
  state: 'starting' | 'ready'
  host: string | undefined
  lastSeenMs: number
  /** Its attempts that run. */
  readonly running: Map<AttemptState, TaskState>
  /** Tasks with a slot, outside of pipelined regions; and those that have begun early. */
  alone: number
  early: number
}

/** How a run is to go; the same for all of its life. */
export interface RunSettings {
  readonly workers: number
  /** Where partition files lie: `worker`: with who made them, and lost with it. */
  readonly outputs: 'shared' | 'worker'
  /** May slow tasks be started a second time? */
  readonly backups: boolean
  /** A task is not slow before this. */
  readonly backupAfterMs: number
  /** A worker that has tasks and gives no sign of life for this long is ended; Infinity: never. */
  readonly hangAfterMs: number
  /** Names of the hosts near which the input of a task lies. */
  readonly hostsOf?: (stage: number, task: number) => readonly string[]
}

export interface RunState {
  readonly plan: PhysicalPlan
  readonly settings: RunSettings
  readonly wantedWorkers: number
  phase: 'running' | 'committing' | 'ended'
  readonly regions: RegionState[]
  readonly stages: ReadonlyMap<number, StageState>
  readonly workers: Map<WorkerId, WorkerState>
  /** Ready workers that may take a task outside of pipelined regions. */
  readonly free: Set<WorkerState>
  /** Ready workers that may take a task early. */
  readonly freeEarly: Set<WorkerState>
  /** What has to be told to tasks that began early. */
  news: Announcement[]
  starting: number
  nextWorker: WorkerId
  lostWhileIdle: number
  /** Up to this time no worker can have been silent for too long. */
  allHeardUntilMs: number
  /** Rows that have ended workers, and how often something was learned of such rows. */
  readonly poison: { rows: number; lessons: number }
  /** Tasks that are not committed. */
  open: number
  /** Committed tasks by the worker that has their files; kept only when outputs lie with workers. */
  readonly outputsOn: Map<WorkerId, Set<TaskState>>
  readonly counts: RunCounts
}
