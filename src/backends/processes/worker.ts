import { once } from 'node:events'
import { closeSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { bug, type ErrorRecord, thrownMessage, toErrorRecord } from '../../base/errors.ts'
import { isThrownHere } from '../../base/stack.ts'
import { threwOutside } from '../../base/threw-outside.ts'
import { markWorkerProcess } from '../../base/worker-mark.ts'
import type { LinkPort } from '../../runtime/exchange/link.ts'
import type { SignOfLife, TaskName, TaskOrder, TaskReport, WorkerId } from '../../runtime/orders.ts'
import type { ProcessMark } from '../../runtime/process-life.ts'
import { serve } from '../../runtime/rpc/serve.ts'
import { connectTo, type Hello, listen } from '../../runtime/rpc/socket.ts'
import { leaveSocketFolder, type SocketFolder, socketPath } from '../../runtime/rpc/socket-folder.ts'
import type { SocketPort } from '../../runtime/rpc/socket-port.ts'
import type { TaskHost } from '../../runtime/task-host.ts'
import { openTaskHost, signEveryMs, type WorkerOptions, type WorkerSetup } from '../../runtime/worker-tasks.ts'
import type { WatchData } from './orphan-watch.ts'

/** What a worker process reads from its standard input, before anything else. */
export interface WorkerBoot {
  coordinator: ProcessMark
  worker: WorkerId
  sockets: SocketFolder
}

/** The calls that a worker process answers. */
export interface WorkerProcessApi {
  /** Loads the user's functions and connects to other workers; no task may come before it has answered. */
  setup(setup: WorkerSetup, others: readonly WorkerId[]): Promise<void>
  run(order: TaskOrder): Promise<TaskReport>
  endAttempt(region: number, attempt: number): void
  cancel(task: TaskName): void
}

/** What a worker says without being asked. */
export type WorkerMessage =
  /** Once a second: that it is alive, and how far its tasks are. */
  | { tells: 'sign'; sign: SignOfLife }
  /** That it ends because of what nobody has caught; with the error of the run, where another worker would end the same way. */
  | { tells: 'end'; why: string; error?: ErrorRecord }

/** How long tasks may take to remove what they were writing when their coordinator has gone. */
const graceMs = 300

/** Makes this process serve a coordinator: the whole of the entry file of a worker process, apart from how functions are found. */
export async function serveWorkerProcess(options: WorkerOptions): Promise<void> {
  markWorkerProcess()
  const { coordinator: mark, worker, sockets } = JSON.parse(readFileSync(0, 'utf8')) as WorkerBoot
  const links = new Map<WorkerId, LinkPort>()
  const running = new Set<Promise<unknown>>()
  let tasks: TaskHost | undefined
  let coordinator: SocketPort | undefined

  const link = (other: WorkerId, port: LinkPort): void => {
    links.set(other, port)
    tasks?.link(other, port)
  }
  const api: WorkerProcessApi = {
    async setup(setup, others) {
      if (setup.mayBlock) await watchForOrphan({ coordinator: mark, worker, sockets })
      const linking = others.map(async (other) =>
        link(other, await connectTo(socketPath(sockets, other), sockets.token, { from: worker, purpose: 'data' })),
      )
      tasks = await openTaskHost(setup, options)
      for (const [other, port] of links) tasks.link(other, port)
      // Of one that has ended meanwhile the coordinator hears by itself.
      await Promise.allSettled(linking)
    },
    async run(order) {
      if (tasks === undefined) throw bug('a task came before the worker was set up')
      const task = tasks.run(order)
      running.add(task)
      return task.finally(() => running.delete(task))
    },
    endAttempt: (region, attempt) => tasks?.endAttempt(region, attempt),
    cancel: (task) => tasks?.cancel(task),
  }

  async function end(): Promise<void> {
    tasks?.close()
    await Promise.race([Promise.allSettled(running), delay(graceMs)])
    leaveSocketFolder(sockets, worker)
    process.exit()
  }

  function accept({ from, purpose }: Hello): ((port: SocketPort) => void) | undefined {
    if (purpose === 'data') return (port) => link(from, port)
    if (coordinator !== undefined) return undefined
    return (port) => {
      coordinator = port
      serve(api, port)
      port.onClose(end)
    }
  }

  /** An error that nobody has caught ends a worker, as it ends a thread. */
  function crash(thrown: unknown): void {
    if (coordinator === undefined) return tellAndExit(thrown)
    coordinator.onClose(() => process.exit(1))
    coordinator.postMessage(lastMessage(thrown))
    coordinator.close()
  }

  function giveSign(): void {
    const message: WorkerMessage = { tells: 'sign', sign: tasks?.signOfLife() ?? { tasks: [], lost: [] } }
    coordinator?.postMessage(message)
  }

  setInterval(giveSign, signEveryMs).unref()
  process.on('uncaughtException', crash)
  // Its coordinator, which shows what is printed here, may be gone: that is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  try {
    await listen(socketPath(sockets, worker), sockets.token, accept)
  } catch (thrown) {
    tellAndExit(thrown)
  }
  writeSync(readyHandle, '.')
  closeSync(readyHandle)
}

/** For a process that may be too busy to notice that its coordinator has gone. Measured: 20 ms of CPU, 10 MB. */
async function watchForOrphan(data: WatchData): Promise<void> {
  const url = new URL(`./orphan-watch.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
  const watch = new Worker(url, { workerData: data })
  watch.unref()
  // It must be there before the first task is.
  await once(watch, 'online')
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
