import { isMainThread, workerData } from 'node:worker_threads'
import type { RunRequest, RunResult } from '../backends/backend.ts'
import { asMillraceError, bug, type MillraceError, runError } from '../base/errors.ts'
import { isWorkerProcess } from '../base/worker-mark.ts'
import type { Value } from '../data/type.ts'
import { defaultConnectors } from '../io/index.ts'
import { planChaos } from '../runtime/chaos.ts'
import { cleanUpAtExit } from '../runtime/exit-cleanup.ts'
import type { RunMetrics } from '../runtime/metrics.ts'
import { clearDeadRuns, newRunFolder, type RunFolder, removeEmptyRunFolders } from '../runtime/run-folder.ts'
import { type EventLog, openEventLog } from './event-log.ts'
import { isSameRun, runsFolder, type StoredIdentity, storedIdentity } from './identity.ts'
import type { RunOptions } from './options.ts'
import { outputsOf, type RunOutput } from './output.ts'
import { type KeptRun, keepPastRun } from './past-runs/keep.ts'
import type { Prepared } from './prepare.ts'

/** A finished run: its results, and what it took. */
export interface FinishedRun extends AsyncDisposable {
  id: string
  outputs: readonly RunOutput[]
  metrics: RunMetrics
  /** Rows that sinks have written. */
  rowsWritten: number
  /** Where the rows that failed are written, when they are. */
  deadLetters: string | undefined
  /** Why no record of the run was kept, where one was asked for. */
  unrecorded?: MillraceError
  /** Removes what the results are kept in; they cannot be read afterwards. */
  close(): void
}

/** Runs a prepared program. */
export async function execute(prepared: Prepared, options: RunOptions): Promise<FinishedRun> {
  refuseNested()
  const runs = runsFolder(prepared.cwd)
  const removeEmpty = (): void => removeEmptyRunFolders(prepared.host, runs)
  const forgetCleanup = cleanUpAtExit(removeEmpty)
  try {
    const folder = runFolder(runs, prepared, options)
    const log = options.events === undefined ? undefined : openEventLog(options.events, prepared, folder.id)
    try {
      const kept = options.recorded === true ? keepPastRun(prepared, folder.id) : undefined
      const result = await runIn(folder, runs, prepared, options, { kept, log })
      const done = finished(folder.id, result, runs, prepared)
      kept?.succeeded(done.metrics, rowsOut(done))
      log?.succeeded(done.metrics, rowsOut(done))
      return kept?.failure === undefined ? done : { ...done, unrecorded: kept.failure }
    } finally {
      log?.close()
    }
  } finally {
    removeEmpty()
    forgetCleanup()
  }
}

function runFolder(runs: string, { planned, host, identity, interrupted }: Prepared, options: RunOptions): RunFolder {
  if (interrupted !== undefined) return interrupted
  return newRunFolder(host, runs, {
    recoverable: planned.physical.mode !== 'pipelined' && options.resumable !== false,
    program: storedIdentity(identity, host) as unknown as Value,
  })
}

/** Who writes down how the run goes. */
interface Reporters {
  kept: KeptRun | undefined
  log: EventLog | undefined
}

async function runIn(
  folder: RunFolder,
  runs: string,
  prepared: Prepared,
  options: RunOptions,
  { kept, log }: Reporters,
): Promise<RunResult> {
  const { planned, program, host, identity } = prepared
  let partial: RunMetrics | undefined
  const request: RunRequest = {
    plan: planned.physical,
    functions: program.functions,
    connectors: defaultConnectors,
    program: (program.reference ?? null) as Value,
    workers: prepared.choice.workers,
    memoryBytes: prepared.memoryBytes,
    ...(options.diskBytes !== undefined && { diskBytes: options.diskBytes }),
    mayBlock: prepared.mayBlock,
    cwd: prepared.cwd,
    run: folder,
    host,
    signal: options.signal ?? new AbortController().signal,
    keepsNothing: options.keepsNothing,
    ...(options.chaos !== undefined && { chaos: planChaos(options.chaos, prepared.choice.workers) }),
    ...(options.hangTimeoutMs !== undefined && { settings: { hangAfterMs: options.hangTimeoutMs } }),
    onProgress: options.onProgress,
    onNotice: listenerOf(log, options),
    onFailed(metrics) {
      partial = metrics
    },
  }
  const result = await prepared.backend.run(request).catch((thrown: unknown) => {
    const error = asMillraceError(thrown, (message, cause) => bug(message, { cause }))
    kept?.failed(error, partial)
    log?.failed(error, partial)
    throw thrown
  })
  // The results are there: an older run of the same need not go on any more.
  clearDeadRuns(host, runs, defaultConnectors, {
    finishesCommits: false,
    isSuperseded: (other) => isSameRun(other as unknown as StoredIdentity, identity),
  })
  return result
}

function listenerOf(log: EventLog | undefined, { onNotice }: RunOptions): RunRequest['onNotice'] {
  if (log === undefined) return onNotice
  return (notice) => {
    log.notice(notice)
    onNotice?.(notice)
  }
}

const rowsOut = ({ outputs, rowsWritten }: FinishedRun): number =>
  outputs.reduce((sum, output) => sum + output.rowCount, rowsWritten)

function finished(id: string, result: RunResult, runs: string, prepared: Prepared): FinishedRun {
  const close = (): void => {
    result.close()
    removeEmptyRunFolders(prepared.host, runs)
  }
  return {
    id,
    outputs: outputsOf(result, prepared.planned.physical),
    metrics: result.metrics,
    rowsWritten: rowsIntoSinks(result.metrics, prepared),
    deadLetters: deadLettersOf(prepared),
    close,
    [Symbol.asyncDispose]: async () => close(),
  }
}

function rowsIntoSinks(metrics: RunMetrics, { planned }: Prepared): number {
  const sinks = new Set(
    planned.physical.stages.flatMap((stage) => stage.nodes.filter((node) => node.operator === 'sink').map((node) => node.id)),
  )
  return metrics.nodes.reduce((sum, node) => (sinks.has(node.node) ? sum + node.rowsIn : sum), 0)
}

function deadLettersOf({ planned: { physical } }: Prepared): string | undefined {
  const { path } = (physical.sinks[physical.onError?.sink ?? -1]?.options ?? {}) as { path?: string }
  return path
}

/** A module that calls run() when it is imported would start a run in every worker, each of which would start more. */
function refuseNested(): void {
  const isThread = !isMainThread && (workerData as { millraceWorker?: unknown } | null)?.millraceWorker !== undefined
  if (!isThread && !isWorkerProcess()) return
  const main = isThread ? 'isMainThread' : 'process.argv[1] === import.meta.filename'
  throw runError('RUN_NESTED', 'run() was called while a worker was loading the module', {
    hint: `call it only in the main program: if (${main}) await run(...), or keep the pipeline in a module of its own`,
  })
}
