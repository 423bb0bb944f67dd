import type { Host } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import type { BytesBuilder } from '../data/builder.ts'
import type { Schema } from '../data/type.ts'
import type { FnRef } from '../ir/expr.ts'
import type { PhysicalNodeOf, PhysicalOp } from '../ir/physical.ts'
import type { UserFunction } from '../ir/user-function.ts'
import type { FailedRow } from './row-errors.ts'
import type { MakeShared, Shared } from './stage-peers.ts'

/** Counters of one operator in one task. */
export interface OperatorMetrics {
  rowsIn: number
  rowsOut: number
  batchesOut: number
  bytesOut: number
  spilledBytes: number
  spillFiles: number
  /** Time in the operator itself, without those that it hands rows to. */
  busyMs: number
  /** Time that it had rows to send and no credit. */
  creditWaitMs: number
  /** Most bytes of the budget that it held; with other tasks of its thread together, where they share them. */
  peakMemoryBytes: number
}

export const newOperatorMetrics = (): OperatorMetrics => ({
  rowsIn: 0,
  rowsOut: 0,
  batchesOut: 0,
  bytesOut: 0,
  spilledBytes: 0,
  spillFiles: 0,
  busyMs: 0,
  creditWaitMs: 0,
  peakMemoryBytes: 0,
})

/** Everything an operator may touch. */
export interface OperatorContext {
  /** Gives a batch away; undefined while there is credit, else a promise to await before the next emit. */
  emit(batch: Batch): undefined | Promise<void>
  /** Passes an epoch's end downstream, after everything that belongs to it. */
  emitBarrier(epoch: number): undefined | Promise<void>
  /** To be called once a batch where one call makes many: undefined to go on at once, else a promise to await, while others have the thread. */
  pause(): undefined | Promise<void>
  /** Tells upstream to stop; push is not called afterwards. */
  done(): void
  /** Does nobody want more rows of this operator? */
  isDone(): boolean
  /** Asks for the operator's memory to grow to `bytes` in all. */
  grant(bytes: number): 'ok' | 'spill'
  /**
   * A value in common with this operator in the other tasks of the stage that this thread runs. Where tasks are committed one by one it is this
   * task's alone.
   */
  share<T>(make: MakeShared<T>): Shared<T>
  /** Set when the only consumer gives numbers to the texts of a column that it gets. */
  textNumbering(): TextNumbering | undefined
  /** Does everybody let go of a batch once it was emitted? Known when the first rows come. */
  lends(): boolean
  host: Host
  /** A new file name for spilled rows of this task; the runtime removes all of them when the task ends. */
  spillPath(): string
  signal: AbortSignal
  fn(ref: FnRef): UserFunction
  /** Takes a row that failed and is left out; absent where such a row ends the run. Throws when there are too many. */
  leaveOut?(row: FailedRow): void
  metrics: OperatorMetrics
  hashSeed: number
  /** `true` under tests that forbid `new Function`. */
  interpreted: boolean
  /** Row types of the inputs and of the output. */
  inputs: readonly Schema[]
  fields: Schema
}

/**
 * An operator that gives each text of input column `column` a number. A producer may have texts numbered while it makes them: it then sends a
 * dictionary with `texts()` as its owner, and the operator has nothing left to look up. It keeps no codes beyond `push`.
 */
export interface TextNumbering {
  readonly column: number
  /** Another object once the operator has started afresh. */
  texts(): TextNumbers
}

/** Texts and their numbers. */
export interface TextNumbers {
  /** The texts in the order of their numbers. */
  readonly keys: BytesBuilder
  /** The number of a text; a new one gets the next. */
  number(data: Uint8Array, start: number, end: number): number
  /**
   * Numbers the pieces between separators of texts, from `place` on up to text `to`, into `codes` from `count` on; gives how many codes there are
   * then. At `limit` it stops before text `to`, and `place` tells where.
   */
  numberPieces(
    data: Uint8Array,
    offsets: Int32Array,
    place: PiecePlace,
    to: number,
    separator: number,
    codes: Int32Array,
    count: number,
    limit: number,
  ): number
}

/** A text and a byte of it. */
export interface PiecePlace {
  row: number
  at: number
}

/**
 * Running code of a physical node. One call at a time; a returned promise is awaited before the next call.
 * The runtime calls push, then finish once an input, then close once; after `ctx.done()` only close.
 */
export interface Operator {
  readonly name: string
  readonly textNumbering?: TextNumbering
  /** It keeps nothing of a batch beyond `push` and what that returns, so that the arrays may be used again. */
  readonly borrows?: boolean
  push(input: number, batch: Batch): void | Promise<void>
  /** Input `input` has ended; the last call may emit what is left. */
  finish(input: number): void | Promise<void>
  /** All inputs have ended epoch `epoch`: emit what it changed, then `ctx.emitBarrier(epoch)`. */
  barrier?(epoch: number): void | Promise<void>
  close(): void
}

export type OperatorFactory<Op extends PhysicalOp> = (node: PhysicalNodeOf<Op>, ctx: OperatorContext) => Operator
