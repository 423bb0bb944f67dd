import type { CreditLimits } from './exchange/credit.ts'
import { type LinkPort, Switchboard } from './exchange/switchboard.ts'
import type { TaskOrder, TaskReport, WorkerId } from './orders.ts'
import { slots } from './schedule.ts'
import { StagePeers } from './stage-peers.ts'
import { exchangeOf, isPipelinedRegion } from './stage-shape.ts'
import { runTask } from './task.ts'
import type { TaskEnvironment } from './task-context.ts'

/** The tasks of one attempt of a region in this thread. */
interface RegionTasks {
  readonly controllers: Set<AbortController>
  /** Tasks with a slot that were ordered and have not ended, and those of them that wait for one to end. */
  slotted: number
  readonly waiting: (() => void)[]
}

/** Runs the tasks of one thread, many at once. */
export class TaskHost {
  readonly #env: TaskEnvironment
  readonly #regions = new Map<string, RegionTasks>()
  readonly #peers = new Map<string, StagePeers>()

  constructor(self: WorkerId, env: Omit<TaskEnvironment, 'switchboard'>, credit?: CreditLimits) {
    const switchboard = new Switchboard(self, (exchange) => exchangeOf(env.plan, exchange).fields, credit)
    this.#env = { ...env, switchboard }
  }

  get peakMemoryBytes(): number {
    return this.#env.memory.peakBytes
  }

  link(worker: WorkerId, port: LinkPort): void {
    this.#env.switchboard.link(worker, port)
  }

  async run(order: TaskOrder): Promise<TaskReport> {
    const controller = new AbortController()
    const region = this.#regionOf(order)
    region.controllers.add(controller)
    const peers = this.#peersOf(order)
    peers.enter()
    try {
      // Orders of a region come by rank and begin in that order, so the earliest source that has not ended always runs, and whoever waits for it
      // goes on. Other regions do not count: with them, two that wait for credit could keep both places from the ones they need.
      if (order.slotted && region.slotted++ >= slots.pipelined) await new Promise<void>((resolve) => region.waiting.push(resolve))
      const report = await runTask(order, this.#env, peers, controller.signal)
      // A promise that a function has left behind may have failed: this thread hears of that now, before the task counts.
      if (this.#env.plan.fns.length > 0) await new Promise((resolve) => setImmediate(resolve))
      return report
    } finally {
      region.controllers.delete(controller)
      if (order.slotted) {
        region.slotted--
        region.waiting.shift()?.()
      }
      if (region.controllers.size === 0) this.#regions.delete(nameOfRegion(order))
      if (peers.end()) this.#peers.delete(nameOfPeers(order))
    }
  }

  /** Stops the tasks of an attempt of a region and forgets its channels. */
  endAttempt(region: number, attempt: number): void {
    for (const controller of this.#regions.get(nameOfRegion({ region, attempt }))?.controllers ?? []) controller.abort()
    this.#env.switchboard.closeAttempt(region, attempt)
  }

  close(): void {
    for (const { controllers } of this.#regions.values()) for (const controller of controllers) controller.abort()
    this.#env.switchboard.close()
  }

  #regionOf(order: TaskOrder): RegionTasks {
    const name = nameOfRegion(order)
    const region = this.#regions.get(name) ?? { controllers: new Set(), slotted: 0, waiting: [] }
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
const nameOfPeers = (order: TaskOrder): string => `${nameOfRegion(order)}.${order.stage}`
