import type { Clock } from '../../base/host.ts'
import type { PhysicalPlan } from '../../ir/physical.ts'
import type { Reusable } from '../create-run.ts'
import type { RunMetrics } from '../metrics.ts'
import { coordinatorHost, type TaskName, type TaskOrder, type TaskProgress, type TaskReport, type WorkerId } from '../orders.ts'
import type { RunCommand, RunCounts, RunEvent } from '../run-state.ts'
import type { RunNews, RunNotice } from './notices.ts'
import { StageTable } from './stage-table.ts'

interface RunningAttempt {
  readonly name: TaskName
  readonly worker: WorkerId
  readonly startedMs: number
  /** Taken in, as far as it has told. */
  rows: number
  bytes: number
}

const progressEveryMs = 900

/**
 * Looks over a driver's shoulder: from the events and commands of a run it adds up what the tasks took, and tells `listener` what happens.
 * It decides nothing.
 */
export class RunObserver {
  readonly #clock: Clock
  readonly #listener: ((notice: RunNotice) => void) | undefined
  readonly #startMs: number
  readonly #tables: ReadonlyMap<number, StageTable>
  readonly #running = new Map<string, RunningAttempt>()
  #peakMemoryBytes = 0
  #toldProgressMs = 0

  /** @param reusable - reports of an earlier process that count, by `stage/task`. */
  constructor(plan: PhysicalPlan, clock: Clock, reusable: Reusable, listener?: (notice: RunNotice) => void) {
    this.#clock = clock
    this.#listener = listener
    this.#startMs = clock.nowMs()
    this.#tables = new Map(plan.stages.map((stage) => [stage.id, new StageTable(stage)]))
    for (const [name, { attempt, report }] of reusable) {
      const [stage, task] = name.split('/').map(Number)
      this.#tables.get(stage)?.accept(task, report, { attempt, worker: coordinatorHost, startedMs: 0, endedMs: 0 })
    }
  }

  /** Takes notice of an event and of what the coordinator made of it, before the driver does that. */
  saw(event: RunEvent, commands: readonly RunCommand[]): void {
    if (event.event === 'start') for (const { worker } of event.adopted ?? []) this.#tell({ event: 'workerStarted', worker })
    if (event.event === 'workerReady') this.#tell({ event: 'workerStarted', worker: event.worker })
    else if (event.event === 'workerLost') this.#lose(event.worker)
    else if (event.event === 'taskFailed') this.#fail(event.order, event.error.code)
    else if (event.event === 'progress') this.progress(event.tasks)
    for (const command of commands) this.#decided(command)
  }

  /** How far some of the tasks are that run. */
  progress(tasks: readonly TaskProgress[]): void {
    if (this.#listener === undefined) return
    for (const task of tasks) {
      const running = this.#running.get(keyOf(task))
      if (running !== undefined) Object.assign(running, { rows: task.rows, bytes: task.bytes })
    }
    const nowMs = this.#nowMs()
    if (nowMs - this.#toldProgressMs < progressEveryMs) return
    this.#toldProgressMs = nowMs
    const attempts = [...this.#running.values()]
    for (const stage of new Set(attempts.map(({ name }) => name.stage))) {
      const own = attempts.filter(({ name }) => name.stage === stage)
      const table = this.#tableOf(stage)
      const rows = own.reduce((sum, one) => sum + one.rows, table.rowsTaken)
      const bytes = own.reduce((sum, one) => sum + one.bytes, table.bytesRead)
      this.#tell({ event: 'progress', stage, done: table.doneTasks, running: own.length, rows, bytes })
    }
  }

  /** What the tasks have taken whose work counts. */
  metrics(counts: RunCounts, facts: Pick<RunMetrics, 'wallMs' | 'workers' | 'warnings' | 'failedRows'>): RunMetrics {
    const tables = [...this.#tables.values()]
    const stages = tables.map((table) => table.stageMetrics())
    const { retries, reused, remade, backups, backupsWon } = counts
    return {
      ...facts,
      cpuMs: stages.reduce((total, stage) => total + stage.cpuMs, 0),
      rowsRead: stages.reduce((total, stage) => total + stage.rowsRead, 0),
      bytesRead: stages.reduce((total, stage) => total + stage.bytesRead, 0),
      peakMemoryBytes: this.#peakMemoryBytes,
      spilledBytes: stages.reduce((total, stage) => total + stage.spilledBytes, 0),
      tasks: tables.reduce((total, { doneTasks }) => total + doneTasks, 0),
      retries,
      reusedTasks: reused,
      remadeTasks: remade,
      backups,
      backupsWon,
      stages,
      nodes: tables.flatMap((table) => table.nodeMetrics()),
    }
  }

  #decided(command: RunCommand): void {
    switch (command.do) {
      case 'startTask':
        return this.#start(command.order, command.worker)
      case 'acceptReport':
        return this.#accept(command.order, command.report)
      case 'cancelTask':
        return this.#cancel(this.#running.get(keyOf(command.order)))
      case 'endAttempt':
        for (const attempt of this.#running.values()) {
          if (attempt.name.region === command.region && attempt.name.attempt === command.attempt) this.#cancel(attempt)
        }
        return
      case 'setTimer': {
        const { timer, afterMs } = command
        if (timer.kind === 'retryRegion') this.#tell({ event: 'retry', afterMs, region: timer.region })
        else if (timer.kind === 'retryTask') this.#tell({ event: 'retry', afterMs, stage: timer.stage, task: timer.task })
        return
      }
      case 'commitSinks':
        return this.#tell({ event: 'commit', sinks: command.parts.length })
    }
  }

  #start(order: TaskOrder, worker: WorkerId): void {
    const { region, stage, task, attempt } = order
    const table = this.#tableOf(stage)
    const startedMs = this.#nowMs()
    if (!table.isStarted) this.#tell({ event: 'stageStarted', stage, tasks: table.tasks })
    table.order(task, startedMs)
    const name = { region, stage, task, attempt }
    const isBackup = this.#listener !== undefined && this.#isRunning(name)
    this.#running.set(keyOf(order), { name, worker, startedMs, rows: 0, bytes: 0 })
    this.#tell({ event: 'taskStarted', stage, task, attempt, worker: shown(worker), isBackup })
  }

  #isRunning({ stage, task }: TaskName): boolean {
    return [...this.#running.values()].some(({ name }) => name.stage === stage && name.task === task)
  }

  #accept(name: TaskName, report: TaskReport): void {
    const { stage, task, attempt } = name
    const running = this.#take(name)
    const { worker, startedMs } = running ?? { worker: coordinatorHost, startedMs: 0 }
    const table = this.#tableOf(stage)
    const wasDone = table.isDone
    const endedMs = this.#nowMs()
    table.accept(task, report, { attempt, worker, startedMs, endedMs })
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, report.peakMemoryBytes)
    if (this.#listener === undefined) return
    for (const { node, spilledBytes: bytes, spillFiles: files } of report.nodes) {
      if (files > 0) this.#tell({ event: 'spill', stage, task, node, bytes, files })
    }
    const { rows, bytesOut, cpuMs, creditWaitMs, spilledBytes } = table.task(task)
    const figures = { durationMs: endedMs - startedMs, rows, bytesOut, cpuMs, creditWaitMs, spilledBytes }
    this.#tell({ event: 'taskEnded', stage, task, attempt, worker: shown(worker), ...figures })
    if (table.isDone && !wasDone) this.#endStage(table)
  }

  #endStage(table: StageTable): void {
    const { stage, rows, cpuMs, creditWaitMs, spilledBytes } = table.stageMetrics()
    this.#tell({ event: 'stageEnded', stage, rows: rows.sum, cpuMs, creditWaitMs, spilledBytes })
  }

  #fail(name: TaskName, code: string): void {
    const running = this.#take(name)
    // An answer of an attempt that was given up comes too late.
    if (running === undefined) return
    const { stage, task, attempt } = name
    this.#tell({ event: 'taskFailed', stage, task, attempt, worker: shown(running.worker), code })
  }

  #cancel(running: RunningAttempt | undefined): void {
    if (running === undefined) return
    const { stage, task, attempt } = running.name
    this.#running.delete(keyOf(running.name))
    this.#tell({ event: 'taskCancelled', stage, task, attempt, worker: shown(running.worker) })
  }

  #lose(worker: WorkerId): void {
    this.#tell({ event: 'workerLost', worker })
    for (const attempt of this.#running.values()) if (attempt.worker === worker) this.#fail(attempt.name, 'RUN_WORKER_LOST')
  }

  #take(name: TaskName): RunningAttempt | undefined {
    const running = this.#running.get(keyOf(name))
    this.#running.delete(keyOf(name))
    return running
  }

  #tableOf(stage: number): StageTable {
    return this.#tables.get(stage) as StageTable
  }

  #nowMs(): number {
    return this.#clock.nowMs() - this.#startMs
  }

  #tell(news: RunNews): void {
    this.#listener?.({ atMs: this.#nowMs(), ...news })
  }
}

const keyOf = ({ stage, task, attempt }: TaskName): string => `${stage}/${task}/${attempt}`
const shown = (worker: WorkerId): number | null => (worker === coordinatorHost ? null : worker)
