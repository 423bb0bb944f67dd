import { faultPoint } from '../base/fault-points.ts'
import type { CreditLimits } from './exchange/credit.ts'
import { InputAttempts } from './exchange/input-attempts.ts'
import type { LinkPort } from './exchange/link.ts'
import { Switchboard } from './exchange/switchboard.ts'
import { ThreadMeter } from './metrics/thread-meter.ts'
import type { Announcement, SignOfLife, TaskName, TaskOrder, TaskProgress, TaskReport, WorkerId } from './orders.ts'
import { slots } from './slots.ts'
import { StagePeers } from './stage-peers.ts'
import { exchangeOf, hybridInputs, isPipelinedRegion, stageOf } from './stage-shape.ts'
import { runTask } from './task.ts'
import type { TaskCounts, TaskEnvironment } from './task-context.ts'

/** The tasks of one attempt of a region in this thread. */
interface RegionTasks {
  readonly running: Map<string, RunningTask>
  /** Tasks with a slot that were ordered and have not ended, and those of them that wait for one to end. */
  slotted: number
  readonly waiting: (() => void)[]
}

interface RunningTask {
  readonly order: TaskOrder
  readonly inputs: InputAttempts
  readonly controller: AbortController
  readonly counts: TaskCounts
}

/** Runs the tasks of one thread, many at once. */
export class TaskHost {
  readonly #env: TaskEnvironment
  readonly #regions = new Map<string, RegionTasks>()
  readonly #peers = new Map<string, StagePeers>()

  constructor(self: WorkerId, env: Omit<TaskEnvironment, 'switchboard' | 'meter'>, credit?: CreditLimits) {
    const switchboard = new Switchboard(self, (exchange) => exchangeOf(env.plan, exchange).fields, credit)
    const meter = new ThreadMeter(env.host.clock)
    const tick = (): undefined | Promise<void> => {
      const pause = env.pace.tick()
      return pause === undefined ? undefined : meter.suspend(pause)
    }
    this.#env = { ...env, switchboard, meter, pace: { tick } }
  }

  get peakMemoryBytes(): number {
    return this.#env.memory.peakBytes
  }

  link(worker: WorkerId, port: LinkPort): void {
    this.#env.switchboard.link(worker, port)
  }

  async run(order: TaskOrder): Promise<TaskReport> {
    const controller = new AbortController()
    const counts: TaskCounts = { rowsRead: 0, bytesRead: 0, rowsReceived: 0 }
    const region = this.#regionOf(order)
    const name = nameOfTask(order)
    const inputs = new InputAttempts(order)
    region.running.set(name, { order, inputs, controller, counts })
    const peers = this.#peersOf(order)
    peers.enter()
    try {
      // Orders of a region come by rank and begin in that order, so the earliest source that has not ended always runs, and whoever waits for it
      // goes on. Other regions do not count: with them, two that wait for credit could keep both places from the ones they need.
      if (order.slotted && region.slotted++ >= slots.pipelined) await new Promise<void>((resolve) => region.waiting.push(resolve))
      faultPoint('task.begin')
      const report = await runTask(order, this.#env, inputs, peers, counts, controller.signal)
      // A promise that a function has left behind may have failed: this thread hears of that now, before the task counts.
      if (this.#env.plan.fns.length > 0) await new Promise((resolve) => setImmediate(resolve))
      faultPoint('task.report')
      return report
    } finally {
      region.running.delete(name)
      if (order.slotted) {
        region.slotted--
        region.waiting.shift()?.()
      }
      if (region.running.size === 0) this.#regions.delete(nameOfRegion(order))
      if (peers.end()) this.#peers.delete(nameOfPeers(order))
    }
  }

  /** Stops the tasks of an attempt of a region and forgets its channels. */
  endAttempt(region: number, attempt: number): void {
    for (const { controller } of this.#regions.get(nameOfRegion({ region, attempt }))?.running.values() ?? []) controller.abort()
    this.#env.switchboard.closeAttempt(region, attempt)
  }

  /** More of what its tasks read is there. */
  announce(made: readonly Announcement[]): void {
    for (const { running } of this.#regions.values()) for (const { inputs } of running.values()) inputs.announce(made)
  }

  /** Stops one task of a region that is not pipelined. */
  cancel(task: TaskName): void {
    this.#regions.get(nameOfRegion(task))?.running.get(nameOfTask(task))?.controller.abort()
  }

  /** To be told the coordinator about once a second. */
  signOfLife(): SignOfLife {
    return { tasks: this.progress(), lost: this.#env.switchboard.lostItems() }
  }

  /** How far the tasks are that run here. */
  progress(): readonly TaskProgress[] {
    return [...this.#regions.values()].flatMap(({ running }) => [...running.values()].map((task) => this.#progressOf(task)))
  }

  #progressOf({ order, inputs, counts: { rowsRead, bytesRead, rowsReceived } }: RunningTask): TaskProgress {
    const { plan } = this.#env
    const { region, stage, task, attempt } = order
    const progress: TaskProgress = { region, stage, task, attempt, rows: rowsRead + rowsReceived, bytes: bytesRead }
    const hybrid = hybridInputs(plan, stageOf(plan, stage))
    if (hybrid.length > 0) progress.known = inputs.known(hybrid)
    return progress
  }

  close(): void {
    for (const { running } of this.#regions.values()) for (const { controller } of running.values()) controller.abort()
    this.#env.switchboard.close()
  }

  #regionOf(order: TaskOrder): RegionTasks {
    const name = nameOfRegion(order)
    const region = this.#regions.get(name) ?? { running: new Map(), slotted: 0, waiting: [] }
    this.#regions.set(name, region)
    return region
  }

  /** Tasks of a region that is not pipelined are committed one by one, so none may leave rows to another. */
  #peersOf(order: TaskOrder): StagePeers {
    const { plan, memory } = this.#env
    if (plan.incremental || !isPipelinedRegion(plan, order.region)) return new StagePeers(memory)
    const name = nameOfPeers(order)
    const peers = this.#peers.get(name) ?? new StagePeers(memory)
    this.#peers.set(name, peers)
    return peers
  }
}

const nameOfRegion = ({ region, attempt }: { region: number; attempt: number }): string => `${region}.${attempt}`
const nameOfTask = ({ stage, task }: TaskName): string => `${stage}/${task}`
const nameOfPeers = (order: TaskOrder): string => `${nameOfRegion(order)}.${order.stage}`
