import { MessageChannel, Worker } from 'node:worker_threads'
import { runError } from '../../base/errors.ts'
import { isTooManyOpenFiles, tooManyOpenFiles } from '../../base/open-files.ts'
import { isThrownHere } from '../../base/stack.ts'
import { threwOutside } from '../../base/threw-outside.ts'
import type { Cluster, ClusterEvents } from '../../runtime/cluster.ts'
import {
  type Announcement,
  coordinatorHost,
  type SignOfLife,
  type TaskName,
  type TaskOrder,
  type TaskReport,
  type WorkerId,
} from '../../runtime/orders.ts'
import { keepErrorDetails } from '../../runtime/rpc/errors.ts'
import { guarded } from '../../runtime/rpc/guarded.ts'
import { handOver } from '../../runtime/rpc/serve.ts'
import type { TaskHost } from '../../runtime/task-host.ts'
import type { SharedSetup } from '../../runtime/worker-tasks.ts'
import type { WorkerApi } from './worker.ts'

/** How long tasks that were told to stop may take before their threads are ended by force. */
const stoppingMs = 300

interface Member {
  thread: Worker
  api: ReturnType<typeof guarded<WorkerApi>>
}

/** Worker threads of one run. Every pair of threads, the coordinator's included, is joined by a port of its own for data. */
export class ThreadCluster implements Cluster {
  readonly #url: URL
  readonly #setup: SharedSetup
  readonly #local: TaskHost
  readonly #events: ClusterEvents
  readonly #members = new Map<WorkerId, Member>()
  #closing = false

  constructor(url: URL, setup: SharedSetup, local: TaskHost, events: ClusterEvents) {
    keepErrorDetails()
    this.#url = url
    this.#setup = setup
    this.#local = local
    this.#events = events
  }

  async spawn(worker: WorkerId): Promise<void> {
    // The mark tells modules that are loaded there where they are: a program must not start a run inside of a run.
    const { youngMegabytes } = this.#setup
    const limits = youngMegabytes === undefined ? {} : { resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes } }
    const thread = new Worker(this.#url, { workerData: { millraceWorker: worker }, ...limits })
    const api = guarded<WorkerApi>(thread, (why, uncaught) => {
      this.#members.delete(worker)
      // The next one would not start either.
      if (isTooManyOpenFiles(why)) return tooManyOpenFiles('a worker cannot start')
      const error = isOfUser(uncaught) ? threwOutside(uncaught) : undefined
      if (!this.#closing) this.#events.lost(worker, why, error)
      if (error !== undefined) return error
      return runError('RUN_WORKER_LOST', `a worker ended: ${why}`, { retryable: true })
    })
    // Calls on a port arrive in their order: nobody is given a task that speaks to a worker it is not linked to yet.
    for (const [other, member] of this.#members) {
      const { port1, port2 } = new MessageChannel()
      ignoreLoss(member.api.link(worker, handOver(port1, [port1])))
      ignoreLoss(api.link(other, handOver(port2, [port2])))
    }
    const { port1, port2 } = new MessageChannel()
    this.#local.link(worker, port1 as never)
    ignoreLoss(api.link(coordinatorHost, handOver(port2, [port2])))
    this.#members.set(worker, { thread, api })
    const signs = new MessageChannel()
    signs.port1.on('message', (sign: SignOfLife) => this.#events.sign(worker, sign))
    signs.port1.unref()
    ignoreLoss(api.watch(handOver(signs.port2, [signs.port2])))
    await api.setup({ ...this.#setup, worker })
  }

  async run(worker: WorkerId, order: TaskOrder): Promise<TaskReport> {
    const member = this.#members.get(worker)
    if (member === undefined) throw runError('RUN_WORKER_LOST', 'a worker ended before its task began', { retryable: true })
    return member.api.run(order)
  }

  endAttempt(region: number, attempt: number): void {
    for (const { api } of this.#members.values()) ignoreLoss(api.endAttempt(region, attempt))
  }

  announce(made: readonly Announcement[], worker?: WorkerId): void {
    for (const [id, { api }] of this.#members) if (worker === undefined || id === worker) ignoreLoss(api.announce(made))
  }

  cancel(worker: WorkerId, task: TaskName): void {
    const member = this.#members.get(worker)
    if (member !== undefined) ignoreLoss(member.api.cancel(task))
  }

  kill(worker: WorkerId): void {
    void this.#members.get(worker)?.thread.terminate()
  }

  async close(idle: Promise<unknown>): Promise<void> {
    this.#closing = true
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, stoppingMs)
    })
    await Promise.race([idle, grace])
    clearTimeout(timer)
    await Promise.all([...this.#members.values()].map(({ thread }) => thread.terminate()))
  }
}

/** Node.js has codes for threads that end for another reason, such as too little memory. */
const isOfUser = (uncaught: unknown): boolean =>
  uncaught !== undefined && (uncaught as { code?: unknown } | null)?.code === undefined && !isThrownHere(uncaught)

/** That a worker ended is told by itself; calls without an answer need not tell it again. */
function ignoreLoss(call: Promise<unknown>): void {
  call.catch(() => {})
}
