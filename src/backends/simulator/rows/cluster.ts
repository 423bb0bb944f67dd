import { bug, type MillraceError, runError } from '../../../base/errors.ts'
import type { Cluster, ClusterEvents } from '../../../runtime/cluster.ts'
import {
  type Announcement,
  coordinatorHost,
  type TaskName,
  type TaskOrder,
  type TaskReport,
  type WorkerId,
} from '../../../runtime/orders.ts'
import type { TaskHost } from '../../../runtime/task-host.ts'
import type { Faults } from './faults.ts'
import type { Network } from './network.ts'
import type { VirtualTime } from './virtual-time.ts'
import { VirtualWorker } from './worker.ts'

const signEveryMs = 1000
/** How late it is noticed that a process has ended. */
const noticeMs = 40
/** When in its life a worker that dies or hangs does so. */
const lifeMs = 600

/** What a virtual cluster is made of. */
export interface ClusterParts {
  time: VirtualTime
  faults: Faults
  network: Network
  local: TaskHost
  /** Makes the place where the tasks of a worker run. */
  tasksOf(worker: VirtualWorker): TaskHost
  note(text: string): void
}

/** Workers that are only imagined, in processes of their own: they die, hang and are slow as the faults say. */
export class VirtualCluster implements Cluster {
  readonly #parts: ClusterParts
  readonly #events: ClusterEvents
  readonly #workers = new Map<WorkerId, VirtualWorker>()

  constructor(parts: ClusterParts, events: ClusterEvents) {
    this.#parts = parts
    this.#events = events
  }

  isAlive(worker: WorkerId): boolean {
    return this.#workers.get(worker)?.isAlive === true
  }

  spawn(id: WorkerId): Promise<void> {
    const { time, faults, network, local, note } = this.#parts
    const worker = new VirtualWorker(id, faults.strikes('workerIsSlow') ? 20 : 1)
    worker.tasks = this.#parts.tasksOf(worker)
    for (const [otherId, other] of this.#workers) {
      const [own, others] = network.link(id, otherId)
      worker.tasks.link(otherId, own)
      other.tasks?.link(id, others)
    }
    const [own, locals] = network.link(id, coordinatorHost)
    worker.tasks.link(coordinatorHost, own)
    local.link(id, locals)
    this.#workers.set(id, worker)
    note(`worker ${id} starts`)
    if (faults.strikes('workerDies')) time.after(faults.between(0, lifeMs), () => this.#die(id, 'it died'))
    if (faults.strikes('workerHangs'))
      time.after(faults.between(0, lifeMs), () => {
        note(`worker ${id} hangs`)
        worker.hangs = true
      })
    this.#sign(worker)
    return new Promise((resolve) => void time.after(faults.between(1, 50), () => worker.isAlive && resolve()))
  }

  run(id: WorkerId, order: TaskOrder): Promise<TaskReport> {
    const worker = this.#workers.get(id)
    if (worker?.isAlive !== true) return Promise.reject(runError('RUN_WORKER_LOST', 'a worker ended before its task began'))
    const { network } = this.#parts
    const what = `task ${order.stage}/${order.task}#${order.attempt}`
    return new Promise((resolve, reject) => {
      network.send(coordinatorHost, id, what, () => {
        // Each arrival is an object of its own, as after a real way.
        const answer = worker.run(structuredClone(order))
        // The same order, twice.
        if (answer === undefined) return
        answer.then(
          (report) => network.send(id, coordinatorHost, `${what} done`, () => resolve(report)),
          (error: MillraceError) => network.send(id, coordinatorHost, `${what} ${error.code}`, () => reject(error)),
        )
      })
    })
  }

  endAttempt(region: number, attempt: number): void {
    for (const [id, worker] of this.#workers)
      this.#parts.network.send(coordinatorHost, id, 'endAttempt', () => worker.tasks?.endAttempt(region, attempt))
  }

  announce(made: readonly Announcement[], only?: WorkerId): void {
    for (const [id, worker] of this.#workers) {
      if (only === undefined || id === only)
        this.#parts.network.send(coordinatorHost, id, 'announce', () => worker.tasks?.announce(made))
    }
  }

  cancel(id: WorkerId, task: TaskName): void {
    const worker = this.#workers.get(id)
    this.#parts.network.send(coordinatorHost, id, 'cancel', () => worker?.tasks?.cancel(task))
  }

  kill(id: WorkerId): void {
    this.#die(id, 'it was ended')
  }

  async close(): Promise<void> {
    for (const worker of this.#workers.values()) worker.isAlive = false
  }

  #die(id: WorkerId, why: string): void {
    const worker = this.#workers.get(id)
    if (worker?.isAlive !== true) return
    const { time, faults, note } = this.#parts
    note(`worker ${id} ends`)
    worker.isAlive = false
    this.#workers.delete(id)
    time.after(faults.between(0, noticeMs), () => this.#events.lost(id, why))
  }

  #sign(worker: VirtualWorker): void {
    this.#parts.time.after(signEveryMs, () => {
      if (!worker.isAlive) return
      const { id, tasks } = worker
      if (tasks === undefined) throw bug(`worker ${id} has no tasks`)
      if (!worker.hangs) {
        const sign = tasks.signOfLife()
        this.#parts.network.send(id, coordinatorHost, 'sign', () => this.#events.sign(id, sign))
      }
      this.#sign(worker)
    })
  }
}
