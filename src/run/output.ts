import type { ResultRows, RunResult } from '../backends/backend.ts'
import type { Batch } from '../data/batch.ts'
import { toJsRows } from '../data/js-row.ts'
import type { Schema } from '../data/type.ts'
import type { OutputHandle } from '../dsl/runner.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import { formatTable } from './table.ts'

/** The rows of one output of a run: as JavaScript values, and as typed batches for formats. */
export class RunOutput<T = unknown> implements OutputHandle<T> {
  /** `result`, or its name in the record that the pipeline returns. */
  readonly name: string
  /** Columns and their types. */
  readonly fields: Schema
  readonly rowCount: number
  readonly #rows: ResultRows
  readonly #shape: PhysicalPlan['outputs'][number]

  /** @internal */
  constructor(rows: ResultRows, shape: PhysicalPlan['outputs'][number]) {
    this.name = shape.name
    this.fields = shape.fields
    this.rowCount = rows.rowCount
    this.#rows = rows
    this.#shape = shape
  }

  /** Rows one by one: an object a row, the element itself, or `[key, value]`. Can be read again until the run is closed. */
  *rows(): Iterable<T> {
    for (const batch of this.#rows.batches()) yield* toJsRows(batch, this.#shape) as Iterable<T>
  }

  /** All rows, as `rows` gives them. */
  toArray(): T[] {
    return [...this.rows()]
  }

  /**
   * The rows as columnar batches with `fields` as their types.
   * @internal
   */
  batches(): Iterable<Batch> {
    return this.#rows.batches()
  }

  /** The first rows as a boxed table. */
  table(rows = 20, width = process.stdout.columns ?? 160): string {
    return formatTable(this.fields, this.#rows.batches(), this.rowCount, { rows, width })
  }

  /** Prints `table` on standard output. */
  show(rows = 20): void {
    process.stdout.write(`${this.table(rows)}\n`)
  }
}

export function outputsOf(result: RunResult, plan: PhysicalPlan): RunOutput[] {
  return result.outputs.map((rows, i) => new RunOutput(rows, plan.outputs[i]))
}
