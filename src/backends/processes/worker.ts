import { once } from 'node:events'
import { closeSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { bug, type ErrorRecord, thrownMessage, toErrorRecord } from '../../base/errors.ts'
import { isThrownHere } from '../../base/stack.ts'
import { threwOutside } from '../../base/threw-outside.ts'
import { markWorkerProcess } from '../../base/worker-mark.ts'
import type { LinkPort } from '../../runtime/exchange/link.ts'
import type { Announcement, SignOfLife, TaskName, TaskOrder, TaskReport, WorkerId } from '../../runtime/orders.ts'
import type { ProcessMark } from '../../runtime/process-life.ts'
import { serve } from '../../runtime/rpc/serve.ts'
import { connectTo, type Hello, listen } from '../../runtime/rpc/socket.ts'
import { enterSocketFolder, leaveSocketFolder, type SocketFolder, socketPath } from '../../runtime/rpc/socket-folder.ts'
import type { SocketPort } from '../../runtime/rpc/socket-port.ts'
import type { TaskHost } from '../../runtime/task-host.ts'
import { openTaskHost, signEveryMs, type WorkerOptions, type WorkerSetup } from '../../runtime/worker-tasks.ts'
import { HeldTasks } from './held-tasks.ts'
import type { WatchData } from './orphan-watch.ts'

/** What a worker process reads from its standard input, before anything else. */
export interface WorkerBoot {
  coordinator: ProcessMark
  worker: WorkerId
  sockets: SocketFolder
  /** How long it waits for another coordinator when it has lost its own; 0: nobody could go on with its run. */
  graceMs: number
}

/** The calls that a worker process answers. */
export interface WorkerProcessApi {
  /** Loads the user's functions and connects to other workers; no task may come before it has answered. */
  setup(setup: WorkerSetup, others: readonly WorkerId[]): Promise<void>
  /** The process that is its coordinator from now on. */
  follow(coordinator: ProcessMark): void
  /** An order that it has already is answered with what came of the first time. */
  run(order: TaskOrder): Promise<TaskReport>
  endAttempt(region: number, attempt: number): void
  announce(made: readonly Announcement[]): void
  cancel(task: TaskName): void
}

/** What a worker says without being asked. */
export type WorkerMessage =
  /** When a coordinator has connected: all that it was ordered to do; undefined before it was set up. */
  | { tells: 'orders'; orders: readonly TaskOrder[] | undefined }
  /** Once a second: that it is alive, and how far its tasks are. */
  | { tells: 'sign'; sign: SignOfLife }
  /** That it ends because of what nobody has caught; with the error of the run, where another worker would end the same way. */
  | { tells: 'end'; why: string; error?: ErrorRecord }

/** How long tasks may take to remove what they were writing when their coordinator has gone. */
const clearingMs = 300
/** How long a coordinator may take to connect to the worker that it has started. */
const firstMs = 30_000

/** Makes this process serve a coordinator: the whole of the entry file of a worker process, apart from how functions are found. */
export async function serveWorkerProcess(options: WorkerOptions): Promise<void> {
  markWorkerProcess()
  const { coordinator: mark, worker, sockets, graceMs } = JSON.parse(readFileSync(0, 'utf8')) as WorkerBoot
  const links = new Map<WorkerId, LinkPort>()
  const held = new HeldTasks(graceMs > 0)
  let tasks: TaskHost | undefined
  let watch: Worker | undefined
  let coordinator: SocketPort | undefined
  let alone = setTimeout(end, firstMs)

  const link = (other: WorkerId, port: LinkPort): void => {
    links.set(other, port)
    tasks?.link(other, port)
  }
  const api: WorkerProcessApi = {
    async setup(setup, others) {
      if (setup.mayBlock) watch = await watchForOrphan({ coordinator: mark, worker, sockets, graceMs })
      const linking = others.map(async (other) =>
        link(other, await connectTo(socketPath(sockets, other), sockets.token, { from: worker, purpose: 'data' })),
      )
      tasks = await openTaskHost(setup, options)
      for (const [other, port] of links) tasks.link(other, port)
      // Of one that has ended meanwhile the coordinator hears by itself.
      await Promise.allSettled(linking)
    },
    follow: (next) => watch?.postMessage(next),
    async run(order) {
      const host = tasks
      if (host === undefined) throw bug('a task came before the worker was set up')
      return held.answerOf(order, () => host.run(order))
    },
    endAttempt: (region, attempt) => tasks?.endAttempt(region, attempt),
    announce: (made) => tasks?.announce(made),
    cancel: (task) => tasks?.cancel(task),
  }

  async function end(): Promise<void> {
    tasks?.close()
    await Promise.race([held.settled(), delay(clearingMs)])
    leaveSocketFolder(sockets, worker)
    process.exit()
  }

  function accept({ from, purpose }: Hello): ((port: SocketPort) => void) | undefined {
    if (purpose === 'data') return (port) => link(from, port)
    return coordinator === undefined ? serveCoordinator : undefined
  }

  function serveCoordinator(port: SocketPort): void {
    clearTimeout(alone)
    coordinator = port
    tell({ tells: 'orders', orders: tasks === undefined ? undefined : held.orders() })
    serve(api, port)
    port.onClose(() => {
      coordinator = undefined
      if (graceMs === 0) return void end()
      // Tasks go on, and their answers are kept.
      alone = setTimeout(end, graceMs)
    })
  }

  const tell = (message: WorkerMessage): void => coordinator?.postMessage(message)

  /** An error that nobody has caught ends a worker, as it ends a thread. */
  function crash(thrown: unknown): void {
    if (coordinator === undefined) return tellAndExit(thrown)
    coordinator.onClose(() => process.exit(1))
    tell(lastMessage(thrown))
    coordinator.close()
  }

  setInterval(() => tell({ tells: 'sign', sign: tasks?.signOfLife() ?? { tasks: [], lost: [] } }), signEveryMs).unref()
  process.on('uncaughtException', crash)
  // Its coordinator, which shows what is printed here, may be gone: that is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  try {
    enterSocketFolder(sockets, worker)
    await listen(socketPath(sockets, worker), sockets.token, accept)
  } catch (thrown) {
    tellAndExit(thrown)
  }
  writeSync(readyHandle, '.')
  closeSync(readyHandle)
}

/** For a process that may be too busy to notice that its coordinator has gone. Measured: 20 ms of CPU, 10 MB. */
async function watchForOrphan(data: WatchData): Promise<Worker> {
  const url = new URL(`./orphan-watch.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
  const watch = new Worker(url, { workerData: data })
  watch.unref()
  // It must be there before the first task is.
  await once(watch, 'online')
  return watch
}

/** The pipe that tells the coordinator that this process listens. */
const readyHandle = 3

function lastMessage(thrown: unknown): WorkerMessage {
  const why = thrownMessage(thrown)
  return isThrownHere(thrown) ? { tells: 'end', why } : { tells: 'end', why, error: toErrorRecord(threwOutside(thrown)) }
}

/** In the form of Node.js itself, whose last words the coordinator looks for. */
function tellAndExit(thrown: unknown): never {
  process.stderr.write(`FATAL ERROR: ${thrownMessage(thrown)}\n`)
  process.exit(1)
}
