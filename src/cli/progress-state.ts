import type { RunOptions } from '../run/options.ts'
import type { Prepared } from '../run/prepare.ts'

export type RunNotice = Parameters<NonNullable<RunOptions['onNotice']>>[0]

/** What the live block knows of a stage. */
export interface StageProgress {
  id: number
  /** What it does, in a word or two for each operator. */
  does: string
  tasks: number
  done: number
  running: number
  /** Taken in by tasks that are done, and by all as far as they have told. */
  doneRows: number
  rows: number
  bytes: number
  startedMs: number | undefined
  endedMs: number | undefined
}

/** What the live block knows of a run. */
export interface ProgressState {
  readonly stages: ReadonlyMap<number, StageProgress>
  workers: number
  retries: number
  backups: number
  spilledBytes: number
}

/** Nobody needs to be told that rows are moved. */
const words: Readonly<Record<string, string>> = {
  scan: 'read',
  values: 'constants',
  segment: 'compute',
  aggregate: 'aggregate',
  join: 'join',
  groupByKey: 'group',
  sort: 'sort',
  topK: 'top',
  limit: 'limit',
  sink: 'write',
  collect: 'result',
}

export function newProgress({ planned }: Pick<Prepared, 'planned'>): ProgressState {
  const stages = planned.physical.stages.map(({ id, tasks, nodes }): StageProgress => {
    const does = [...new Set(nodes.flatMap(({ operator }) => words[operator] ?? []))].join(', ')
    return { id, does, tasks, done: 0, running: 0, doneRows: 0, rows: 0, bytes: 0, startedMs: undefined, endedMs: undefined }
  })
  return { stages: new Map(stages.map((stage) => [stage.id, stage])), workers: 0, retries: 0, backups: 0, spilledBytes: 0 }
}

/** Takes notice of an event, in place. */
export function follow(state: ProgressState, notice: RunNotice): void {
  const stage = 'stage' in notice && notice.stage !== undefined ? state.stages.get(notice.stage) : undefined
  switch (notice.event) {
    case 'workerStarted':
      state.workers++
      return
    case 'workerLost':
      state.workers--
      return
    case 'retry':
      state.retries++
      return
    case 'spill':
      state.spilledBytes += notice.bytes
      return
  }
  if (stage === undefined) return
  switch (notice.event) {
    case 'taskStarted':
      stage.startedMs ??= notice.atMs
      stage.running++
      if (notice.isBackup) state.backups++
      return
    case 'taskEnded':
      stage.running--
      stage.done = Math.min(stage.tasks, stage.done + 1)
      stage.doneRows += notice.rows
      stage.rows = Math.max(stage.rows, stage.doneRows)
      return
    case 'taskFailed':
    case 'taskCancelled':
      stage.running--
      return
    case 'progress':
      Object.assign(stage, { done: notice.done, rows: notice.rows, bytes: notice.bytes })
      return
    case 'stageEnded':
      Object.assign(stage, { done: stage.tasks, rows: notice.rows, endedMs: notice.atMs })
  }
}
