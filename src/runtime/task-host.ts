import type { CreditLimits } from './exchange/credit.ts'
import { type LinkPort, Switchboard } from './exchange/switchboard.ts'
import type { TaskOrder, TaskReport, WorkerId } from './orders.ts'
import { exchangeOf } from './stage-shape.ts'
import { runTask } from './task.ts'
import type { TaskEnvironment } from './task-context.ts'

/** Runs the tasks of one thread, many at once. */
export class TaskHost {
  readonly #env: TaskEnvironment
  readonly #running = new Map<string, Set<AbortController>>()

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
    const scope = `${order.region}.${order.attempt}`
    const siblings = this.#running.get(scope) ?? new Set()
    this.#running.set(scope, siblings.add(controller))
    try {
      return await runTask(order, this.#env, controller.signal)
    } finally {
      siblings.delete(controller)
    }
  }

  /** Stops the tasks of an attempt of a region and forgets its channels. */
  endAttempt(region: number, attempt: number): void {
    for (const controller of this.#running.get(`${region}.${attempt}`) ?? []) controller.abort()
    this.#env.switchboard.closeAttempt(region, attempt)
  }

  close(): void {
    for (const siblings of this.#running.values()) for (const controller of siblings) controller.abort()
    this.#env.switchboard.close()
  }
}
