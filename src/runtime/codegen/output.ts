import { type Batch, type BatchHeader, freshHeader, targetBatchBytes, targetBatchRows } from '../../data/batch.ts'
import { BytesBuilder, type ColumnBuilder, createBuilder } from '../../data/builder.ts'
import { viewBuilder } from '../../data/builder-view.ts'
import type { Column } from '../../data/column.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import type { TextNumbering } from '../operator.ts'
import { CodesBuilder } from './codes-builder.ts'
import { PassedCodes } from './passed-codes.ts'
import { Scratch } from './support.ts'

/** How many rows and bytes of one column a segment gathers before it makes a batch; tests make them small. */
export interface BatchTarget {
  rows: number
  bytes: number
}
type Emit = (batch: Batch) => undefined | Promise<void>
const defaultTarget: BatchTarget = { rows: targetBatchRows, bytes: targetBatchBytes }

/** The rows that a segment has made and not yet given away. Generated code writes to the builders between `reserve` and `flush`. */
export class Output {
  readonly builders: (ColumnBuilder | CodesBuilder | PassedCodes)[]
  /** The column whose texts are numbered as they are made. */
  readonly numbered: number | undefined
  readonly limit: number
  readonly byteLimit: number
  readonly scratch = new Scratch()
  /** Input row of each row that has texts to encode. */
  readonly source: Int32Array
  rows = 0
  weights: Int32Array | undefined
  #header: BatchHeader = freshHeader
  readonly #pending: Batch[] = []
  #credit: Promise<void> | undefined

  /**
   * Called between the values of an iterator, which may never end: gives away what is made, as far as there is credit. Does nobody want more?
   */
  offer: () => boolean = () => false

  constructor(fields: Schema, target: BatchTarget = defaultTarget, numbering?: TextNumbering) {
    this.numbered = numbering?.column
    this.builders = fields.map(({ type }, i) =>
      i === numbering?.column ? new CodesBuilder(type, numbering, target.rows) : createBuilder(type),
    )
    this.limit = target.rows
    this.source = new Int32Array(target.rows)
    this.byteLimit = target.bytes
  }

  /** Prepares for rows of an input batch; rows of another epoch or watermark, or with other weights, do not share a batch with earlier ones. */
  begin(header: BatchHeader, weighted: boolean): void {
    const old = this.#header
    if (old.epoch !== header.epoch || old.watermark !== header.watermark || weighted !== (this.weights !== undefined))
      this.flush()
    this.#header = header
    if (weighted) this.weights ??= new Int32Array(this.limit)
    else this.weights = undefined
    this.reserve()
  }
  /** A text column of the next input batch that goes through unchanged: if it is a dictionary with an owner, its codes are taken. */
  pass(i: number, column: Column): void {
    const builder = this.builders[i]
    const isPassed = builder instanceof PassedCodes
    if (column.store === 'dictionary' && column.owner !== undefined) {
      if (isPassed && builder.accepts(column)) return
      this.flush()
      this.builders[i] = new PassedCodes(column, this.limit)
    } else if (isPassed) {
      this.flush()
      this.builders[i] = createBuilder(column.type)
    }
  }
  /** Is output column `i` passed on as codes? */
  isPassed(i: number): boolean {
    return this.builders[i] instanceof PassedCodes
  }
  /** Numbers go on where the operator that gives them is now. To be called before rows are made. */
  follow(): void {
    if (this.numbered === undefined) return
    const builder = this.builders[this.numbered] as CodesBuilder
    if (builder.isStale) this.flush()
    // What others had numbered since is not of these rows: it must not make an output full that has none.
    if (this.rows === 0) builder.follow()
  }
  /** Room for so many more rows, for which loops do not ask again. */
  reserve(rows = this.limit - this.rows): void {
    for (const builder of this.builders) builder.reserve(rows)
  }
  /** Hands over the columns as they are. */
  take(): readonly Column[] {
    this.rows = 0
    return this.builders.map((builder) => builder.finish())
  }
  /**
   * Makes a batch of the rows so far. `lent`: nobody keeps it once it was emitted, and no row is made before that, so that its arrays are used again.
   */
  flush(lent = false): void {
    if (this.rows === 0) return
    const columns = this.builders.map((builder) => (lent ? lend(builder) : builder.finish()))
    const { producer, attempt, sequence, epoch, watermark, ingestTimeUs } = this.#header
    const header: BatchHeader = { producer, attempt, sequence, epoch, watermark, ingestTimeUs }
    this.#pending.push(makeBatch(columns, this.rows, { header, weights: this.weights?.subarray(0, this.rows) }))
    this.rows = 0
    if (this.weights !== undefined) this.weights = new Int32Array(this.limit)
    this.reserve()
  }
  isFull(): boolean {
    return this.rows >= this.limit || this.builders.some((builder) => bytesOf(builder) >= this.byteLimit)
  }
  /** May a loop go on, or should what it made be given away first? */
  isOpen(): boolean {
    return this.#pending.length === 0 && !this.isFull()
  }
  /** Gives made batches away until there is no credit. */
  giveAway(emit: Emit): void {
    while (this.#credit === undefined && this.#pending.length > 0) this.#credit = this.#give(emit)
  }
  /** Gives the made batches away, one after the other; a promise when there is no credit. */
  drain(emit: Emit): undefined | Promise<void> {
    const credit = this.#credit
    this.#credit = undefined
    if (credit !== undefined) return credit.then(() => this.drain(emit))
    while (this.#pending.length > 0) {
      const wait = this.#give(emit)
      if (wait !== undefined) return wait.then(() => this.drain(emit))
    }
    return undefined
  }
  #give(emit: Emit): undefined | Promise<void> {
    const wait = emit(this.#pending.shift() as Batch)
    if (wait !== undefined) return wait.then(() => this.#recycle())
    this.#recycle()
    return undefined
  }
  /** Who gives numbers lets go of codes at once. */
  #recycle(): void {
    if (this.numbered !== undefined) (this.builders[this.numbered] as CodesBuilder).recycle()
  }
}

function bytesOf(builder: ColumnBuilder | CodesBuilder | PassedCodes): number {
  if (builder instanceof BytesBuilder) return builder.dataLength
  return builder instanceof CodesBuilder ? builder.newBytes : 0
}

/** The rows of a builder as a column that holds until the next row is written. */
function lend(builder: ColumnBuilder | CodesBuilder | PassedCodes): Column {
  if (builder instanceof PassedCodes) return builder.lend()
  const isLane = builder.store === 'lane' && !(builder.values instanceof BigInt64Array)
  if (!isLane && builder.store !== 'bytes') return builder.finish()
  const column = viewBuilder(builder)
  builder.length = 0
  builder.nulls = undefined
  if (builder.store === 'bytes') builder.dataLength = 0
  return column
}
