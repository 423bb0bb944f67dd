/**
 * What a run tells while it goes on, in the order in which it happens. `atMs` counts from the start of the run; stages, tasks and nodes have the
 * numbers of explain, and `worker` is null for the process that started the run. There are no rows, no values and no messages in it.
 */
export type RunNotice = { atMs: number } & RunNews

export type RunNews =
  | { event: 'workerStarted' | 'workerLost'; worker: number }
  | { event: 'stageStarted'; stage: number; tasks: number }
  | { event: 'stageEnded'; stage: number; rows: number; cpuMs: number; creditWaitMs: number; spilledBytes: number }
  /** `isBackup`: another attempt of the task runs already, and slowly. */
  | ({ event: 'taskStarted'; isBackup: boolean } & AttemptName)
  /** About once a second, of each stage that runs: what its tasks have taken in, those that are done included. */
  | { event: 'progress'; stage: number; done: number; running: number; rows: number; bytes: number }
  /** Rows of one operator did not fit in memory; told when the task has ended. */
  | { event: 'spill'; stage: number; task: number; node: number; bytes: number; files: number }
  | ({ event: 'taskEnded' } & AttemptName & AttemptFigures)
  | ({ event: 'taskFailed'; code: string } & AttemptName)
  /** It is no longer wanted: another attempt was faster, or its region begins anew. */
  | ({ event: 'taskCancelled' } & AttemptName)
  /** A task, or all tasks of a pipelined region, will be done again. */
  | { event: 'retry'; afterMs: number; region?: number; stage?: number; task?: number }
  /** All tasks are done: outputs get their names now. */
  | { event: 'commit'; sinks: number }

interface AttemptName {
  stage: number
  task: number
  attempt: number
  worker: number | null
}

interface AttemptFigures {
  durationMs: number
  rows: number
  bytesOut: number
  cpuMs: number
  creditWaitMs: number
  spilledBytes: number
}
