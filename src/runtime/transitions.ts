import type { TaskName, WorkerId } from './orders.ts'
import type { AttemptState, RegionState, RunState, TaskState, WorkerState } from './run-state.ts'
import { slots } from './slots.ts'

/** The small changes of a run's state that keep its counters true; every other change of tasks is made of these. */

interface BeginOptions {
  attempt?: number
  isBackup?: boolean
  isEarly?: boolean
}

export function beginAttempt(
  state: RunState,
  task: TaskState,
  worker: WorkerId,
  nowMs: number,
  { attempt: number = task.attempt, isBackup = false, isEarly = false }: BeginOptions = {},
): AttemptState {
  const { slotted, region } = task.stage
  const slot = !slotted || region.pipelined ? undefined : isEarly ? 'early' : 'alone'
  const attempt: AttemptState = {
    attempt: number,
    worker,
    startedMs: nowMs,
    isBackup,
    isEarly,
    slot,
    rows: 0,
    rowsBefore: 0,
    unseen: 0,
  }
  if (isEarly) region.hasEarly = true
  task.state = 'running'
  task.attempts.push(attempt)
  task.stage.running.add(task)
  const host = state.workers.get(worker)
  if (host === undefined) return attempt
  // Silence is counted from here: a worker without tasks has nothing to tell.
  if (host.running.size === 0) host.lastSeenMs = nowMs
  host.running.set(attempt, task)
  if (slot !== undefined) occupy(state, host, slot, 1)
  return attempt
}

export function endAttempt(state: RunState, task: TaskState, attempt: AttemptState): void {
  task.attempts.splice(task.attempts.indexOf(attempt), 1)
  if (task.attempts.length === 0) task.stage.running.delete(task)
  const host = state.workers.get(attempt.worker)
  if (host === undefined) return
  host.running.delete(attempt)
  if (attempt.slot !== undefined) occupy(state, host, attempt.slot, -1)
  else if (task.stage.slotted) changeLoad(task.stage.region, host.id, -1)
}

function occupy(state: RunState, worker: WorkerState, slot: 'alone' | 'early', by: 1 | -1): void {
  worker[slot] += by
  const free = slot === 'alone' ? state.free : state.freeEarly
  if (worker[slot] < slots[slot]) free.add(worker)
  else free.delete(worker)
}

/** A worker without tasks. */
export const newWorker = (id: WorkerId, state: WorkerState['state'], nowMs: number): WorkerState => ({
  id,
  state,
  host: undefined,
  lastSeenMs: nowMs,
  running: new Map(),
  alone: 0,
  early: 0,
})

/** All that a task which began early reads is there: from here on it is like any other. */
export function endWaiting(state: RunState, attempt: AttemptState, nowMs: number): void {
  if (!attempt.isEarly) return
  attempt.startedMs = nowMs
  attempt.rowsBefore = attempt.rows
  const worker = state.workers.get(attempt.worker)
  if (attempt.slot !== 'early' || worker === undefined) return
  occupy(state, worker, 'early', -1)
  occupy(state, worker, 'alone', 1)
  attempt.slot = 'alone'
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
  stage.attemptsSent.clear()
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
