import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { concatColumns, gatherColumn } from '../../data/gather.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import { readBlocks } from '../block-file.ts'
import { removeKept } from '../kept-file.ts'
import type { SpareBytes } from '../memory.ts'
import type { OperatorContext } from '../operator.ts'
import { rowsPerBatch } from './emit.ts'
import { LentRows } from './lent-rows.ts'
import { mergeRuns, type SortedRun } from './merge-runs.ts'
import { RowBuffer } from './row-buffer.ts'
import type { RowOrder } from './row-order.ts'
import { sortRows } from './sort-rows.ts'
import { writeRun } from './write-run.ts'

/** More files than this are first merged to fewer. */
const maxRuns = 48
/** Sorting a row takes its number, room for another, and eight bytes of its key. */
const sortingBytes = 16

/** Sorts any number of rows: in memory while the grant lasts, then by sorted runs on disk and a k-way merge. */
export class ExternalSorter {
  readonly #rows: RowBuffer
  #totalRows = 0
  #totalBytes = 0
  #runs: string[] = []
  readonly #order: RowOrder
  readonly #schema: Schema
  readonly #ctx: OperatorContext

  constructor(order: RowOrder, schema: Schema, ctx: OperatorContext, spare?: SpareBytes) {
    this.#order = order
    this.#schema = schema
    this.#ctx = ctx
    this.#rows = new RowBuffer(schema, spare)
  }

  /** It keeps nothing of the batches that are added. */
  get borrows(): boolean {
    return this.#rows.borrows
  }

  /** Rows that were added so far. */
  get rowCount(): number {
    return this.#totalRows
  }

  add(batch: Batch): void {
    if (batch.rowCount === 0) return
    this.#totalRows += batch.rowCount
    this.#totalBytes += batch.sizeBytes
    const isFull = this.#ctx.grant(this.#bytesWith(batch)) === 'spill'
    if (isFull && this.#rows.rowCount > 0) {
      this.#runs.push(writeRun(this.#ctx, this.#sortedHere(true)))
      this.#ctx.grant(this.#bytesWith(batch))
    }
    this.#rows.add(batch)
  }

  #bytesWith(batch: Batch): number {
    return this.#rows.bytesWith(batch) + (this.#rows.rowCount + batch.rowCount) * sortingBytes
  }

  /**
   * All rows in order. The sorter is empty afterwards.
   *
   * @param lent - each batch is wanted until the next one is asked for.
   */
  *sorted(lent = false): Generator<Batch, void> {
    if (this.#runs.length === 0) return yield* this.#sortedHere(lent)
    if (this.#rows.rowCount > 0) this.#runs.push(writeRun(this.#ctx, this.#sortedHere(true)))
    while (this.#runs.length > maxRuns) this.#runs.push(writeRun(this.#ctx, this.#merge(this.#runs.splice(0, maxRuns), true)))
    yield* this.#merge(this.#runs.splice(0), lent)
  }

  close(): void {
    this.#rows.close()
    this.#ctx.grant(0)
  }

  *#sortedHere(lent: boolean): Generator<Batch, void> {
    const { rowCount } = this.#rows
    const step = this.#rowsPerBatch()
    const columns = this.#rows.columns()
    const rows = sortRows(this.#order, columns, rowCount)
    const gathered = new LentRows(columns)
    for (let from = 0; from < rowCount; from += step) {
      const some = rows.subarray(from, Math.min(from + step, rowCount))
      if (lent) yield gathered.batch(some)
      else
        yield makeBatch(
          columns.map((column) => gatherColumn(column, some, some.length)),
          some.length,
        )
    }
    this.#rows.clear()
  }

  /** A power of two: nearly always the same for the same rows, whatever batches and runs they came in. */
  #rowsPerBatch(): number {
    return 2 ** Math.floor(Math.log2(rowsPerBatch(this.#totalRows, this.#totalBytes)))
  }

  *#merge(paths: readonly string[], lent: boolean): Generator<Batch, void> {
    const { disk } = this.#ctx.host
    const runs = paths.map((path) => runOf(readBlocks(disk, path, this.#schema)))
    yield* mergeRuns(runs, this.#order, this.#schema, { batchRows: this.#rowsPerBatch(), lent })
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
