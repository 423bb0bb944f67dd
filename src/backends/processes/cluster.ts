import { isMillraceError, type MillraceError, runError, thrownMessage } from '../../base/errors.ts'
import { isTooManyOpenFiles, tooManyOpenFiles } from '../../base/open-files.ts'
import type { Cluster, ClusterEvents } from '../../runtime/driver.ts'
import { cleanUpAtExit } from '../../runtime/exit-cleanup.ts'
import { coordinatorHost, type TaskName, type TaskOrder, type TaskReport, type WorkerId } from '../../runtime/orders.ts'
import { ownMark } from '../../runtime/process-life.ts'
import { keepErrorDetails } from '../../runtime/rpc/errors.ts'
import { guarded } from '../../runtime/rpc/guarded.ts'
import { connectTo, type Hello } from '../../runtime/rpc/socket.ts'
import { makeSocketFolder, removeSocketFolder, type SocketFolder, socketPath } from '../../runtime/rpc/socket-folder.ts'
import type { SocketPort } from '../../runtime/rpc/socket-port.ts'
import type { TaskHost } from '../../runtime/task-host.ts'
import type { SharedSetup } from '../../runtime/worker-tasks.ts'
import { type Child, startChild } from './child.ts'
import { controlOf } from './control.ts'
import type { WorkerProcessApi } from './worker.ts'

/** How long tasks that were told to stop may take before their processes are killed. */
const graceMs = 300

/** Worker processes of one run. Every pair of processes, the coordinator's included, is joined by a socket of its own for data. */
export class ProcessCluster implements Cluster {
  readonly #entry: URL
  readonly #setup: SharedSetup
  readonly #local: TaskHost
  readonly #events: ClusterEvents
  readonly #sockets: SocketFolder
  readonly #children = new Map<WorkerId, Child>()
  /** Those that listen, so that others can connect to them. */
  readonly #members = new Map<WorkerId, ReturnType<typeof guarded<WorkerProcessApi>>>()
  readonly #forgetCleanup: () => void
  #closing = false

  constructor(entry: URL, setup: SharedSetup, local: TaskHost, events: ClusterEvents) {
    keepErrorDetails()
    this.#entry = entry
    this.#setup = setup
    this.#local = local
    this.#events = events
    this.#sockets = makeSocketFolder()
    this.#forgetCleanup = cleanUpAtExit(() => this.#killAll())
  }

  async spawn(worker: WorkerId): Promise<void> {
    const child = startChild(this.#entry, { coordinator: ownMark(), worker, sockets: this.#sockets })
    this.#children.set(worker, child)
    const ports = await Promise.race([this.#connect(worker, child), child.ended])
    if (typeof ports === 'string') throw this.#lose(worker, ports)
    const [control, data] = ports
    const thread = controlOf(control, child.ended, (sign) => this.#events.sign(worker, sign))
    const api = guarded<WorkerProcessApi>(thread, (why, uncaught) =>
      this.#lose(worker, why, isMillraceError(uncaught) ? uncaught : undefined),
    )
    // Of two workers the later one connects to the other, and says that it is ready when all of them know it:
    // nobody is given a task that speaks to a worker it is not linked to yet.
    const others = [...this.#members.keys()]
    this.#members.set(worker, api)
    this.#local.link(worker, data)
    await api.setup({ ...this.#setup, worker }, others)
  }

  async run(worker: WorkerId, order: TaskOrder): Promise<TaskReport> {
    const api = this.#members.get(worker)
    if (api === undefined) throw runError('RUN_WORKER_LOST', 'a worker ended before its task began', { retryable: true })
    return api.run(order)
  }

  endAttempt(region: number, attempt: number): void {
    for (const api of this.#members.values()) ignoreLoss(api.endAttempt(region, attempt))
  }

  cancel(worker: WorkerId, task: TaskName): void {
    const api = this.#members.get(worker)
    if (api !== undefined) ignoreLoss(api.cancel(task))
  }

  kill(worker: WorkerId): void {
    this.#children.get(worker)?.kill()
  }

  async close(idle: Promise<unknown>): Promise<void> {
    this.#closing = true
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([idle, grace])
    clearTimeout(timer)
    this.#killAll()
    await Promise.all([...this.#children.values()].map(({ ended }) => ended))
    this.#forgetCleanup()
  }

  #killAll(): void {
    for (const child of this.#children.values()) child.kill()
    removeSocketFolder(this.#sockets)
  }

  /** @returns why it could not be connected to, else the sockets for calls and for data. */
  async #connect(worker: WorkerId, child: Child): Promise<readonly [SocketPort, SocketPort] | string> {
    await child.listening
    const path = socketPath(this.#sockets, worker)
    const connect = (purpose: Hello['purpose']) => connectTo(path, this.#sockets.token, { from: coordinatorHost, purpose })
    try {
      return await Promise.all([connect('control'), connect('data')])
    } catch (thrown) {
      child.kill()
      return `${thrownMessage(thrown)}; ${await child.ended}`
    }
  }

  #lose(worker: WorkerId, why: string, error?: MillraceError): MillraceError {
    this.#children.delete(worker)
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
