import type { TaskName, WorkerId } from './orders.ts'
import type { AttemptState, RegionState, RunState, TaskState, WorkerState } from './run-state.ts'
import { slots } from './slots.ts'

/** The small changes of a run's state that keep its counters true; every other change of tasks is made of these. */

export function beginAttempt(
  state: RunState,
  task: TaskState,
  worker: WorkerId,
  nowMs: number,
  { attempt: number = task.attempt, isBackup = false }: { attempt?: number; isBackup?: boolean } = {},
): AttemptState {
  const attempt: AttemptState = { attempt: number, worker, startedMs: nowMs, isBackup, rows: 0, unseen: 0 }
  task.state = 'running'
  task.attempts.push(attempt)
  task.stage.running.add(task)
  const host = state.workers.get(worker)
  if (host === undefined) return attempt
  // Silence is counted from here: a worker without tasks has nothing to tell.
  if (host.running.size === 0) host.lastSeenMs = nowMs
  host.running.set(attempt, task)
  if (task.stage.slotted && !task.stage.region.pipelined) setAlone(state, host, host.alone + 1)
  return attempt
}

export function endAttempt(state: RunState, task: TaskState, attempt: AttemptState): void {
  task.attempts.splice(task.attempts.indexOf(attempt), 1)
  if (task.attempts.length === 0) task.stage.running.delete(task)
  const host = state.workers.get(attempt.worker)
  if (host === undefined) return
  host.running.delete(attempt)
  if (!task.stage.slotted) return
  if (task.stage.region.pipelined) changeLoad(task.stage.region, host.id, -1)
  else setAlone(state, host, host.alone - 1)
}

function setAlone(state: RunState, worker: WorkerState, alone: number): void {
  worker.alone = alone
  if (alone < slots.alone) state.free.add(worker)
  else state.free.delete(worker)
}

/** Moves a worker to another level of the region's loads. */
export function changeLoad({ loads }: RegionState, worker: WorkerId, by: 1 | -1): void {
  const level = loads.findIndex((workers) => workers.has(worker))
  if (level < 0) return
  loads[level].delete(worker)
  if (loads[level + by] === undefined) loads[level + by] = new Set()
  loads[level + by].add(worker)
}

export function makeIdle(task: TaskState): void {
  task.state = 'idle'
  task.stage.idle.giveBack(task)
}

export function makeCommitted(state: RunState, task: TaskState): void {
  task.state = 'committed'
  task.stage.committed++
  task.stage.region.open--
  state.open--
}

/** A committed task that has to be done again. */
export function reopen(state: RunState, task: TaskState): void {
  const { stage } = task
  stage.committed--
  stage.region.open++
  state.open++
  makeIdle(task)
}

export const nameOf = (task: TaskState, attempt: number): TaskName => ({
  region: task.stage.region.id,
  stage: task.stage.id,
  task: task.task,
  attempt,
})
