import { Agenda } from '../../base/agenda.ts'
import { bug, type MillraceError } from '../../base/errors.ts'
import { SeededRandom } from '../../base/seeded-random.ts'
import type { PhysicalPlan } from '../../ir/physical.ts'
import { step } from '../../runtime/coordinator.ts'
import { createRun, type RunOptions } from '../../runtime/create-run.ts'
import { coordinatorHost, type TaskOrder, type WorkerId } from '../../runtime/orders.ts'
import type { RunCommand, RunCounts, RunEvent } from '../../runtime/run-state.ts'
import { Attempts, type ReadCounts } from './attempts.ts'
import { placeBlocks } from './blocks.ts'
import { Cluster, type MachineId } from './cluster.ts'
import type { ClusterSpec } from './cluster-spec.ts'
import { EventLog } from './event-log.ts'
import { FlowNetwork } from './flow-network.ts'
import { Messages } from './messages.ts'
import { Outputs } from './outputs.ts'
import { RateSeries, series } from './rate-series.ts'
import { type StageOutputs, stageLoads } from './stage-loads.ts'
import { StageMarks } from './stage-marks.ts'
import { Workers } from './workers.ts'

/** What goes wrong at a moment of a run. */
export type Fault =
  /** Processes of workers end; the machines go on. */
  | { fault: 'kill'; count: number; atMs: number }
  /** Machines stop, and are back after a while with what was on their disks for good; outputs of the run are gone. */
  | { fault: 'crash'; count: number; atMs: number; downMs: number }

export interface SimulationOptions {
  cluster: ClusterSpec
  seed: number
  /** May slow tasks be started a second time? */
  backups: boolean
  /** Does the coordinator know where input lies? */
  locality: boolean
  /** Bytes that stages make, where the planner's estimates are not good enough. */
  outputs: StageOutputs
  faults: readonly Fault[]
  /** Share of messages that do badly. */
  badMessages: number
  /** Lines of the event log that are kept. */
  keepLines?: number
  /** Is given the settings of the coordinator, and from then on every event that it takes; nothing in the run depends on it. */
  listen?(settings: RunOptions): (event: RunEvent, nowMs: number) => void
}

export interface SimulationResult {
  error: MillraceError | undefined
  totalMs: number
  /** Of everything that happened: the same seed and plan give the same. */
  hash: string
  lines: readonly string[]
  stages: readonly StageMarks[]
  counts: RunCounts
  /** Bytes read from input, by the distance of the copy; moved between tasks, written, and passed through the root switch. */
  reads: ReadCounts
  shuffledBytes: number
  writtenBytes: number
  rootBytes: number
  /** Share of the time between the first and the last task that workers had one. */
  utilisation: number
  workers: number
  rates: RateSeries
  messages: { sent: number; bad: number }
  coordinator: { events: number; tasks: number }
}

/** Changes that reach many flows are worked out this often. */
const settleEveryMs = 250
/** Nothing runs for so long: nothing ever will. */
const standstillMs = 3_600_000
/** Renaming what was written. */
const commitMs = 500

/**
 * Runs a plan on an imagined cluster: the real coordinator decides, and machines, disks, network, time and chance are this module's.
 * No row is looked at; tasks are bytes and rates.
 */
export function simulate(plan: PhysicalPlan, options: SimulationOptions): SimulationResult {
  const { cluster: spec } = options
  const random = new SeededRandom(options.seed)
  const cluster = new Cluster(spec, random.fork('machines'))
  const agenda = new Agenda<() => void>()
  const log = new EventLog(options.keepLines ?? 0)
  const rates = new RateSeries()
  const network = new FlowNetwork({
    capacities: cluster.capacities,
    settleEveryMs,
    watched: { resource: cluster.root, series: series.root },
    onRate: (number, change, atMs) => rates.change(number, change, atMs),
  })
  const messages = new Messages(agenda, random.fork('messages'), spec.messageMs, options.badMessages)
  const blocks = placeBlocks(plan, cluster, random.fork('blocks'))
  const hostNames = new Map(
    [...blocks].map(([stage, places]) => [stage, places.map((copies) => copies.map((m) => cluster.nameOf(m)))]),
  )
  const marks = new Map(plan.stages.map((stage) => [stage.id, new StageMarks(stage)]))
  const settings: RunOptions = {
    workers: spec.machines,
    outputs: 'worker',
    backups: options.backups,
    hangAfterMs: spec.hangSeconds * 1000,
    ...(options.locality ? { hostsOf: (stage: number, task: number) => hostNames.get(stage)?.[task] ?? [] } : {}),
  }
  const state = createRun(plan, settings)
  const hear = options.listen?.(settings)
  const attempts = new Attempts({
    plan,
    cluster,
    loads: stageLoads(plan, spec, options.outputs),
    blocks,
    network,
    outputs: new Outputs(cluster),
    random: random.fork('tasks'),
    answer: (worker, event, atMs) => {
      // What a process has not sent when it ends is not sent any more; what it has sent arrives.
      if (worker === coordinatorHost) agenda.put(atMs, () => tell(event))
      else messages.send(atMs, () => tell(event))
    },
    received: (stage, atMs) => marks.get(stage)?.received(atMs),
    busy: (change, atMs) => rates.change(series.busy, change, atMs),
  })
  const workers = new Workers({ cluster, agenda, random: random.fork('workers'), now: () => nowMs, ready: welcome })
  let nowMs = 0
  let idleSinceMs = 0
  let outcome: Extract<RunCommand, { do: 'succeed' | 'fail' }> | undefined
  let events = 0
  let tasksStarted = 0
  let firstTaskMs = Number.POSITIVE_INFINITY

  for (const fault of options.faults) agenda.put(fault.atMs, () => strike(fault))
  tell({ event: 'start' })
  while (outcome === undefined) {
    nowMs = Math.max(nowMs, Math.min(agenda.nextMs, network.nextMs))
    if (nowMs - idleSinceMs > standstillMs) throw bug('the simulated run stands still')
    for (let flow = network.ended(nowMs); flow !== undefined; flow = network.ended(nowMs)) attempts.flowEnded(flow, nowMs)
    while (agenda.nextMs <= nowMs && outcome === undefined) agenda.take()?.()
    network.settle(nowMs)
    if (attempts.running > 0) idleSinceMs = nowMs
  }
  return result(outcome)

  function tell(event: RunEvent): void {
    if (outcome !== undefined) return
    events++
    if (event.event !== 'progress') log.note(nowMs, describeEvent(event))
    hear?.(event, nowMs)
    for (const command of step(state, event, nowMs)) carryOut(command)
  }

  function carryOut(command: RunCommand): void {
    switch (command.do) {
      case 'spawnWorker':
        log.note(nowMs, `spawn worker ${command.worker}`)
        workers.spawn(command.worker)
        return vouchFor(command.worker)
      case 'killWorker':
        log.note(nowMs, `kill worker ${command.worker}`)
        return endWorker(command.worker)
      case 'startTask':
        log.note(nowMs, `start ${nameOf(command.order)} on ${command.worker}`)
        tasksStarted++
        return startTask(command.worker, command.order)
      case 'cancelTask': {
        const { worker, order } = command
        log.note(nowMs, `cancel ${nameOf(order)} on ${worker}`)
        return messages.send(nowMs, () => attempts.cancel(worker, order, nowMs))
      }
      case 'announce': {
        // All at once: thousands of messages would say the same.
        const { made } = command
        return messages.send(nowMs, () => attempts.announce(made, nowMs))
      }
      case 'acceptReport':
        return marks.get(command.order.stage)?.committed(command.order.task, nowMs)
      case 'setTimer': {
        const { timer } = command
        return agenda.put(nowMs + command.afterMs, () => tell({ event: 'timer', timer }))
      }
      case 'commitSinks':
        return agenda.put(nowMs + commitMs, () => tell({ event: 'sinksCommitted' }))
      case 'succeed':
      case 'fail':
        log.note(nowMs, command.do)
        outcome = command
        return
      case 'journal':
      case 'warn':
      case 'discardOutput':
      case 'endAttempt':
        // Plans that store every exchange have no attempts of regions; files of attempts that were late take no place that anybody would miss.
        return
    }
  }

  function startTask(worker: WorkerId, order: TaskOrder): void {
    const begin = (): void => {
      const machine = worker === coordinatorHost ? cluster.coordinator : workers.machineOf(worker)
      if (machine === undefined) return
      firstTaskMs = Math.min(firstTaskMs, nowMs)
      marks.get(order.stage)?.started(nowMs)
      attempts.begin(worker, machine, order, nowMs)
    }
    if (worker === coordinatorHost) agenda.put(nowMs, begin)
    else messages.send(nowMs, () => agenda.put(nowMs + spec.taskStartMs, begin))
  }

  /** Until a worker has come up, the cluster manager tells that it will: it is not silent because something hangs. */
  function vouchFor(worker: WorkerId): void {
    agenda.put(nowMs + (spec.hangSeconds * 1000) / 2, () => {
      if (!workers.isComing(worker)) return
      messages.send(nowMs, () => tell({ event: 'progress', worker, tasks: [] }))
      vouchFor(worker)
    })
  }

  function welcome(worker: WorkerId, machine: MachineId): void {
    attempts.welcome(worker)
    messages.send(nowMs, () => tell({ event: 'workerReady', worker, host: cluster.nameOf(machine) }))
    const everyMs = spec.progressSeconds * 1000
    const beat = (): void => {
      if (workers.machineOf(worker) === undefined) return
      const tasks = attempts.progressOf(worker, nowMs)
      if (tasks.length > 0) messages.send(nowMs, () => tell({ event: 'progress', worker, tasks }))
      agenda.put(nowMs + everyMs, beat)
    }
    agenda.put(nowMs + everyMs, beat)
  }

  function endWorker(worker: WorkerId): void {
    workers.end(worker)
    attempts.dropWorker(worker, nowMs)
  }

  function strike(fault: Fault): void {
    for (const worker of workers.draw(fault.count)) {
      const machine = workers.machineOf(worker) as MachineId
      log.note(nowMs, `${fault.fault} worker ${worker} on ${cluster.nameOf(machine)}`)
      if (fault.fault === 'kill') {
        endWorker(worker)
        messages.send(nowMs, () => tell({ event: 'workerLost', worker, why: 'its process was killed' }))
      } else {
        cluster.up[machine] = 0
        endWorker(worker)
        // Nobody tells the coordinator: it notices that the machine is silent.
        attempts.leaveMachine(machine, nowMs)
        agenda.put(nowMs + fault.downMs, () => {
          cluster.up[machine] = 1
          workers.offer(machine)
        })
      }
    }
  }

  function result(ended: NonNullable<typeof outcome>): SimulationResult {
    const busyMs = rates.total('busy', nowMs)
    const lastMs = Math.max(0, ...[...marks.values()].map(({ doneMs }) => doneMs ?? nowMs))
    return {
      error: ended.do === 'fail' ? ended.error : undefined,
      totalMs: nowMs,
      hash: log.digest(),
      lines: log.lines,
      stages: [...marks.values()],
      counts: { ...state.counts },
      reads: attempts.reads,
      shuffledBytes: rates.total('shuffle', nowMs),
      writtenBytes: rates.total('output', nowMs),
      rootBytes: rates.total('root', nowMs),
      utilisation: busyMs / Math.max(1, state.wantedWorkers * (lastMs - firstTaskMs)),
      workers: state.wantedWorkers,
      rates,
      messages: { sent: messages.sent, bad: messages.bad },
      coordinator: { events, tasks: tasksStarted },
    }
  }
}

const nameOf = ({ stage, task, attempt }: { stage: number; task: number; attempt: number }): string =>
  `${stage}/${task}/${attempt}`

function describeEvent(event: Exclude<RunEvent, { event: 'progress' }>): string {
  switch (event.event) {
    case 'workerReady':
      return `ready ${event.worker} at ${event.host}`
    case 'workerLost':
      return `lost ${event.worker}`
    case 'taskDone':
      return `done ${nameOf(event.order)}`
    case 'taskFailed':
      return `failed ${nameOf(event.order)} ${event.error.code}`
    case 'timer':
      return event.timer.kind
    default:
      return event.event
  }
}
