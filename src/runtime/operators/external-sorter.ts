import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { concatColumns, gatherColumn } from '../../data/gather.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import { readBlocks } from '../block-file.ts'
import { removeKept } from '../kept-file.ts'
import type { OperatorContext } from '../operator.ts'
import { rowsPerBatch } from './emit.ts'
import { mergeRuns, type SortedRun } from './merge-runs.ts'
import type { RowOrder } from './row-order.ts'
import { sortRows } from './sort-rows.ts'
import { writeRun } from './write-run.ts'

/** More files than this are first merged to fewer. */
const maxRuns = 48
/** Sorting holds the rows twice for a while: joined to one column each, and gathered. */
const sortingFactor = 2

/** Sorts any number of rows: in memory while the grant lasts, then by sorted runs on disk and a k-way merge. */
export class ExternalSorter {
  #batches: Batch[] = []
  #bytes = 0
  #rowCount = 0
  #totalRows = 0
  #totalBytes = 0
  #runs: string[] = []
  readonly #order: RowOrder
  readonly #schema: Schema
  readonly #ctx: OperatorContext

  constructor(order: RowOrder, schema: Schema, ctx: OperatorContext) {
    this.#order = order
    this.#schema = schema
    this.#ctx = ctx
  }

  /** Rows that were added so far. */
  get rowCount(): number {
    return this.#totalRows
  }

  add(batch: Batch): void {
    if (batch.rowCount === 0) return
    this.#totalRows += batch.rowCount
    this.#totalBytes += batch.sizeBytes
    this.#batches.push(batch)
    this.#bytes += batch.sizeBytes
    this.#rowCount += batch.rowCount
    if (this.#ctx.grant(this.#bytes * sortingFactor) === 'ok') return
    this.#runs.push(writeRun(this.#ctx, this.#sortedHere()))
    this.#ctx.grant(0)
  }

  /** All rows in order. The sorter is empty afterwards. */
  *sorted(): Generator<Batch, void> {
    if (this.#runs.length === 0) return yield* this.#sortedHere()
    if (this.#rowCount > 0) this.#runs.push(writeRun(this.#ctx, this.#sortedHere()))
    while (this.#runs.length > maxRuns) this.#runs.push(writeRun(this.#ctx, this.#merge(this.#runs.splice(0, maxRuns))))
    yield* this.#merge(this.#runs.splice(0))
  }

  close(): void {
    this.#batches = []
    this.#ctx.grant(0)
  }

  *#sortedHere(): Generator<Batch, void> {
    const batches = this.#batches
    const rowCount = this.#rowCount
    const step = this.#rowsPerBatch()
    this.#batches = []
    this.#bytes = 0
    this.#rowCount = 0
    const columns = joinBatches(batches, this.#schema)
    // The joined columns hold the rows now.
    batches.length = 0
    const rows = sortRows(this.#order, columns, rowCount)
    for (let from = 0; from < rowCount; from += step) {
      const count = Math.min(step, rowCount - from)
      const some = rows.subarray(from, from + count)
      yield makeBatch(
        columns.map((column) => gatherColumn(column, some, count)),
        count,
      )
    }
  }

  /** A power of two: nearly always the same for the same rows, whatever batches and runs they came in. */
  #rowsPerBatch(): number {
    return 2 ** Math.floor(Math.log2(rowsPerBatch(this.#totalRows, this.#totalBytes)))
  }

  *#merge(paths: readonly string[]): Generator<Batch, void> {
    const { disk } = this.#ctx.host
    const runs = paths.map((path) => runOf(readBlocks(disk, path, this.#schema)))
    yield* mergeRuns(runs, this.#order, this.#schema, this.#rowsPerBatch())
    for (const path of paths) removeKept(disk, path)
  }
}

const runOf = (batches: Generator<Batch, void>): SortedRun => ({
  next: () => batches.next().value ?? undefined,
  close: () => void batches.return(),
})

/** The rows of several batches as one column each. */
export function joinBatches(batches: readonly Batch[], schema: Schema): Column[] {
  return schema.map(({ type }, i) =>
    concatColumns(
      batches.map((batch) => batch.columns[i]),
      type,
    ),
  )
}
