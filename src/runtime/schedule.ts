import { attemptSent } from './announce.ts'
import { coordinatorHost, type TaskOrder, type WorkerId } from './orders.ts'
import { rangesOf } from './range-orders.ts'
import type { AttemptState, RegionState, RunState, StageState, TaskState } from './run-state.ts'
import { slots } from './slots.ts'
import { exchangeOf, isPipelined } from './stage-shape.ts'
import { beginAttempt, changeLoad, endWaiting } from './transitions.ts'

/**
 * While many tasks are left, a worker of a pipelined region has one more in its hands. It begins as soon as another ends, so that what tasks
 * share in a thread seldom comes to the last of them before all tasks were given out, which would only send more rows. Near the end it would
 * hold work back from idle workers.
 */
const ordersAhead = 1

/** An attempt that was given a worker. */
export interface Placed {
  task: TaskState
  attempt: AttemptState
}

const isReady = (region: RegionState): boolean => region.needs.every((needed) => needed.state === 'committed')

/**
 * May tasks of the region begin early? What they wait for does run, waits for nothing itself (so nobody waits for somebody who waits), and has made
 * something. It needs none of the places that early tasks take.
 */
const isFollowing = (region: RegionState): boolean =>
  region.follows.size > 0 && region.needs.every((needed) => needed.state === 'committed' || isFollowed(region, needed))

const isFollowed = (region: RegionState, needed: RegionState): boolean =>
  region.follows.has(needed) &&
  needed.state === 'running' &&
  needed.stages.some(({ committed }) => committed > 0) &&
  isReady(needed)

/** Begins regions whose inputs are there, and gives idle tasks to workers that have room. */
export function placeTasks(state: RunState, nowMs: number): Placed[] {
  const placed: Placed[] = []
  for (const region of state.regions) {
    if (region.state !== 'waiting' && region.state !== 'running') continue
    const ready = isReady(region)
    if (ready && region.hasEarly) endEarly(state, region, nowMs)
    if (!ready && !isFollowing(region)) continue
    if (region.state === 'waiting' && (state.starting === 0 || !region.pipelined)) begin(state, region)
    if (region.state !== 'running') continue
    if (region.pipelined) placePipelined(state, region, { nowMs, isEarly: !ready }, placed)
    else placeAlone(state, region, { nowMs, isEarly: !ready }, placed)
  }
  return placed
}

/** All that its tasks read is there now. */
function endEarly(state: RunState, region: RegionState, nowMs: number): void {
  region.hasEarly = false
  for (const { running } of region.stages)
    for (const { attempts } of running) for (const attempt of attempts) endWaiting(state, attempt, nowMs)
}

function begin(state: RunState, region: RegionState): void {
  region.state = 'running'
  region.attempt++
  // Workers that are bound to tasks for good: all of them have come up.
  if (region.pipelined) region.loads.splice(0, region.loads.length, new Set(readyWorkers(state)))
}

const readyWorkers = (state: RunState): WorkerId[] =>
  [...state.workers.values()].filter((worker) => worker.state === 'ready').map(({ id }) => id)

/** Each worker that is free takes a task: one whose input is near to it, else the next. */
function placeAlone(state: RunState, region: RegionState, start: Start, placed: Placed[]): void {
  for (const stage of region.stages) {
    if (stage.local) {
      for (let task = stage.idle.take(); task !== undefined; task = stage.idle.take())
        placed.push(place(state, task, ++task.attempt, coordinatorHost, start))
      continue
    }
    for (const worker of start.isEarly ? state.freeEarly : state.free) {
      const task = stage.idle.take(worker.host)
      if (task === undefined) break
      placed.push(place(state, task, ++task.attempt, worker.id, start))
    }
  }
}

/**
 * Tasks without a slot are spread by partition; those with one go, in their order, to the worker with the fewest: a source that stands earlier is
 * always started first, so whoever waits for a later one's turn does not wait for ever.
 */
function placePipelined(state: RunState, region: RegionState, start: Start, placed: Placed[]): void {
  const slotted = region.stages.filter((stage) => stage.slotted)
  for (const stage of region.stages) {
    if (stage.slotted || stage.idle.size === 0) continue
    const ready = stage.local ? [coordinatorHost] : readyWorkers(state)
    for (let task = stage.idle.take(); task !== undefined; task = stage.idle.take())
      placed.push(place(state, task, region.attempt, ready[task.task % ready.length], start))
  }
  let left = slotted.reduce((sum, stage) => sum + stage.idle.size, 0)
  const workers = region.loads.reduce((sum, { size }) => sum + size, 0)
  for (const stage of slotted) {
    for (; stage.idle.size > 0; left--) {
      const limit = slots.pipelined + (left > slots.pipelined * (workers - 1) ? ordersAhead : 0)
      const level = region.loads.findIndex(({ size }) => size > 0)
      if (level < 0 || level >= limit) return
      const [worker] = region.loads[level]
      const task = stage.idle.take() as TaskState
      placed.push(place(state, task, region.attempt, worker, start))
      changeLoad(region, worker, 1)
    }
  }
}

interface Start {
  nowMs: number
  isEarly: boolean
}

function place(state: RunState, task: TaskState, attempt: number, worker: WorkerId, { nowMs, isEarly }: Start): Placed {
  task.attempt = attempt
  return { task, attempt: beginAttempt(state, task, worker, nowMs, { isEarly }) }
}

/** The order for an attempt that has just been placed: where its rows come from and where they go. */
export function orderOf(state: RunState, task: TaskState, { attempt }: { attempt: number }): TaskOrder {
  const { plan } = state
  const { region, stage, slotted } = task.stage
  const inputs = stage.inputs
    .map((id) => exchangeOf(plan, id))
    .filter((exchange) => !isPipelined(plan, exchange))
    .map(({ id, from }) => ({ exchange: id, attempts: attemptsSent(state.stages.get(from) as StageState, id) }))
  const consumers = stage.outputs
    .map((id) => exchangeOf(plan, id))
    .filter((exchange) => isPipelined(plan, exchange))
    .map(({ id, to }) => ({ exchange: id, workers: workersOf(state.stages.get(to) as StageState) }))
  const ranges = rangesOf(state, task, inputs)
  const order: TaskOrder = { region: region.id, stage: stage.id, task: task.task, attempt, slotted, inputs, consumers }
  if (ranges.length > 0) order.ranges = ranges
  if (task.care !== undefined) order.care = task.care
  return order
}

/** One array for all consumers: copied for each, orders would be most of the memory of a wide run. */
function attemptsSent(producer: StageState, exchange: number): readonly number[] {
  const known = producer.attemptsSent.get(exchange)
  if (known !== undefined) return known
  const attempts = producer.tasks.map((task) => attemptSent(task, exchange))
  producer.attemptsSent.set(exchange, attempts)
  return attempts
}

/** A task that has ended before its producers, since it wanted no more, still tells them so where it ran. */
const workersOf = ({ tasks }: StageState): WorkerId[] =>
  tasks.map(({ attempts, pending }) => attempts[0]?.worker ?? pending?.made.worker ?? coordinatorHost)
