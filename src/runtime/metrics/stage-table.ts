import type { Stage } from '../../ir/physical.ts'
import type { NodeMetrics, StageMetrics, TaskMetrics } from '../metrics.ts'
import { newOperatorMetrics, type OperatorMetrics } from '../operator.ts'
import type { TaskReport, WorkerId } from '../orders.ts'
import { isLeaf } from '../stage-shape.ts'
import { rowSpreadOf, spreadOf } from './spread.ts'

/** When and where an attempt ran; times in milliseconds since the run began. */
export interface AttemptLife {
  attempt: number
  worker: WorkerId
  startedMs: number
  endedMs: number
}

/** Columns of the table, one value a task. */
const taskColumns = [
  'attempt',
  'worker',
  'startedMs',
  'endedMs',
  'rowsRead',
  'bytesRead',
  'cpuMs',
  'creditWaitMs',
  'spilledBytes',
] as const
type TaskColumn = (typeof taskColumns)[number]

/**
 * What the tasks of one stage have reported, in typed arrays: 28 bytes a task and operator and 74 a task, so that a run of very many tasks keeps
 * its figures in little memory. A task that reports again takes the place of its first report.
 */
export class StageTable {
  readonly #stage: Stage
  readonly #columns: Readonly<Record<TaskColumn, Float64Array>>
  readonly #ordered: Uint8Array
  readonly #done: Uint8Array
  /** By task, and in each task by operator. */
  readonly #rowsIn: Float64Array
  readonly #rowsOut: Float64Array
  readonly #bytesOut: Float64Array
  readonly #busyMs: Float32Array
  /** Of all reports, by operator: what need not be known by task. */
  readonly #sums: readonly OperatorMetrics[]
  #repeated = 0
  #startedMs = Number.POSITIVE_INFINITY
  doneTasks = 0
  /** Of the reports of tasks that are done. */
  rowsTaken = 0

  constructor(stage: Stage) {
    this.#stage = stage
    const { tasks, nodes } = stage
    const column = (): Float64Array => new Float64Array(tasks)
    this.#columns = Object.fromEntries(taskColumns.map((name) => [name, column()])) as Record<TaskColumn, Float64Array>
    this.#ordered = new Uint8Array(tasks)
    this.#done = new Uint8Array(tasks)
    this.#rowsIn = new Float64Array(tasks * nodes.length)
    this.#rowsOut = new Float64Array(tasks * nodes.length)
    this.#bytesOut = new Float64Array(tasks * nodes.length)
    this.#busyMs = new Float32Array(tasks * nodes.length)
    this.#sums = nodes.map(newOperatorMetrics)
  }

  /** Bytes that it holds for its tasks. */
  get sizeBytes(): number {
    const arrays = [
      this.#ordered,
      this.#done,
      this.#rowsIn,
      this.#rowsOut,
      this.#bytesOut,
      this.#busyMs,
      ...Object.values(this.#columns),
    ]
    return arrays.reduce((sum, array) => sum + array.byteLength, 0)
  }

  get tasks(): number {
    return this.#stage.tasks
  }

  get isDone(): boolean {
    return this.doneTasks === this.#stage.tasks
  }

  get bytesRead(): number {
    return sum(this.#columns.bytesRead)
  }

  get isStarted(): boolean {
    return this.#startedMs !== Number.POSITIVE_INFINITY
  }

  /** An attempt was ordered. */
  order(task: number, nowMs: number): void {
    this.#startedMs = Math.min(this.#startedMs, nowMs)
    if (this.#ordered[task] === 1) this.#repeated++
    this.#ordered[task] = 1
  }

  /** An attempt counts from now on. */
  accept(task: number, report: TaskReport, life: AttemptLife): void {
    if (this.#done[task] === 0) this.doneTasks++
    else this.rowsTaken -= this.#rowsTaken(task)
    this.#done[task] = 1
    const columns = this.#columns
    columns.attempt[task] = life.attempt
    columns.worker[task] = life.worker
    columns.startedMs[task] = life.startedMs
    columns.endedMs[task] = life.endedMs
    columns.rowsRead[task] = report.rowsRead
    columns.bytesRead[task] = report.bytesRead
    columns.cpuMs[task] = report.cpuMs
    columns.creditWaitMs[task] = 0
    columns.spilledBytes[task] = 0
    const first = task * this.#stage.nodes.length
    for (const [i, one] of report.nodes.entries()) {
      this.#rowsIn[first + i] = one.rowsIn
      this.#rowsOut[first + i] = one.rowsOut
      this.#bytesOut[first + i] = one.bytesOut
      this.#busyMs[first + i] = one.busyMs
      columns.creditWaitMs[task] += one.creditWaitMs
      columns.spilledBytes[task] += one.spilledBytes
      const sums = this.#sums[i]
      sums.batchesOut += one.batchesOut
      sums.spilledBytes += one.spilledBytes
      sums.spillFiles += one.spillFiles
      sums.busyMs += one.busyMs
      sums.creditWaitMs += one.creditWaitMs
      sums.peakMemoryBytes = Math.max(sums.peakMemoryBytes, one.peakMemoryBytes)
    }
    this.rowsTaken += this.#rowsTaken(task)
  }

  stageMetrics(): StageMetrics {
    const { id, tasks } = this.#stage
    const done = this.#doneTasks()
    const columns = this.#columns
    const of = (column: Float64Array): Float64Array => Float64Array.from(done, (task) => column[task])
    const rows = Float64Array.from(done, (task) => this.#rowsTaken(task))
    const sumOf = (name: keyof OperatorMetrics): number => sum(this.#sums.map((one) => one[name]))
    return {
      stage: id,
      tasks,
      startedMs: this.isStarted ? this.#startedMs : 0,
      endedMs: done.reduce((last, task) => Math.max(last, columns.endedMs[task]), 0),
      rowsRead: sum(columns.rowsRead),
      bytesRead: sum(columns.bytesRead),
      cpuMs: sum(columns.cpuMs),
      busyMs: sumOf('busyMs'),
      creditWaitMs: sumOf('creditWaitMs'),
      spilledBytes: sumOf('spilledBytes'),
      repeated: this.#repeated,
      rows: rowSpreadOf(rows, done),
      cpu: spreadOf(of(columns.cpuMs)),
      each: () => done.map((task) => this.task(task)),
    }
  }

  nodeMetrics(): NodeMetrics[] {
    const { id: stage, tasks, nodes } = this.#stage
    const done = this.#doneTasks()
    return nodes.map(({ id: node }, i) => {
      const of = (table: Float64Array | Float32Array): Float64Array =>
        Float64Array.from(done, (task) => table[task * nodes.length + i])
      const rowsIn = of(this.#rowsIn)
      const rowsOut = of(this.#rowsOut)
      const isRoot = !nodes.some(({ inputs }) => inputs.includes(node))
      return {
        ...this.#sums[i],
        node,
        stage,
        tasks,
        rowsIn: sum(rowsIn),
        rowsOut: sum(rowsOut),
        bytesOut: sum(of(this.#bytesOut)),
        rows: rowSpreadOf(isRoot ? rowsIn : rowsOut, done),
        busy: spreadOf(of(this.#busyMs)),
      }
    })
  }

  #doneTasks(): number[] {
    return Array.from(this.#done.keys()).filter((task) => this.#done[task] === 1)
  }

  /** Rows that the task's leaves gave. */
  #rowsTaken(task: number): number {
    const { nodes } = this.#stage
    return nodes.reduce((rows, node, i) => (isLeaf(node) ? rows + this.#rowsOut[task * nodes.length + i] : rows), 0)
  }

  /** One task that is done. */
  task(task: number): TaskMetrics {
    const { id: stage, nodes } = this.#stage
    const values = Object.fromEntries(taskColumns.map((name) => [name, this.#columns[name][task]])) as Record<TaskColumn, number>
    const first = task * nodes.length
    return {
      stage,
      task,
      ...values,
      rows: this.#rowsTaken(task),
      bytesOut: sum(this.#bytesOut.subarray(first, first + nodes.length)),
    }
  }
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
