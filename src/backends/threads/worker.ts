import type { MessagePort } from 'node:worker_threads'
import { parentPort } from 'node:worker_threads'
import { bug } from '../../base/errors.ts'
import { nodeHost } from '../../base/node-host.ts'
import type { Value } from '../../data/type.ts'
import type { ConnectorRegistry } from '../../io/registry.ts'
import type { PhysicalPlan } from '../../ir/physical.ts'
import type { FunctionTable } from '../../ir/user-function.ts'
import type { CreditLimits } from '../../runtime/exchange/credit.ts'
import { MemoryBudget } from '../../runtime/memory.ts'
import type { TaskName, TaskOrder, TaskReport, WorkerId } from '../../runtime/orders.ts'
import { Pace } from '../../runtime/pace.ts'
import { serve } from '../../runtime/rpc/serve.ts'
import { runFiles } from '../../runtime/run-files.ts'
import { TaskHost } from '../../runtime/task-host.ts'

const signEveryMs = 1000

/** What a worker is told before its first task; plain data. */
export interface WorkerSetup {
  worker: WorkerId
  plan: PhysicalPlan
  program: Value
  cwd: string
  runId: string
  directory: string
  durable: boolean
  memoryBytes: number
  credit?: CreditLimits
}

/** The calls that a worker answers. */
export interface WorkerApi {
  /** Loads the user's functions; no task may come before it has answered. */
  setup(setup: WorkerSetup): Promise<void>
  /** Connects to the tasks of another thread. */
  link(worker: WorkerId, port: MessagePort): void
  run(order: TaskOrder): Promise<TaskReport>
  endAttempt(region: number, attempt: number): void
  cancel(task: TaskName): void
  /** Tells through `port`, once a second, how far the tasks are: also the sign that this thread is alive. */
  watch(port: MessagePort): void
}

export interface WorkerOptions {
  /** Finds the live functions of a program in this thread, by the data that the run request carried. */
  loadFunctions(program: Value): Promise<FunctionTable>
  connectors: ConnectorRegistry
}

/** Makes this worker thread serve a coordinator: the whole of a worker entry file, apart from how functions are found. */
export function serveWorker({ loadFunctions, connectors }: WorkerOptions): void {
  if (parentPort === null) throw bug('serveWorker was called outside of a worker thread')
  const links = new Map<WorkerId, MessagePort>()
  let tasks: TaskHost | undefined
  const api: WorkerApi = {
    async setup({ worker, plan, program, cwd, runId, directory, durable, memoryBytes, credit }) {
      const functions = plan.fns.length === 0 ? new Map() : await loadFunctions(program)
      const host = nodeHost()
      const files = runFiles(host.disk, directory, durable)
      const memory = new MemoryBudget(memoryBytes)
      const pace = new Pace(() => host.clock.nowMs())
      const collect = (): never => {
        throw bug('results are collected in the coordinator’s process')
      }
      const env = { plan, functions, connectors, host, cwd, files, runId, memory, pace, interpreted: false, collect }
      tasks = new TaskHost(worker, env, credit)
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
    cancel: (task) => tasks?.cancel(task),
    watch(port) {
      setInterval(() => port.postMessage(tasks?.signOfLife() ?? { tasks: [], lost: [] }), signEveryMs).unref()
    },
  }
  serve(api, parentPort)
}
