import { availableParallelism, totalmem } from 'node:os'
import { formatBytes } from '../base/format-bytes.ts'
import type { GivenTable } from '../dsl/bind/context.ts'
import type { ErrorPolicy } from '../ir/on-error.ts'
import type { RunMode } from '../ir/run-mode.ts'
import { workersWithin } from '../runtime/memory.ts'
import type { RunNotice } from '../runtime/metrics/notices.ts'
import type { RunProgress } from '../runtime/metrics.ts'

export { errorPolicies } from '../ir/on-error.ts'
export { runModes } from '../ir/run-mode.ts'

/** How a program is planned and run. Everything has a default. */
export interface RunOptions {
  /** `auto`: inline for at most 32 MB of input, no `workers` and no processes, else threads. */
  backend?: 'auto' | 'inline' | 'threads'
  /** What workers are: threads of this process, or processes, which also outlive a crash or the lack of memory of one of them. Default `thread`. */
  isolation?: 'thread' | 'process'
  /** Workers; default: one a core, and no more than there are splits to read, or than the memory holds at 64 MB each. */
  workers?: number
  /** `serial` and `hybrid`: every exchange is stored, so that a killed run can go on. Default `auto`. */
  mode?: RunMode
  /** Bytes for operators and exchanges together; default: half of the machine's memory. */
  memoryBytes?: number
  /** Bytes that the files which a run keeps for itself may take: rows between stages, spilled rows, large results. Default: no limit but the disk. */
  diskBytes?: number
  /** Folder that data paths start from; default: the working directory. */
  cwd?: string
  /** Tables that the program may name. */
  tables?: ReadonlyMap<string, GivenTable>
  /** Go on with the interrupted run of the same program and parameters; it simply runs where there is none. Means serial mode. */
  resume?: boolean
  /** Keep a journal of a serial run, so that it can be resumed when it is killed. Default true. */
  resumable?: boolean
  /** Run by epochs of changes, and emit changes only. */
  incremental?: boolean
  /**
   * What to do with a row on which a function or an expression fails, and with a record of a source that cannot be read: end the run, leave the row
   * out and count it, or also write it to a file. Default: what the program sets, else `fail`.
   */
  onError?: ErrorPolicy
  /** File of the rows that failed, as JSON lines. Default `NAME.dead-letters.jsonl` in the working directory, with `onError: 'dead-letter'`. */
  deadLetters?: string
  /** So many rows may fail; one more ends the run. Default: any number. */
  maxErrors?: number
  /** Put rows without a defined order in the order of all columns. */
  sorted?: boolean
  /** Names of planner rules that must not fire. */
  disabledRules?: readonly string[]
  /** Validate the plan after each rule. */
  checkPlans?: boolean
  /** Let a few faults strike the workers, drawn from this seed; the rows are the same. Means threads, unless processes were asked for. */
  chaos?: number
  /** A worker that has tasks and gives no sign of life for so many milliseconds is ended, and its tasks run again. Default 10 minutes. */
  hangTimeoutMs?: number
  /** @internal Module that workers run, where it does not lie beside this package's code. */
  workerUrl?: URL
  /** Leave a record of the run in the project, for `millrace runs`. Default false. */
  recorded?: boolean
  /** @internal Take back what sinks have staged instead of giving it its names. */
  keepsNothing?: boolean
  /** Stops the run: it ends with `RUN_CANCELLED`. */
  signal?: AbortSignal
  /** Add what happens in the run to this file, a line of JSON an event (`millrace/events.schema.json`). */
  events?: string
  /** Called at each event of the run. */
  onNotice?(notice: RunNotice): void
  /** Called now and then while the run goes on. */
  onProgress?(progress: RunProgress): void
}

const inlineBytes = 32 * 1024 * 1024

/** Half of what the machine, or the container's limit, gives. */
export function defaultMemoryBytes(): number {
  // Unlimited containers report 2^64 − 1.
  return Math.floor(Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / 2)
}

export interface BackendChoice {
  backend: 'inline' | 'threads' | 'processes'
  workers: number
  /** One sentence for explain. */
  reason: string
}

/** Chooses where to run from the size of the input and the memory alone, so that the same program and files always run the same way. */
export function chooseBackend(
  options: RunOptions,
  input: { sizeBytes: number; splits: number; importable: boolean },
  memoryBytes: number,
): BackendChoice {
  const useful = Math.max(1, Math.min(availableParallelism(), input.splits))
  const workers = options.workers ?? Math.min(useful, workersWithin(memoryBytes))
  const few = workers < useful && options.workers === undefined ? `, and ${formatBytes(memoryBytes)} hold no more` : ''
  if (options.backend === 'inline') return { backend: 'inline', workers: 1, reason: 'inline, because --backend inline was given' }
  if (!input.importable)
    return {
      backend: 'inline',
      workers: 1,
      reason: 'inline, because the pipeline is not exported by its module, so that no worker can import it',
    }
  if (options.isolation === 'process')
    return { backend: 'processes', workers, reason: `in ${count(workers, 'process')}, because --isolation process was given` }
  const onThreads = (why: string): BackendChoice => ({
    backend: 'threads',
    workers,
    reason: `on ${count(workers, 'thread')}, because ${why}${few}`,
  })
  if (options.backend === 'threads') return onThreads('--backend threads was given')
  if (options.workers !== undefined) return onThreads('--workers was given')
  if (options.chaos !== undefined) return onThreads('--chaos was given')
  const size = formatBytes(input.sizeBytes)
  if (input.sizeBytes <= inlineBytes)
    return { backend: 'inline', workers: 1, reason: `inline, because ${size} of input are not worth starting workers` }
  return onThreads(`there are ${size} of input in ${input.splits} splits`)
}

const count = (workers: number, what: 'thread' | 'process'): string =>
  `${workers} worker ${workers === 1 ? what : { thread: 'threads', process: 'processes' }[what]}`
