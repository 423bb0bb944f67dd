import { asMillraceError, bug, type MillraceError, runError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import { CarefulTasks } from './careful.ts'
import { type Chaos, reportChaos } from './chaos.ts'
import type { Cluster, ClusterEvents } from './cluster.ts'
import { commitSinks, discardStaged } from './commit-sinks.ts'
import { step } from './coordinator.ts'
import { createRun } from './create-run.ts'
import { cleanUpAtExit } from './exit-cleanup.ts'
import type { RunNotice } from './metrics/notices.ts'
import { RunObserver } from './metrics/run-observer.ts'
import type { RunMetrics, RunProgress } from './metrics.ts'
import {
  type AdoptedWorker,
  type Announcement,
  coordinatorHost,
  type TaskName,
  type TaskOrder,
  type TaskProgress,
  type TaskReport,
  type WorkerId,
} from './orders.ts'
import type { ResultRows, ResultStore } from './results.ts'
import { FailedRowCounter } from './row-errors.ts'
import type { RunRecord } from './run-record.ts'
import type { RunCommand, RunEvent, RunSettings, RunWarning, Timer } from './run-state.ts'
import { cancelled } from './task-context.ts'
import type { TaskHost } from './task-host.ts'

/** What a driver needs to know of a run. */
export interface DriveRequest {
  plan: PhysicalPlan
  connectors: ConnectorRegistry
  workers: number
  /** How failures are dealt with, where not by default. */
  settings?: Partial<RunSettings>
  cwd: string
  run: { id: string; recoverable: boolean }
  host: Host
  signal: AbortSignal
  /** Sinks stage their rows, and in the end these are taken back. */
  keepsNothing?: boolean
  /** Faults for its workers. */
  chaos?: Chaos
  onProgress?(progress: RunProgress): void
  onNotice?(notice: RunNotice): void
  /** Called before a run ends with an error, with what its tasks have done. */
  onFailed?(metrics: RunMetrics): void
}

/** What a run that has succeeded gives. */
export interface DriveResult {
  outputs: readonly ResultRows[]
  metrics: RunMetrics
  /** Removes spool files; the outputs cannot be read afterwards. */
  close(): void
}

/** What the driver works with, made by a backend. */
export interface DriveParts {
  record: RunRecord
  results: ResultStore
  /** Runs the tasks of the coordinator's process. */
  local: TaskHost
  /** Workers that an earlier process of the run has left; the cluster has them already. */
  adopted?: readonly AdoptedWorker[]
  cluster(events: ClusterEvents): Cluster
}

/**
 * Drives the coordinator: carries out its commands, and tells it what came of them, until the run has succeeded or failed.
 *
 * Sinks are committed after all tasks; a run that fails or is cancelled takes back everything staged. The run's folder is removed in the end,
 * unless a later process may go on from it.
 */
export async function drive(request: DriveRequest, parts: DriveParts): Promise<DriveResult> {
  const { plan, host, signal } = request
  const { record, results, local } = parts
  const startMs = host.clock.nowMs()
  const { firstAttempt, reusable } = record
  const state = createRun(plan, { ...request.settings, workers: request.workers, firstAttempt, reusable })
  const observer = new RunObserver(plan, host.clock, reusable, request.onNotice)
  const warnings: RunWarning[] = []
  const pending = new Set<Promise<unknown>>()
  const timers = new Set<() => void>()
  const queue: RunEvent[] = []
  const { promise: ended, resolve: end } = Promise.withResolvers<Extract<RunCommand, { do: 'succeed' | 'fail' }>>()
  const progress = progressOf(plan, record, request.onProgress)
  const failedRows = new FailedRowCounter(plan, reusable)
  const careful = new CarefulTasks(host, record.files)
  let dispatching = false
  let failed = false
  let committing = false

  const cluster = parts.cluster({
    lost(worker, why, error) {
      if (error !== undefined) return send({ event: 'stop', error })
      guarded(() => tellLast(worker, why), undefined)
      send({ event: 'workerLost', worker, why })
    },
    sign: (worker, { tasks, lost }) => {
      for (const item of lost) send({ event: 'itemLost', item })
      send({ event: 'progress', worker, tasks })
    },
  })
  const onAbort = (): void => send({ event: 'stop', error: cancelled(request.run.recoverable ? resumeHint : undefined) })
  signal.addEventListener('abort', onAbort)
  const forgetCleanup = cleanUpAtExit(() => clearAfterFailure(request, parts, cancelled(), committing))
  // Workers tell of themselves.
  if (request.onNotice !== undefined) tellOfLocal()
  const { adopted = [] } = parts
  send({ event: 'start', adopted })
  // They know their orders: asked again, they answer with what came of the first time.
  for (const { worker, orders } of adopted) for (const order of orders) start(worker, order)
  if (signal.aborted) onAbort()
  const outcome = await ended
  signal.removeEventListener('abort', onAbort)
  for (const cancel of timers) cancel()
  await cluster.close(Promise.allSettled(pending))
  local.close()
  forgetCleanup()

  const took = { wallMs: host.clock.nowMs() - startMs, workers: Math.max(1, state.wantedWorkers) }
  const metrics = observer.metrics(state.counts, { ...took, warnings, failedRows: failedRows.counts() })
  if (outcome.do === 'fail') {
    clearAfterFailure(request, parts, outcome.error, committing || record.announcesCommit())
    request.onFailed?.(metrics)
    throw outcome.error
  }
  discardStaged(request, plan.sinks)
  const chaos = request.chaos && reportChaos(request.chaos, host.disk, record.files.directory)
  record.close()
  if (!results.isSpooled) record.remove()
  return {
    outputs: results.outputs(),
    metrics: { ...metrics, ...(chaos && { chaos }) },
    close() {
      results.close()
      record.remove()
    },
  }

  /** Events that come up while commands are carried out wait for their turn. */
  function send(event: RunEvent): void {
    queue.push(event)
    if (dispatching) return
    dispatching = true
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const commands = decide(next)
      guarded(observe, { event: next, commands })
      for (const command of commands) guarded(carryOut, command)
    }
    dispatching = false
  }

  /** An error of the coordinator itself leaves a state that nothing more can be made of. */
  function decide(event: RunEvent): RunCommand[] {
    try {
      return step(state, event, host.clock.nowMs())
    } catch (thrown) {
      state.phase = 'ended'
      // Tasks of this process may wait for others, and nobody ends them any more.
      local.close()
      return [{ do: 'fail', error: orBug(thrown) }]
    }
  }

  /** What fails outside of all tasks ends the run. */
  function guarded<T>(action: (argument: T) => void, argument: T): void {
    try {
      action(argument)
    } catch (thrown) {
      failed = true
      send({ event: 'stop', error: orBug(thrown) })
    }
  }

  function observe({ event, commands }: { event: RunEvent; commands: readonly RunCommand[] }): void {
    asUserCall('onNotice', () => observer.saw(event, commands))
  }

  function tellOfLocal(): void {
    const cancel = host.clock.after(tellEveryMs, () => {
      timers.delete(cancel)
      guarded(tellProgress, local.progress())
      tellOfLocal()
    })
    timers.add(cancel)
  }

  function tellProgress(tasks: readonly TaskProgress[]): void {
    asUserCall('onNotice', () => observer.progress(tasks))
  }

  function carryOut(command: RunCommand): void {
    switch (command.do) {
      case 'spawnWorker':
        return spawn(command.worker)
      case 'startTask':
        return start(command.worker, command.order)
      case 'endAttempt':
        local.endAttempt(command.region, command.attempt)
        return cluster.endAttempt(command.region, command.attempt)
      case 'announce':
        return announce(command.made, command.worker)
      case 'cancelTask':
        if (command.worker === coordinatorHost) return local.cancel(command.order)
        return cluster.cancel(command.worker, command.order)
      case 'killWorker':
        cluster.kill(command.worker)
        return tellLast(command.worker, 'it gave no sign of life')
      case 'acceptReport':
        failedRows.accept(command)
        return progress.add(command.report)
      case 'discardOutput':
        return discardOutput(command.order, command.report)
      case 'warn':
        return void warnings.push(command.warning)
      case 'setTimer':
        return setTimer(command.timer, command.afterMs)
      case 'journal':
        // Whoever found it would give the outputs their names.
        if (command.record.record === 'commit' && request.keepsNothing === true) return
        return record.append(command.record)
      case 'commitSinks':
        if (request.keepsNothing === true) return send({ event: 'sinksCommitted' })
        // Nothing may become visible that the journal could not announce: a later process would not know of it.
        if (failed) return
        committing = true
        commitSinks(request, plan.sinks, command.parts)
        return send({ event: 'sinksCommitted' })
      case 'succeed':
      case 'fail':
        return end(command)
    }
  }

  function announce(made: readonly Announcement[], worker?: WorkerId): void {
    if (worker === undefined || worker === coordinatorHost) local.announce(made)
    if (worker !== coordinatorHost) cluster.announce(made, worker)
  }

  function tellLast(worker: WorkerId, why: string): void {
    const last = careful.lastBatches(worker)
    if (last.length > 0) send({ event: 'lastBatches', last, why })
  }

  function spawn(worker: WorkerId): void {
    cluster.spawn(worker).then(
      () => send({ event: 'workerReady', worker }),
      (thrown: unknown) => {
        const error = orBug(thrown)
        // A worker that ends is announced by itself.
        if (error.code !== 'RUN_WORKER_LOST') send({ event: 'stop', error })
      },
    )
  }

  function start(worker: WorkerId, order: TaskOrder): void {
    const task = worker === coordinatorHost ? local.run(order) : cluster.run(worker, order)
    careful.begin(worker, order)
    const settled = task.then(
      (report) => {
        careful.end(worker, order)
        send({ event: 'taskDone', order, report })
      },
      (thrown: unknown) => {
        const error = orBug(thrown)
        if (error.code === 'RUN_WORKER_LOST') return
        careful.end(worker, order)
        send({ event: 'taskFailed', order, error })
      },
    )
    pending.add(settled)
    void settled.finally(() => pending.delete(settled))
  }

  function setTimer(timer: Timer, afterMs: number): void {
    const cancel = host.clock.after(afterMs, () => {
      timers.delete(cancel)
      send({ event: 'timer', timer })
    })
    timers.add(cancel)
  }

  /** What an attempt left that came too late. */
  function discardOutput({ task, attempt }: TaskName, report: TaskReport): void {
    for (const { exchange } of report.outputs) host.disk.remove(record.files.partition(exchange, task, attempt))
    for (const { part } of report.parts) host.disk.remove(part.path)
  }
}

const tellEveryMs = 1000
const resumeHint = 'what was done is kept: the same command with --resume goes on from there'

const orBug = (thrown: unknown): MillraceError => asMillraceError(thrown, (message, cause) => bug(message, { cause }))

/** May the same run end well when it is tried again, so that its committed tasks are worth keeping? */
const isWorthResuming = ({ code }: MillraceError): boolean =>
  code === 'RUN_CANCELLED' || code === 'RUN_WORKER_LOST' || code.startsWith('RESOURCE_') || code.startsWith('SINK_')

function clearAfterFailure(
  request: DriveRequest,
  { record, results }: DriveParts,
  error: MillraceError,
  committing: boolean,
): void {
  // Once a commit has begun some outputs may be visible: the others stay staged, and the next start gives them their names.
  const keep = committing || (request.run.recoverable && isWorthResuming(error))
  try {
    results.close()
    if (!committing) discardStaged(request, request.plan.sinks)
    if (keep) record.leave()
    else record.remove()
  } catch {
    // The error that ended the run matters more than one of cleaning up after it.
  }
}

/** Counts committed tasks for `onProgress`. */
function progressOf(plan: PhysicalPlan, record: RunRecord, onProgress?: (progress: RunProgress) => void) {
  const tasks = plan.stages.reduce((sum, stage) => sum + stage.tasks, 0)
  let tasksDone = record.reusable.size
  let rowsRead = 0
  let bytesRead = 0
  return {
    add(report: TaskReport): void {
      tasksDone = Math.min(tasks, tasksDone + 1)
      rowsRead += report.rowsRead
      bytesRead += report.bytesRead
      asUserCall('onProgress', () => onProgress?.({ tasksDone, tasks, rowsRead, bytesRead }))
    },
  }
}

/** Calls a function that the caller of the run has given. */
function asUserCall(name: string, call: () => void): void {
  try {
    call()
  } catch (thrown) {
    throw asMillraceError(thrown, (message, cause) =>
      runError('RUN_FUNCTION_FAILED', `${name} threw '${message}'`, { operator: name, cause }),
    )
  }
}
