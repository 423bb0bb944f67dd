import type { TaskOrder, TaskReport, WorkerId } from '../../../runtime/orders.ts'
import type { TaskHost } from '../../../runtime/task-host.ts'
import type { VirtualTime } from './virtual-time.ts'

/** One imagined worker process. */
export class VirtualWorker {
  readonly id: WorkerId
  /** How many times as long as others it takes. */
  readonly slowness: number
  isAlive = true
  /** It does nothing any more, and does not end. */
  hangs = false
  tasks: TaskHost | undefined
  readonly #orders = new Set<string>()

  constructor(id: WorkerId, slowness: number) {
    this.id = id
    this.slowness = slowness
  }

  /** Calls `action` after so much work, unless the worker is dead or hangs by then. */
  after(time: VirtualTime, ms: number, action: () => void): void {
    time.after(ms * this.slowness, () => {
      if (this.isAlive && !this.hangs) action()
    })
  }

  /** Runs an order; undefined for one that it has had before. */
  run(order: TaskOrder): Promise<TaskReport> | undefined {
    const name = `${order.stage}/${order.task}#${order.attempt}`
    if (this.#orders.has(name)) return undefined
    this.#orders.add(name)
    return this.tasks?.run(order)
  }
}
