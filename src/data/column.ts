import { resourceError } from '../base/errors.ts'
import type { Type } from './type.ts'

/** A typed array of fixed-width values. */
export type Lane = Float64Array | Int32Array | BigInt64Array | Uint8Array

interface ColumnBase {
  readonly type: Type
  readonly length: number
  /** One bit a row, 1 = valid, least significant bit first; absent when no row is null. The slot under a null is 0 or empty. */
  readonly nulls?: Uint8Array
}
/**
 * float64: Float64Array. int64 and timestamp: Float64Array of safe integers (never −0), or BigInt64Array when any value of the
 * column is unsafe. date: Int32Array of days. bool: Uint8Array of 0 and 1.
 */
export interface LaneColumn extends ColumnBase {
  readonly store: 'lane'
  readonly values: Lane
}
/** string and bytes: row i is `data[offsets[i] .. offsets[i + 1])`; `offsets[0]` need not be 0. */
export interface BytesColumn extends ColumnBase {
  readonly store: 'bytes'
  readonly offsets: Int32Array
  readonly data: Uint8Array
}
/** Codes into `values`; codes have no order, and values need not be unique. */
export interface DictionaryColumn extends ColumnBase {
  readonly store: 'dictionary'
  readonly codes: Int32Array
  readonly values: Column
  /** Who numbered the values: columns of one owner have the same codes for the same values, and each value has one code. */
  readonly owner?: object
}
/** array: row i holds items `offsets[i] .. offsets[i + 1]`; `offsets[0]` need not be 0. */
export interface ListColumn extends ColumnBase {
  readonly store: 'list'
  readonly offsets: Int32Array
  readonly items: Column
}
export interface StructColumn extends ColumnBase {
  readonly store: 'struct'
  readonly children: readonly Column[]
}
/** Opaque JavaScript values between fused closures; null stands in the array itself. */
export interface JsColumn extends ColumnBase {
  readonly store: 'js'
  readonly values: readonly unknown[]
}
/** A column of one batch. Every array starts at row 0: a slice shares values and copies the null bits only. */
export type Column = LaneColumn | BytesColumn | DictionaryColumn | ListColumn | StructColumn | JsColumn

export function isValid(column: Column, row: number): boolean {
  return column.nulls === undefined || (column.nulls[row >> 3] & (1 << (row & 7))) !== 0
}

/** Refuses what 32-bit offsets cannot count: `RESOURCE_LIMIT`. */
export function checkTextBytes(bytes: number): void {
  if (bytes > 0x7fffffff) throw resourceError('RESOURCE_LIMIT', 'the texts of one column take more than 2 GiB at a time')
}
