import { type LostOutput, type MillraceError, runError } from '../base/errors.ts'
import { findAttempt } from './finish-task.ts'
import type { LostItem, TaskName, WorkerId } from './orders.ts'
import { takeCare } from './poison.ts'
import { endRegion, loseOutput, loseOutputsOn, needInputs } from './redo.ts'
import type { RegionState, RunCommand, RunState, StageState, TaskState, Timer } from './run-state.ts'
import { exchangeOf } from './stage-shape.ts'
import { endAttempt, makeIdle, newWorker } from './transitions.ts'

/** A task or region is tried again this often; a worker that cannot be started likewise. */
const retryLimit = 3
const firstBackoffMs = 50

/** Ends the run with the error that a change of state came to, if it came to one. */
export type Failure = MillraceError | undefined

const isRetryable = (error: MillraceError): boolean => error.details.retryable === true || error.code === 'RUN_WORKER_LOST'

/** An attempt has ended with an error. */
export function failTask(state: RunState, name: TaskName, error: MillraceError, commands: RunCommand[]): Failure {
  const found = findAttempt(state, name)
  if (found === undefined) return undefined
  const { task, attempt } = found
  const { lostOutput } = error.details
  if (lostOutput !== undefined) return failForInput(state, found.task, name, lostOutput, error, commands)
  endAttempt(state, task, attempt)
  if (!isRetryable(error)) return error
  return retry(state, task, error, commands)
}

/** Its input is gone: whoever made that does it again first. The reader is not to blame, so it is that one's failures which are counted. */
function failForInput(
  state: RunState,
  task: TaskState,
  { attempt }: TaskName,
  lost: LostOutput,
  error: MillraceError,
  commands: RunCommand[],
): Failure {
  const producer = state.stages.get(exchangeOf(state.plan, lost.exchange).from)?.tasks[lost.task]
  if (producer === undefined) return error
  const isNews = producer.made?.attempt === lost.attempt && !producer.made.lost
  if (isNews && ++producer.failures > retryLimit) return error
  const { region } = task.stage
  if (region.pipelined) {
    endRegion(state, region, commands)
    region.state = 'waiting'
  } else {
    for (const ended of task.attempts.filter((candidate) => candidate.attempt === attempt)) endAttempt(state, task, ended)
    if (task.attempts.length === 0) makeIdle(task)
  }
  state.counts.retries++
  if (isNews) loseOutput(state, producer, commands)
  return undefined
}

/** A worker is gone, and with it everything that ran there. */
export function loseWorker(state: RunState, id: WorkerId, why: string, nowMs: number, commands: RunCommand[]): Failure {
  const worker = state.workers.get(id)
  if (worker === undefined) return undefined
  if (worker.state === 'starting') state.starting--
  state.workers.delete(id)
  state.free.delete(worker)
  state.freeEarly.delete(worker)
  for (const { loads } of state.regions) for (const workers of loads) workers.delete(id)
  const regions = touchedRegions(state, id)
  const lost = [...worker.running]
  for (const [attempt, task] of lost) {
    endAttempt(state, task, attempt)
    takeCare(task)
  }
  const failures = [...regions].map((region) =>
    retryRegion(state, region, lossOf(firstLost(lost, region) ?? firstTask(region), why), commands),
  )
  for (const [, task] of lost) {
    // A backup of it may go on.
    if (task.stage.region.pipelined || task.attempts.length > 0) continue
    failures.push(retry(state, task, lossOf(task, why), commands))
  }
  if (state.settings.outputs === 'worker') loseOutputsOn(state, id, commands)
  if (lost.length === 0 && regions.size === 0 && ++state.lostWhileIdle > Math.max(retryLimit, state.settings.workers)) {
    return runError('RUN_WORKER_LOST', `workers end before they do any work: ${why}`)
  }
  spawnMissing(state, nowMs, commands)
  return failures.find((failure) => failure !== undefined)
}

/** May others wait for something of a worker that has nothing to do? */
export const isOfUse = (state: RunState, worker: WorkerId): boolean => touchedRegions(state, worker).size > 0

const touchedRegions = (state: RunState, worker: WorkerId): Set<RegionState> =>
  new Set(state.regions.filter((region) => region.pipelined && region.state === 'running' && isTouched(region, worker)))

/** Rows of a task that ended well may still be on their way. */
const isTouched = (region: RegionState, worker: WorkerId): boolean =>
  region.stages.some(({ tasks }) =>
    tasks.some(({ attempts, pending }) => attempts[0]?.worker === worker || pending?.made.worker === worker),
  )

const firstTask = ({ stages }: RegionState): TaskState => stages[0].tasks[0]
const firstLost = (lost: readonly [unknown, TaskState][], region: RegionState): TaskState | undefined =>
  lost.find(([, task]) => task.stage.region === region)?.[1]

const lossOf = ({ stage, task }: TaskState, why: string): MillraceError =>
  runError('RUN_WORKER_LOST', `a worker ended while it ran task ${task} of stage ${stage.id}: ${why}`, {
    hint: 'a function that ends the process or needs too much memory may be the cause',
  })

function retry(state: RunState, task: TaskState, error: MillraceError, commands: RunCommand[]): Failure {
  if (task.stage.region.pipelined) return retryRegion(state, task.stage.region, error, commands)
  // Its backup may do better.
  if (task.attempts.length > 0) return undefined
  if (++task.failures > retryLimit) return error
  state.counts.retries++
  task.state = 'backoff'
  commands.push(backoff({ kind: 'retryTask', stage: task.stage.id, task: task.task }, task.failures))
  return undefined
}

function retryRegion(state: RunState, region: RegionState, error: MillraceError, commands: RunCommand[]): Failure {
  if (++region.failures > retryLimit) return error
  state.counts.retries += region.stages.reduce((sum, { tasks }) => sum + tasks.length, 0)
  endRegion(state, region, commands)
  region.state = 'backoff'
  commands.push(backoff({ kind: 'retryRegion', region: region.id }, region.failures))
  return undefined
}

/** Rows between two tasks of a region got lost: they are made again from what the region reads, which is all there. */
export function loseItem(
  state: RunState,
  { region: id, attempt, exchange, producer, consumer, sequence }: LostItem,
  commands: RunCommand[],
): Failure {
  const region = state.regions.find((candidate) => candidate.id === id)
  if (region?.state !== 'running' || !region.pipelined || region.attempt !== attempt) return undefined
  const what = `item ${sequence} of exchange ${exchange} from task ${producer} to task ${consumer}`
  return retryRegion(state, region, runError('RUN_BATCH_LOST', `${what} did not arrive`, { retryable: true }), commands)
}

const backoff = (timer: Timer, failures: number): RunCommand => ({
  do: 'setTimer',
  timer,
  afterMs: firstBackoffMs * 2 ** (failures - 1),
})

export function endBackoff(
  state: RunState,
  timer: Extract<Timer, { kind: 'retryRegion' | 'retryTask' }>,
  commands: RunCommand[],
): void {
  if (timer.kind === 'retryRegion') {
    const region = state.regions.find(({ id }) => id === timer.region)
    if (region?.state === 'backoff') region.state = 'waiting'
    return
  }
  const stage = state.stages.get(timer.stage) as StageState
  const task = stage.tasks[timer.task]
  if (task.state !== 'backoff') return
  makeIdle(task)
  needInputs(state, stage, commands)
}

/** Starts workers until there are as many as wanted; numbers of lost ones are not used again. */
export function spawnMissing(state: RunState, nowMs: number, commands: RunCommand[]): void {
  while (state.workers.size < state.wantedWorkers) {
    const id = state.nextWorker++
    state.workers.set(id, newWorker(id, 'starting', nowMs))
    state.starting++
    commands.push({ do: 'spawnWorker', worker: id })
  }
}
