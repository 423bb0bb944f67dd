import type { PhysicalPlan, Stage } from '../ir/physical.ts'
import { coordinatorHost, type TaskOrder, type TaskReport, type WorkerId } from './orders.ts'
import type { RegionState, RunState, TaskState } from './run-state.ts'
import { exchangeOf, exchangesInOrder, hasPipelinedInput, isPipelined, isPipelinedRegion, stageOf } from './stage-shape.ts'

/** Tasks that read sources or files keep a thread busy; two of them in a pipelined region, since one may be waiting for credit. */
export const slots = { alone: 1, pipelined: 2 } as const
/**
 * While many tasks are left, a worker of a pipelined region has one more in its hands. It begins as soon as another ends, so that what tasks
 * share in a thread seldom comes to the last of them before all tasks were given out, which would only send more rows. Near the end it would
 * hold work back from idle workers.
 */
const ordersAhead = 1

/** The reports of an earlier run, by `stage/task`. */
export type Reusable = ReadonlyMap<string, { attempt: number; report: TaskReport }>

/**
 * The first state of a run.
 *
 * @param firstAttempt - number before the first attempt; higher than any that an interrupted run has used.
 * @param reusable - tasks that an interrupted run has committed. A pipelined region is taken over as a whole or not at all.
 */
export function createRun(plan: PhysicalPlan, workers: number, firstAttempt = 0, reusable: Reusable = new Map()): RunState {
  const ranks = stageRanks(plan)
  const regionOfStage = new Map(plan.regions.flatMap(({ id, stages }) => stages.map((stage) => [stage, id] as const)))
  let reused = 0
  const regions = plan.regions.map(({ id, stages }): RegionState => {
    const pipelined = isPipelinedRegion(plan, id)
    const ordered = stages
      .map((stage) => stageOf(plan, stage))
      .sort((a, b) => (ranks.get(a.id) as number) - (ranks.get(b.id) as number))
    const tasks = ordered.flatMap((stage) => tasksOf(plan, stage, pipelined, firstAttempt))
    const earlier = tasks.map((task) => reusable.get(`${task.stage}/${task.task}`))
    if (!pipelined || !earlier.includes(undefined)) {
      for (const [i, task] of tasks.entries()) {
        if (earlier[i] === undefined) continue
        Object.assign(task, { state: 'committed', attempt: earlier[i].attempt, report: earlier[i].report })
        reused++
      }
    }
    const needs = new Set<number>()
    for (const stage of ordered) {
      for (const exchange of stage.inputs) needs.add(regionOfStage.get(exchangeOf(plan, exchange).from) as number)
    }
    needs.delete(id)
    const state = tasks.every((task) => task.state === 'committed') ? 'committed' : 'waiting'
    return { id, pipelined, state, attempt: firstAttempt, failures: 0, tasks, needs: [...needs] }
  })
  const useful = plan.stages.filter((stage) => stage.placement === 'worker')
  const wantedWorkers = useful.length === 0 ? 0 : Math.max(1, Math.min(workers, Math.max(...useful.map((stage) => stage.tasks))))
  return {
    plan,
    wantedWorkers,
    phase: 'running',
    regions,
    workers: new Map(),
    nextWorker: 0,
    lostWhileIdle: 0,
    retries: 0,
    reused,
  }
}

function tasksOf(plan: PhysicalPlan, stage: Stage, pipelined: boolean, attempt: number): TaskState[] {
  const local = stage.placement === 'coordinator'
  const slotted = !local && (!pipelined || !hasPipelinedInput(plan, stage))
  return Array.from({ length: stage.tasks }, (_, task) => ({
    stage: stage.id,
    task,
    state: 'idle',
    attempt,
    failures: 0,
    local,
    slotted,
  }))
}

/** Position of each stage when producers go before consumers, and build sides before probe sides. */
function stageRanks(plan: PhysicalPlan): ReadonlyMap<number, number> {
  const ranks = new Map<number, number>()
  const visit = (stage: Stage): void => {
    if (ranks.has(stage.id)) return
    for (const exchange of exchangesInOrder(stage)) visit(stageOf(plan, exchangeOf(plan, exchange).from))
    ranks.set(stage.id, ranks.size)
  }
  for (const stage of plan.stages.filter((candidate) => candidate.outputs.length === 0)) visit(stage)
  for (const stage of plan.stages) visit(stage)
  return ranks
}

/** Regions that may start now: all they read is committed, and, when their tasks are bound to workers for good, all workers have come up. */
export function scheduleRegions(state: RunState): RegionState[] {
  const committed = new Set(state.regions.filter((region) => region.state === 'committed').map((region) => region.id))
  const allUp = [...state.workers.values()].every((worker) => worker === 'ready')
  return state.regions.filter(
    (region) => region.state === 'waiting' && region.needs.every((id) => committed.has(id)) && (allUp || !region.pipelined),
  )
}

/**
 * Gives idle tasks a worker. Tasks without a slot are spread by partition; those with one go, in their order, to the worker with the fewest:
 * a source that stands earlier is always started first, so whoever waits for a later one's turn does not wait for ever.
 */
export function dispatch(state: RunState): { region: RegionState; task: TaskState; worker: WorkerId }[] {
  const ready = [...state.workers].filter(([, worker]) => worker === 'ready').map(([id]) => id)
  const placed: { region: RegionState; task: TaskState; worker: WorkerId }[] = []
  for (const region of state.regions) {
    if (region.state !== 'running') continue
    let left = region.tasks.filter((task) => task.slotted && task.state === 'idle').length
    const load = new Map(ready.map((worker) => [worker, 0]))
    for (const task of region.tasks) {
      const running = task.state === 'running' && task.slotted && load.get(task.worker as WorkerId)
      if (typeof running === 'number') load.set(task.worker as WorkerId, running + 1)
    }
    for (const task of region.tasks) {
      if (task.state !== 'idle') continue
      const limit = !region.pipelined
        ? slots.alone
        : slots.pipelined + (left > slots.pipelined * (ready.length - 1) ? ordersAhead : 0)
      const worker = task.local ? coordinatorHost : task.slotted ? leastLoaded(load, limit) : ready[task.task % ready.length]
      if (worker === undefined) continue
      if (task.slotted) {
        load.set(worker, (load.get(worker) as number) + 1)
        left--
      }
      placed.push({ region, task, worker })
    }
  }
  return placed
}

function leastLoaded(load: ReadonlyMap<WorkerId, number>, limit: number): WorkerId | undefined {
  let best: WorkerId | undefined
  let least = limit
  for (const [worker, tasks] of load) {
    if (tasks >= least) continue
    best = worker
    least = tasks
  }
  return best
}

/** The order for a task that has just been placed: where its rows come from and where they go. */
export function orderOf(state: RunState, region: RegionState, task: TaskState): TaskOrder {
  const { plan } = state
  const stage = stageOf(plan, task.stage)
  const all = state.regions.flatMap(({ tasks }) => tasks)
  const ofStage = (id: number): TaskState[] => all.filter((candidate) => candidate.stage === id).sort((a, b) => a.task - b.task)
  const inputs = stage.inputs
    .map((id) => exchangeOf(plan, id))
    .filter((exchange) => !isPipelined(plan, exchange))
    .map((exchange) => ({
      exchange: exchange.id,
      files: ofStage(exchange.from).map(({ report }) => {
        const output = report?.outputs.find((candidate) => candidate.exchange === exchange.id)
        return { path: output?.path ?? '', entries: output?.partitions[task.task] ?? [] }
      }),
    }))
  const consumers = stage.outputs
    .map((id) => exchangeOf(plan, id))
    .filter((exchange) => isPipelined(plan, exchange))
    .map((exchange) => ({ exchange: exchange.id, workers: ofStage(exchange.to).map((consumer) => consumer.worker as WorkerId) }))
  const { attempt, slotted } = task
  return { region: region.id, stage: stage.id, task: task.task, attempt, slotted, inputs, consumers }
}
