import type { MessagePort } from 'node:worker_threads'
import { parentPort } from 'node:worker_threads'
import { bug } from '../../base/errors.ts'
import type { Announcement, TaskName, TaskOrder, TaskReport, WorkerId } from '../../runtime/orders.ts'
import { serve } from '../../runtime/rpc/serve.ts'
import type { TaskHost } from '../../runtime/task-host.ts'
import { openTaskHost, signEveryMs, type WorkerOptions, type WorkerSetup } from '../../runtime/worker-tasks.ts'

/** The calls that a worker answers. */
export interface WorkerApi {
  /** Loads the user's functions; no task may come before it has answered. */
  setup(setup: WorkerSetup): Promise<void>
  /** Connects to the tasks of another thread. */
  link(worker: WorkerId, port: MessagePort): void
  run(order: TaskOrder): Promise<TaskReport>
  endAttempt(region: number, attempt: number): void
  announce(made: readonly Announcement[]): void
  cancel(task: TaskName): void
  /** Tells through `port`, once a second, how far the tasks are: also the sign that this thread is alive. */
  watch(port: MessagePort): void
}

/** Makes this worker thread serve a coordinator: the whole of a worker entry file, apart from how functions are found. */
export function serveWorker(options: WorkerOptions): void {
  if (parentPort === null) throw bug('serveWorker was called outside of a worker thread')
  const links = new Map<WorkerId, MessagePort>()
  let tasks: TaskHost | undefined
  const api: WorkerApi = {
    async setup(setup) {
      tasks = await openTaskHost(setup, options)
      for (const [other, port] of links) tasks.link(other, port)
    },
    link(worker, port) {
      links.set(worker, port)
      tasks?.link(worker, port)
    },
    run(order) {
      if (tasks === undefined) throw bug('a task came before the worker was set up')
      return tasks.run(order)
    },
    endAttempt: (region, attempt) => tasks?.endAttempt(region, attempt),
    announce: (made) => tasks?.announce(made),
    cancel: (task) => tasks?.cancel(task),
    watch(port) {
      setInterval(() => port.postMessage(tasks?.signOfLife() ?? { tasks: [], lost: [] }), signEveryMs).unref()
    },
  }
  serve(api, parentPort)
}
