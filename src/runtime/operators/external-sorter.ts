import { Heap } from '../../base/heap.ts'
import type { Batch } from '../../data/batch.ts'
import type { ColumnBuilder } from '../../data/builder.ts'
import { createBuilder } from '../../data/builder.ts'
import type { Column } from '../../data/column.ts'
import { concatColumns, gatherColumn } from '../../data/gather.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import { readBlocks } from '../block-file.ts'
import type { OperatorContext } from '../operator.ts'
import { rowsPerBatch } from './emit.ts'
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
  #runs: string[] = []
  readonly #order: RowOrder
  readonly #schema: Schema
  readonly #ctx: OperatorContext

  constructor(order: RowOrder, schema: Schema, ctx: OperatorContext) {
    this.#order = order
    this.#schema = schema
    this.#ctx = ctx
  }

  add(batch: Batch): void {
    if (batch.rowCount === 0) return
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
    const step = rowsPerBatch(rowCount, this.#bytes)
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

  *#merge(paths: readonly string[]): Generator<Batch, void> {
    const { disk } = this.#ctx.host
    const order = this.#order
    const heap = new Heap<Cursor>((a, b) => {
      const x = a.prefixes[a.row]
      const y = b.prefixes[b.row]
      return x < y ? -1 : x > y ? 1 : order.across(a.columns, a.row, b.columns, b.row)
    })
    const cursors = paths.map((path) => new Cursor(readBlocks(disk, path, this.#schema), order))
    const builders = this.#schema.map((field) => createBuilder(field.type))
    try {
      for (const cursor of cursors) if (cursor.load()) heap.push(cursor)
      let step = 1
      let rowCount = 0
      for (let least = heap.top; least !== undefined; least = heap.top) {
        step = least.rowCount > step ? least.rowCount : step
        appendRow(builders, least.columns, least.row)
        if (least.next()) heap.topChanged()
        else heap.pop()
        if (++rowCount < step) continue
        yield takeBatch(builders, rowCount)
        rowCount = 0
      }
      if (rowCount > 0) yield takeBatch(builders, rowCount)
    } finally {
      for (const cursor of cursors) cursor.close()
    }
    for (const path of paths) disk.remove(path)
  }
}

/** The rows of several batches as one column each. */
export function joinBatches(batches: readonly Batch[], schema: Schema): Column[] {
  return schema.map(({ type }, i) =>
    concatColumns(
      batches.map((batch) => batch.columns[i]),
      type,
    ),
  )
}

function appendRow(builders: readonly ColumnBuilder[], columns: readonly Column[], row: number): void {
  for (let i = 0; i < builders.length; i++) builders[i].appendFrom(columns[i], row)
}

function takeBatch(builders: readonly ColumnBuilder[], rowCount: number): Batch {
  return makeBatch(
    builders.map((builder) => builder.finish()),
    rowCount,
  )
}

/** A place in one sorted run. */
class Cursor {
  row = 0
  rowCount = 0
  columns: readonly Column[] = []
  prefixes: Float64Array = new Float64Array(0)
  readonly #blocks: Generator<Batch, void>
  readonly #order: RowOrder

  constructor(blocks: Generator<Batch, void>, order: RowOrder) {
    this.#blocks = blocks
    this.#order = order
  }

  /** Goes to the next row; false at the end. */
  next(): boolean {
    return ++this.row < this.rowCount || this.load()
  }

  load(): boolean {
    const next = this.#blocks.next()
    if (next.done) return false
    this.row = 0
    this.rowCount = next.value.rowCount
    this.columns = next.value.columns
    this.prefixes = this.#order.prefixes(this.columns, this.rowCount)
    return true
  }

  close(): void {
    this.#blocks.return()
  }
}
