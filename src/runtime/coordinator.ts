import type { MillraceError } from '../base/errors.ts'
import { runError } from '../base/errors.ts'
import type { TaskOrder, TaskReport, WorkerId } from './orders.ts'
import type { PartsBySink, RegionState, RunCommand, RunEvent, RunState, TaskState } from './run-state.ts'
import { dispatch, orderOf, scheduleRegions } from './schedule.ts'

/** A task or region is tried again this often; a worker that cannot be started likewise. */
const retryLimit = 3
const firstBackoffMs = 50

/**
 * Runs a physical plan as a state machine: no clock, no I/O, no randomness. The same events always give the same commands.
 *
 * Regions run when everything they read is committed. In a region of one stage every task commits by itself and is retried by itself: what it
 * left on disk outlives its worker. In a pipelined region rows are under way between tasks, so the whole region is tried again, under a new attempt
 * number; its results count only once all of it has ended, so nothing is doubled. Changes `state` in place.
 */
export function step(state: RunState, event: RunEvent): RunCommand[] {
  if (state.phase === 'ended') return []
  const commands: RunCommand[] = []
  switch (event.event) {
    case 'start':
      spawnMissing(state, commands)
      break
    case 'workerReady':
      if (state.workers.has(event.worker)) state.workers.set(event.worker, 'ready')
      break
    case 'workerLost':
      loseWorker(state, event.worker, event.why, commands)
      break
    case 'taskDone':
      finishTask(state, event.order, event.report, commands)
      break
    case 'taskFailed':
      failTask(state, event.order, event.error, commands)
      break
    case 'timer':
      endBackoff(state, event.region)
      break
    case 'sinksCommitted': {
      commands.push({ do: 'journal', record: { record: 'done' } })
      const { retries, reused } = state
      commands.push({ do: 'succeed', reports: reportsOf(state), retries, reused })
      state.phase = 'ended'
      break
    }
    case 'stop':
      fail(state, event.error, commands)
      break
  }
  if (state.phase === 'running') advance(state, commands)
  return commands
}

function advance(state: RunState, commands: RunCommand[]): void {
  for (const region of scheduleRegions(state)) {
    region.state = 'running'
    region.attempt++
    for (const task of region.tasks) if (region.pipelined) task.attempt = region.attempt
  }
  // Decided before anything is started: orders of producers name the workers of their consumers.
  for (const { region, task, worker } of dispatch(state)) {
    task.state = 'running'
    task.worker = worker
    if (!region.pipelined) task.attempt++
  }
  const placed = state.regions.flatMap((region) => region.tasks.map((task) => ({ region, task })))
  const fresh = placed.filter(({ task }) => task.state === 'running' && task.order === undefined)
  // Readers before the sources that feed them, so that nothing piles up in front of closed doors.
  for (const { region, task } of [...fresh.filter(({ task }) => !task.slotted), ...fresh.filter(({ task }) => task.slotted)]) {
    task.order = orderOf(state, region, task)
    commands.push({ do: 'startTask', worker: task.worker as WorkerId, order: task.order })
  }
  if (state.regions.some((region) => region.state !== 'committed')) return
  state.phase = 'committing'
  const parts = partsBySink(state)
  commands.push({ do: 'journal', record: { record: 'commit', parts } }, { do: 'commitSinks', parts })
}

const reportsOf = (state: RunState): TaskReport[] =>
  state.regions.flatMap((region) => region.tasks.map((task) => task.report as TaskReport))

function partsBySink(state: RunState): PartsBySink {
  const staged = reportsOf(state).flatMap((report) => report.parts)
  return state.plan.sinks.map((_, number) =>
    staged
      .filter(({ sink }) => sink === number)
      .map(({ part }) => part)
      .sort((a, b) => a.partition - b.partition),
  )
}

function findRunning(state: RunState, order: TaskOrder): { region: RegionState; task: TaskState } | undefined {
  const region = state.regions.find(({ id }) => id === order.region)
  const task = region?.tasks.find((candidate) => candidate.stage === order.stage && candidate.task === order.task)
  // An answer of an attempt that was given up comes too late.
  if (region === undefined || task === undefined || task.state !== 'running' || task.attempt !== order.attempt) return undefined
  return { region, task }
}

function finishTask(state: RunState, order: TaskOrder, report: TaskReport, commands: RunCommand[]): void {
  const found = findRunning(state, order)
  if (found === undefined) return
  const { region, task } = found
  task.state = 'committed'
  task.report = report
  if (!region.pipelined) journalTask(task, commands)
  if (region.tasks.some((other) => other.state !== 'committed')) return
  region.state = 'committed'
  if (!region.pipelined) return
  for (const done of region.tasks) journalTask(done, commands)
  commands.push({ do: 'endAttempt', region: region.id, attempt: region.attempt })
}

function journalTask(task: TaskState, commands: RunCommand[]): void {
  // Rows for the caller are in this process only, so they cannot be taken over by another one.
  if (task.local) return
  const { stage, task: number, attempt, report } = task
  commands.push({ do: 'journal', record: { record: 'task', stage, task: number, attempt, report: report as TaskReport } })
}

const isRetryable = (error: MillraceError): boolean => error.details.retryable === true || error.code === 'RUN_WORKER_LOST'

function failTask(state: RunState, order: TaskOrder, error: MillraceError, commands: RunCommand[]): void {
  const found = findRunning(state, order)
  if (found === undefined) return
  if (!isRetryable(error)) return fail(state, error, commands)
  retry(state, found.region, [found.task], error, commands)
}

function retry(
  state: RunState,
  region: RegionState,
  tasks: readonly TaskState[],
  error: MillraceError,
  commands: RunCommand[],
): void {
  region.failures++
  for (const task of tasks) task.failures++
  const failures = region.pipelined ? region.failures : Math.max(...tasks.map((task) => task.failures))
  if (failures > retryLimit) return fail(state, error, commands)
  state.retries += region.pipelined ? region.tasks.length : tasks.length
  if (region.pipelined) commands.push({ do: 'endAttempt', region: region.id, attempt: region.attempt })
  for (const task of region.pipelined ? region.tasks : tasks) {
    task.state = 'idle'
    task.worker = undefined
    task.order = undefined
    task.report = undefined
  }
  region.state = 'backoff'
  commands.push({ do: 'setTimer', region: region.id, afterMs: firstBackoffMs * 2 ** (failures - 1) })
}

function endBackoff(state: RunState, id: number): void {
  const region = state.regions.find((candidate) => candidate.id === id)
  if (region?.state !== 'backoff') return
  // A pipelined region waits for its workers again; in others the remaining tasks never stopped.
  region.state = region.pipelined ? 'waiting' : 'running'
}

function loseWorker(state: RunState, worker: WorkerId, why: string, commands: RunCommand[]): void {
  const was = state.workers.get(worker)
  if (was === undefined) return
  state.workers.delete(worker)
  let hadWork = false
  for (const region of state.regions) {
    const lost = region.tasks.filter((task) => task.worker === worker && task.state === 'running')
    // Rows of a task that ended well may still have been on their way.
    const touched =
      region.pipelined &&
      region.state === 'running' &&
      region.tasks.some((task) => task.state === 'committed' && task.worker === worker)
    if (lost.length === 0 && !touched) continue
    hadWork = true
    const { stage, task } = lost[0] ?? region.tasks[0]
    const error = runError('RUN_WORKER_LOST', `a worker ended while it ran task ${task} of stage ${stage}: ${why}`, {
      hint: 'a function that ends the process or needs too much memory may be the cause',
    })
    retry(state, region, lost, error, commands)
    if ((state.phase as string) === 'ended') return
  }
  if (!hadWork && ++state.lostWhileIdle > retryLimit) {
    return fail(state, runError('RUN_WORKER_LOST', `workers end before they do any work: ${why}`), commands)
  }
  spawnMissing(state, commands)
}

/** Starts workers until there are as many as wanted; numbers of lost ones are not used again. */
function spawnMissing(state: RunState, commands: RunCommand[]): void {
  while (state.workers.size < state.wantedWorkers) {
    const worker = state.nextWorker++
    state.workers.set(worker, 'starting')
    commands.push({ do: 'spawnWorker', worker })
  }
}

function fail(state: RunState, error: MillraceError, commands: RunCommand[]): void {
  for (const region of state.regions) {
    if (region.state !== 'running' && region.state !== 'backoff') continue
    const attempts = new Set(region.tasks.filter((task) => task.state === 'running').map((task) => task.attempt))
    for (const attempt of attempts) commands.push({ do: 'endAttempt', region: region.id, attempt })
  }
  commands.push({ do: 'fail', error })
  state.phase = 'ended'
}
