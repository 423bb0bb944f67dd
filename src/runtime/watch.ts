import { type Failure, isOfUse, loseWorker } from './retry.ts'
import type { AttemptState, RunCommand, RunState, StageState, TaskState, WorkerState } from './run-state.ts'
import type { Placed } from './schedule.ts'
import { beginAttempt } from './transitions.ts'

export const watchEveryMs = 1000

export const watches = ({ settings }: RunState): boolean => settings.backups || settings.hangAfterMs < Number.POSITIVE_INFINITY

/** Ends workers that are needed and say nothing: an endless loop in a function, or a process that was stopped. */
export function endSilentWorkers(state: RunState, nowMs: number, commands: RunCommand[]): Failure {
  const { hangAfterMs } = state.settings
  if (nowMs <= state.allHeardUntilMs) return undefined
  let oldestMs = nowMs
  for (const { id, state: life, running, lastSeenMs } of [...state.workers.values()]) {
    if (nowMs - lastSeenMs <= hangAfterMs) {
      oldestMs = Math.min(oldestMs, lastSeenMs)
      continue
    }
    if (life === 'ready' && running.size === 0 && !isOfUse(state, id)) continue
    commands.push({ do: 'killWorker', worker: id })
    const failure = loseWorker(state, id, `it gave no sign of life for ${hangAfterMs / 1000} s`, nowMs, commands)
    if (failure !== undefined) return failure
  }
  // Whoever begins a task later has been heard of later: nobody is looked at before the oldest of these signs is too old.
  state.allHeardUntilMs = oldestMs + hangAfterMs
  return undefined
}

/** Share of a stage's tasks that are done before any of the others is judged to be slow. */
const doneShare = 0.75
const slowerThan = 0.5
const longerThan = 1.5

/**
 * Starts slow tasks a second time on workers that have nothing to do (MapReduce §3.6). A task is slow when it gets through less than half as much
 * in a second as the tasks of its stage did: judged by its time alone, one with more rows than others would be taken for slow, and be no faster
 * elsewhere.
 */
export function startBackups(state: RunState, nowMs: number): Placed[] {
  const placed: Placed[] = []
  for (const region of state.regions) {
    if (region.pipelined || region.state !== 'running') continue
    for (const stage of region.stages) {
      if (stage.committed < doneShare * stage.tasks.length || stage.idle.size > 0 || !mayRunTwice(stage)) continue
      for (const [task, attempt] of slowTasks(state, stage, nowMs)) {
        const worker = otherWorker(state, attempt)
        if (worker === undefined) break
        state.counts.backups++
        task.attempt++
        placed.push({ task, attempt: beginAttempt(state, task, worker.id, nowMs, { isBackup: true }) })
      }
    }
  }
  return placed
}

/** What a function does to the outside would be done twice. */
const mayRunTwice = (stage: StageState): boolean => stage.slotted && !stage.functions.some(({ effects }) => effects)

function slowTasks(state: RunState, stage: StageState, nowMs: number): [TaskState, AttemptState][] {
  const { rate, durationMs } = typicalOf(stage)
  const afterMs = Math.max(state.settings.backupAfterMs, longerThan * durationMs)
  const slow: [TaskState, AttemptState][] = []
  for (const task of stage.running) {
    if (task.attempts.length !== 1) continue
    const [attempt] = task.attempts
    const elapsedMs = nowMs - attempt.startedMs
    if (elapsedMs >= afterMs && (attempt.rows - attempt.rowsBefore) / elapsedMs < slowerThan * rate) slow.push([task, attempt])
  }
  return slow
}

/** Medians are found again only when a 32nd more tasks were done: else each second would cost as much as there are tasks. */
function typicalOf(stage: StageState): StageState['typical'] {
  const count = stage.rates.length
  if (count > stage.typical.count * (1 + 1 / 32) || count < stage.typical.count)
    stage.typical = { count, rate: medianOf(stage.rates), durationMs: medianOf(stage.durationsMs) }
  return stage.typical
}

function otherWorker(state: RunState, { worker: own }: AttemptState): WorkerState | undefined {
  for (const worker of state.free) if (worker.id !== own) return worker
  return undefined
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.length === 0 ? 0 : sorted[sorted.length >> 1]
}
