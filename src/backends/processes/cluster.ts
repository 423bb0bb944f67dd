import { isMillraceError, type MillraceError, runError, thrownMessage } from '../../base/errors.ts'
import { isTooManyOpenFiles, tooManyOpenFiles } from '../../base/open-files.ts'
import type { Cluster, ClusterEvents } from '../../runtime/cluster.ts'
import { cleanUpAtExit } from '../../runtime/exit-cleanup.ts'
import {
  type Announcement,
  coordinatorHost,
  type TaskName,
  type TaskOrder,
  type TaskReport,
  type WorkerId,
} from '../../runtime/orders.ts'
import { ownMark } from '../../runtime/process-life.ts'
import { keepErrorDetails } from '../../runtime/rpc/errors.ts'
import { guarded } from '../../runtime/rpc/guarded.ts'
import { connectTo, type Hello } from '../../runtime/rpc/socket.ts'
import { removeSocketFolder, type SocketFolder, socketPath } from '../../runtime/rpc/socket-folder.ts'
import type { SocketPort } from '../../runtime/rpc/socket-port.ts'
import { isPipelined } from '../../runtime/stage-shape.ts'
import type { TaskHost } from '../../runtime/task-host.ts'
import type { SharedSetup } from '../../runtime/worker-tasks.ts'
import { startChild, type WorkerProcess } from './child.ts'
import { controlOf } from './control.ts'
import type { Orphan } from './orphans.ts'
import type { WorkerProcessApi } from './worker.ts'

/** How long tasks that were told to stop may take before their processes are killed. */
const stoppingMs = 300

type Calls = ReturnType<typeof guarded<WorkerProcessApi>>

/** Where the workers of a run are found. */
export interface ClusterStart {
  sockets: SocketFolder
  /** How long a worker waits for another coordinator. */
  graceMs: number
  /** Those that are there already. */
  orphans: readonly Orphan[]
}

/** Worker processes of one run. Every pair of processes, the coordinator's included, is joined by a socket of its own for data. */
export class ProcessCluster implements Cluster {
  readonly #entry: URL
  readonly #setup: SharedSetup
  readonly #local: TaskHost
  readonly #events: ClusterEvents
  readonly #start: ClusterStart
  readonly #processes = new Map<WorkerId, WorkerProcess>()
  /** Those that listen, so that others can connect to them. */
  readonly #members = new Map<WorkerId, Calls>()
  readonly #forgetCleanup: () => void
  #closing = false

  constructor(entry: URL, setup: SharedSetup, start: ClusterStart, local: TaskHost, events: ClusterEvents) {
    keepErrorDetails()
    this.#entry = entry
    this.#setup = setup
    this.#local = local
    this.#events = events
    this.#start = start
    this.#forgetCleanup = cleanUpAtExit(() => this.#killAll())
    for (const { worker, process, control, data } of start.orphans) {
      this.#processes.set(worker, process)
      ignoreLoss(this.#join(worker, process, control, data).follow(ownMark()))
    }
  }

  async spawn(worker: WorkerId): Promise<void> {
    const { sockets, graceMs } = this.#start
    const child = startChild(this.#entry, { coordinator: ownMark(), worker, sockets, graceMs })
    this.#processes.set(worker, child)
    const ports = await Promise.race([child.listening.then(() => this.#connect(worker, child)), child.ended])
    if (typeof ports === 'string') throw this.#lose(worker, ports)
    // Of two workers the later one connects to the other, and says that it is ready when all of them know it:
    // nobody is given a task that speaks to a worker it is not linked to yet.
    // Where no rows go from task to task it need not wait for one that is busy.
    const others = this.#setup.plan.exchanges.some((exchange) => isPipelined(this.#setup.plan, exchange))
      ? [...this.#members.keys()]
      : []
    await this.#join(worker, child, ...ports).setup({ ...this.#setup, worker }, others)
  }

  async run(worker: WorkerId, order: TaskOrder): Promise<TaskReport> {
    const api = this.#members.get(worker)
    if (api === undefined) throw runError('RUN_WORKER_LOST', 'a worker ended before its task began', { retryable: true })
    return api.run(order)
  }

  endAttempt(region: number, attempt: number): void {
    for (const api of this.#members.values()) ignoreLoss(api.endAttempt(region, attempt))
  }

  announce(made: readonly Announcement[], worker?: WorkerId): void {
    for (const [id, api] of this.#members) if (worker === undefined || id === worker) ignoreLoss(api.announce(made))
  }

  cancel(worker: WorkerId, task: TaskName): void {
    const api = this.#members.get(worker)
    if (api !== undefined) ignoreLoss(api.cancel(task))
  }

  kill(worker: WorkerId): void {
    this.#processes.get(worker)?.kill()
  }

  async close(idle: Promise<unknown>): Promise<void> {
    this.#closing = true
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, stoppingMs)
    })
    await Promise.race([idle, grace])
    clearTimeout(timer)
    this.#killAll()
    await Promise.all([...this.#processes.values()].map(({ ended }) => ended))
    this.#forgetCleanup()
  }

  #killAll(): void {
    for (const child of this.#processes.values()) child.kill()
    removeSocketFolder(this.#start.sockets)
  }

  #join(worker: WorkerId, process: WorkerProcess, control: SocketPort, data: SocketPort): Calls {
    const thread = controlOf(control, process.ended, (sign) => this.#events.sign(worker, sign))
    const api = guarded<WorkerProcessApi>(thread, (why, uncaught) =>
      this.#lose(worker, why, isMillraceError(uncaught) ? uncaught : undefined),
    )
    this.#members.set(worker, api)
    this.#local.link(worker, data)
    return api
  }

  /** @returns why it could not be connected to, else the sockets for calls and for data. */
  async #connect(worker: WorkerId, child: WorkerProcess): Promise<readonly [SocketPort, SocketPort] | string> {
    const { sockets } = this.#start
    const connect = (purpose: Hello['purpose']) =>
      connectTo(socketPath(sockets, worker), sockets.token, { from: coordinatorHost, purpose })
    try {
      return await Promise.all([connect('control'), connect('data')])
    } catch (thrown) {
      child.kill()
      return `${thrownMessage(thrown)}; ${await child.ended}`
    }
  }

  #lose(worker: WorkerId, why: string, error?: MillraceError): MillraceError {
    this.#processes.delete(worker)
    this.#members.delete(worker)
    // The next one would not start either.
    if (isTooManyOpenFiles(why)) return tooManyOpenFiles('a worker cannot start')
    if (!this.#closing) this.#events.lost(worker, why, error)
    return error ?? runError('RUN_WORKER_LOST', `a worker ended: ${why}`, { retryable: true })
  }
}

/** That a worker ended is told by itself; calls without an answer need not tell it again. */
function ignoreLoss(call: Promise<unknown>): void {
  call.catch(() => {})
}
