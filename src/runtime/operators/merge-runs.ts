import { type Batch, targetBatchRows } from '../../data/batch.ts'
import { type ColumnBuilder, createBuilder } from '../../data/builder.ts'
import type { Column, Lane } from '../../data/column.ts'
import { plainColumn } from '../../data/gather.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema, Type } from '../../data/type.ts'
import { rowsPerBatch } from './emit.ts'
import { type KeyWords, newKeyWords } from './key-words.ts'
import { LoserTree } from './loser-tree.ts'
import { PickedColumn } from './picked-rows.ts'
import type { RowOrder } from './row-order.ts'

/** The batches of one sorted run; each is valid until the next one is asked for. */
export interface SortedRun {
  next(): Batch | undefined
  close(): void
}

/**
 * Merges sorted runs into one; rows that are equal come in the order of the runs. Closes the runs in the end.
 *
 * @param options.batchRows - rows of a batch; default: as many as make about 256 KiB.
 * @param options.lent - each batch is wanted until the next one is asked for: its arrays may be used again.
 */
export function* mergeRuns(
  runs: readonly SortedRun[],
  order: RowOrder,
  schema: Schema,
  { batchRows, lent = false }: { batchRows?: number; lent?: boolean } = {},
): Generator<Batch, void> {
  const merge = new Merge(runs, order, schema, lent)
  try {
    for (let batch = merge.next(batchRows); batch !== undefined; batch = merge.next(batchRows)) yield batch
  } finally {
    for (const run of runs) run.close()
  }
}

/** After so many rows of one run in a row, its next ones are not compared one by one: timsort's galloping. */
const leastStreak = 8

const isText = ({ kind }: Type): boolean => kind === 'string' || kind === 'bytes'

/** What a builder holds, which it overwrites next. */
function lend(builder: ColumnBuilder): Column {
  const { type, length } = builder
  if (builder.nulls !== undefined) return builder.finish()
  if (builder.store === 'bytes') {
    const [offsets, data] = [builder.offsets.subarray(0, length + 1), builder.data.subarray(0, builder.dataLength)]
    builder.length = 0
    builder.dataLength = 0
    return { store: 'bytes', type, length, offsets, data }
  }
  if (builder.store !== 'lane' || builder.values instanceof BigInt64Array) return builder.finish()
  builder.length = 0
  return { store: 'lane', type, length, values: builder.values.subarray(0, length) as Lane }
}

/**
 * The tournament tells the order of rows, a few thousand at a time; then they are copied column by column. Players are compared by 52 bits of their keys'
 * first words, as doubles, and rows only where these are equal.
 */
class Merge {
  readonly #runs: readonly SortedRun[]
  readonly #order: RowOrder
  readonly #builders: readonly ColumnBuilder[]
  /** By run: the row it stands at, how many its batch has, that row's key, the keys of all rows of the batch, and the batch's size. */
  readonly #row: Int32Array
  readonly #rowCount: Int32Array
  readonly #heads: Float64Array
  readonly #keys: Float64Array[]
  readonly #columns: (readonly Column[])[]
  readonly #bytes: Float64Array
  readonly #tree: LoserTree
  readonly #picked: readonly PickedColumn[]
  readonly #pickedRuns = new Int32Array(targetBatchRows)
  readonly #pickedRows = new Int32Array(targetBatchRows)
  /** By column: may the builder's arrays be used again? Not where a null could find a value in the slot under it. */
  readonly #lends: readonly boolean[]
  /** Rows and bytes of all batches at hand. */
  #heldRows = 0
  #heldBytes = 0
  #words: KeyWords = newKeyWords(0)
  #allRows = new Int32Array(0)

  constructor(runs: readonly SortedRun[], order: RowOrder, schema: Schema, lent: boolean) {
    const count = runs.length
    this.#runs = runs
    this.#order = order
    this.#lends = schema.map(({ type, nullable }) => lent && (!nullable || isText(type)))
    this.#builders = schema.map((field) => createBuilder(field.type))
    this.#row = new Int32Array(count)
    this.#rowCount = new Int32Array(count)
    this.#heads = new Float64Array(count)
    this.#keys = runs.map(() => new Float64Array(0))
    this.#columns = runs.map(() => [])
    this.#bytes = new Float64Array(count)
    this.#picked = schema.map(() => new PickedColumn(count))
    for (let run = 0; run < count; run++) this.#load(run)
    const columns = this.#columns
    const row = this.#row
    const heads = this.#heads
    this.#tree = new LoserTree(heads, (a, b) => {
      if (heads[a] === Number.POSITIVE_INFINITY) return a < b
      const found = order.across(columns[a], row[a], columns[b], row[b])
      return found < 0 || (found === 0 && a < b)
    })
  }

  /** The next batch in order. */
  next(wanted = rowsPerBatch(this.#heldRows, this.#heldBytes)): Batch | undefined {
    const builders = this.#builders
    let made = 0
    while (made < wanted && !this.#isAtEnd()) {
      const count = this.#pick(wanted - made)
      for (let i = 0; i < builders.length; i++) this.#picked[i].appendTo(builders[i], this.#pickedRuns, this.#pickedRows, count)
      made += count
      const run = this.#tree.winner
      if (this.#row[run] < this.#rowCount[run]) continue
      this.#load(run)
      this.#tree.replay()
    }
    if (made === 0) return undefined
    return makeBatch(
      builders.map((builder, i) => (this.#lends[i] ? lend(builder) : builder.finish())),
      made,
    )
  }

  #isAtEnd(): boolean {
    return this.#runs.length === 0 || this.#heads[this.#tree.winner] === Number.POSITIVE_INFINITY
  }

  /** Picks up to `limit` rows, fewer when the batch of a run is used up before. */
  #pick(limit: number): number {
    const tree = this.#tree
    const row = this.#row
    const rowCount = this.#rowCount
    const heads = this.#heads
    const keys = this.#keys
    const runs = this.#pickedRuns
    const rows = this.#pickedRows
    let last = -1
    let streak = 0
    for (let picked = 0; picked < limit; ) {
      const run = tree.winner
      const from = row[run]
      let to = from + 1
      streak = run === last ? streak + 1 : 0
      last = run
      if (streak >= leastStreak) {
        to = Math.min(this.#endOfStretch(run), from + limit - picked)
        if (to - from < leastStreak) streak = 0
      }
      for (let at = from; at < to; at++, picked++) {
        runs[picked] = run
        rows[picked] = at
      }
      row[run] = to
      if (to === rowCount[run]) return picked
      heads[run] = keys[run][to]
      tree.replay()
    }
    return limit
  }

  /** The first row of the winner's batch that comes behind the row of the second one: twice as far each time, then by halves. */
  #endOfStretch(run: number): number {
    const second = this.#tree.second
    const count = this.#rowCount[run]
    if (second < 0) return count
    let before = this.#row[run]
    let step = 1
    while (before + step < count && this.#isBefore(run, before + step, second)) {
      before += step
      step *= 2
    }
    let end = Math.min(before + step, count)
    while (before + 1 < end) {
      const middle = (before + end) >> 1
      if (this.#isBefore(run, middle, second)) before = middle
      else end = middle
    }
    return end
  }

  /** Does a row of the winner's batch come before the row of another run? */
  #isBefore(run: number, at: number, other: number): boolean {
    const head = this.#heads[other]
    const key = this.#keys[run][at]
    if (key !== head) return key < head
    const found = this.#order.across(this.#columns[run], at, this.#columns[other], this.#row[other])
    return found < 0 || (found === 0 && run < other)
  }

  #load(run: number): void {
    let batch = this.#runs[run].next()
    while (batch?.rowCount === 0) batch = this.#runs[run].next()
    const rowCount = batch?.rowCount ?? 0
    const bytes = batch?.sizeBytes ?? 0
    this.#heldRows += rowCount - this.#rowCount[run]
    this.#heldBytes += bytes - this.#bytes[run]
    this.#row[run] = 0
    this.#rowCount[run] = rowCount
    this.#bytes[run] = bytes
    this.#heads[run] = Number.POSITIVE_INFINITY
    if (batch === undefined) return
    const columns = batch.columns.map(plainColumn)
    this.#columns[run] = columns
    for (let i = 0; i < columns.length; i++) this.#picked[i].set(run, columns[i])
    this.#putKeys(run, columns, rowCount)
    this.#heads[run] = this.#keys[run][0]
  }

  #putKeys(run: number, columns: readonly Column[], rowCount: number): void {
    if (this.#allRows.length < rowCount) {
      this.#allRows = Int32Array.from({ length: rowCount }, (_, row) => row)
      this.#words = newKeyWords(rowCount)
    }
    if (this.#keys[run].length < rowCount) this.#keys[run] = new Float64Array(rowCount)
    this.#order.firstWords(columns, this.#allRows.subarray(0, rowCount), this.#words)
    const { hi, lo } = this.#words
    const keys = this.#keys[run]
    for (let row = 0; row < rowCount; row++) keys[row] = (hi[row] >>> 0) * 1_048_576 + (lo[row] >>> 12)
  }
}
