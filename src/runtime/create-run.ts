import type { Exchange, PhysicalPlan, Stage } from '../ir/physical.ts'
import type { TaskReport } from './orders.ts'
import type { RegionState, RunSettings, RunState, StageState, TaskState } from './run-state.ts'
import { functionsOf } from './stage-functions.ts'
import { exchangeOf, exchangesInOrder, hasPipelinedInput, isPipelinedRegion, stageOf } from './stage-shape.ts'
import { TaskQueue } from './task-queue.ts'

/** What an interrupted run has committed, by `stage/task`; `lost` when the files that other tasks would read are gone. */
export type Reusable = ReadonlyMap<string, { attempt: number; report: TaskReport; lost: boolean }>

export interface RunOptions extends Partial<RunSettings> {
  /** Number before the first attempt; higher than any that an interrupted run has used. */
  firstAttempt?: number
  /** A pipelined region is taken over as a whole or not at all. */
  reusable?: Reusable
}

const defaults: RunSettings = {
  workers: 1,
  outputs: 'shared',
  backups: true,
  backupAfterMs: 5000,
  hangAfterMs: Number.POSITIVE_INFINITY,
}

/** The first state of a run. */
export function createRun(plan: PhysicalPlan, options: RunOptions = {}): RunState {
  const { firstAttempt = 0, reusable = new Map(), ...chosen } = options
  const settings: RunSettings = { ...defaults, ...chosen }
  const ranks = stageRanks(plan)
  const stages = new Map<number, StageState>()
  const counts = { retries: 0, backups: 0, backupsWon: 0, remade: 0, reused: 0 }
  const regions = plan.regions.map(({ id, stages: ids }): RegionState => {
    const region = emptyRegion(id, isPipelinedRegion(plan, id), firstAttempt)
    const ordered = ids.map((stage) => stageOf(plan, stage)).sort((a, b) => (ranks.get(a.id) ?? 0) - (ranks.get(b.id) ?? 0))
    for (const stage of ordered) {
      const created = createStage(plan, stage, region, firstAttempt, settings)
      region.stages.push(created)
      stages.set(stage.id, created)
    }
    counts.reused += takeOver(region, reusable)
    for (const { tasks, idle } of region.stages) {
      region.open += tasks.reduce((open, task) => (task.state === 'committed' ? open : open + 1), 0)
      idle.fill()
    }
    if (region.open === 0) region.state = 'committed'
    return region
  })
  for (const { region, stage } of stages.values()) for (const id of stage.inputs) connect(region, exchangeOf(plan, id), stages)
  const useful = plan.stages.filter((stage) => stage.placement === 'worker')
  const widest = Math.max(0, ...useful.map((stage) => stage.tasks))
  return {
    plan,
    settings,
    wantedWorkers: useful.length === 0 ? 0 : Math.max(1, Math.min(settings.workers, widest)),
    phase: 'running',
    regions,
    stages,
    workers: new Map(),
    free: new Set(),
    freeEarly: new Set(),
    news: [],
    starting: 0,
    nextWorker: 0,
    lostWhileIdle: 0,
    allHeardUntilMs: Number.NEGATIVE_INFINITY,
    poison: { rows: 0, lessons: 0 },
    open: regions.reduce((sum, region) => sum + region.open, 0),
    outputsOn: new Map(),
    counts,
  }
}

function connect(region: RegionState, { from, mode }: Exchange, stages: ReadonlyMap<number, StageState>): void {
  const { region: producer } = stages.get(from) as StageState
  if (producer === region) return
  // Tasks of a pipelined region count with their region: nothing of it can be read before all of it can.
  const mayFollow = mode === 'hybrid' && !producer.pipelined
  if (!region.needs.includes(producer)) {
    region.needs.push(producer)
    if (mayFollow) region.follows.add(producer)
  } else if (!mayFollow) region.follows.delete(producer)
}

function emptyRegion(id: number, pipelined: boolean, attempt: number): RegionState {
  const [stages, needs, loads, follows] = [[], [], [], new Set<RegionState>()]
  return { id, pipelined, state: 'waiting', attempt, failures: 0, stages, needs, follows, hasEarly: false, open: 0, loads }
}

function createStage(
  plan: PhysicalPlan,
  stage: Stage,
  region: RegionState,
  attempt: number,
  { hostsOf }: RunSettings,
): StageState {
  const local = stage.placement === 'coordinator'
  const tasks: TaskState[] = []
  const created: StageState = {
    id: stage.id,
    stage,
    region,
    tasks,
    local,
    slotted: !local && (!region.pipelined || !hasPipelinedInput(plan, stage)),
    idle: new TaskQueue(tasks, hostsOf && ((task) => hostsOf(stage.id, task))),
    committed: 0,
    lost: 0,
    functions: functionsOf(stage),
    rates: [],
    durationsMs: [],
    typical: { count: 0, rate: 0, durationMs: 0 },
    running: new Set(),
    attemptsSent: new Map(),
    bounds: new Map(),
  }
  for (let task = 0; task < stage.tasks; task++)
    tasks.push({ stage: created, task, state: 'idle', attempt, failures: 0, attempts: [], made: undefined, pending: undefined })
  return created
}

/** Marks what an interrupted run has done as committed; returns how many tasks. */
function takeOver(region: RegionState, reusable: Reusable): number {
  const tasks = region.stages.flatMap((stage) => stage.tasks)
  const earlier = tasks.map((task) => reusable.get(`${task.stage.id}/${task.task}`))
  if (region.pipelined && earlier.includes(undefined)) return 0
  let reused = 0
  for (const [i, task] of tasks.entries()) {
    const found = earlier[i]
    if (found === undefined) continue
    const { outputs, parts } = found.report
    task.state = 'committed'
    task.attempt = Math.max(task.attempt, found.attempt)
    task.made = { attempt: found.attempt, worker: undefined, outputs, parts, lost: found.lost }
    task.stage.committed++
    if (found.lost) task.stage.lost++
    reused++
  }
  return reused
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
