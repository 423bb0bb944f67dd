import { bug } from '../base/errors.ts'
import type { BytesColumn, Column, DictionaryColumn, LaneColumn, ListColumn, StructColumn } from './column.ts'
import { isValid } from './column.ts'

const c1 = 0x9e3779b1
const c2 = 0x85ebca77
const nullWord = 0x5bd1e995

const number = new Float64Array(1)
const words = new Int32Array(number.buffer)
const wide = new BigInt64Array(number.buffer)

/**
 * Hashes the key of each row into 64 bits: `hi[row]` and `lo[row]`.
 *
 * Equal keys hash alike whatever stores them: dictionary or bytes, doubles or big integers; −0 as 0, all NaN alike, null as a value of its own.
 * The seed keeps crafted keys from colliding. Words are mixed in the manner of MurmurHash3, both halves depending on all of the key.
 */
export function hashRows(columns: readonly Column[], rowCount: number, seed: number, lo: Int32Array, hi: Int32Array): void {
  lo.fill(seed, 0, rowCount)
  hi.fill(seed ^ c1, 0, rowCount)
  for (const column of columns) hashColumn(column, rowCount, lo, hi)
}

/** The partition of a hash: its top bits, so that partitions are ranges of the hash. */
export function partitionOf(hi: number, count: number): number {
  return Math.floor(((hi >>> 0) * count) / 4294967296)
}

/** Stirs two words into the hash of each row. Inlined by hand in the loops below: two results cannot leave a function without an object. */
function mix(lo: Int32Array, hi: Int32Array, row: number, low: number, high: number): void {
  let a = Math.imul(lo[row] ^ low, c1)
  let b = Math.imul(hi[row] ^ high, c2)
  a ^= b >>> 15
  b = Math.imul(b ^ (a >>> 13), c1)
  a = Math.imul(a ^ (b >>> 16), c2)
  lo[row] = a ^ (a >>> 15)
  hi[row] = b ^ (a >>> 14)
}

function hashColumn(column: Column, rows: number, lo: Int32Array, hi: Int32Array): void {
  switch (column.store) {
    case 'lane':
      return hashLane(column, rows, lo, hi)
    case 'bytes':
      return hashBytes(column, rows, lo, hi)
    case 'dictionary':
      return hashDictionary(column, rows, lo, hi)
    case 'list':
    case 'struct':
      for (let row = 0; row < rows; row++) hashNested(column, row, lo, hi, row)
      return
    case 'js':
      throw bug('opaque values have no hash')
  }
}

function hashLane(column: LaneColumn, rows: number, lo: Int32Array, hi: Int32Array): void {
  const { values, nulls } = column
  if (values instanceof Float64Array) {
    for (let row = 0; row < rows; row++) {
      const value = values[row]
      if (nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0) mix(lo, hi, row, nullWord, nullWord)
      else {
        number[0] = Number.isNaN(value) ? Number.NaN : value + 0
        mix(lo, hi, row, words[0], words[1])
      }
    }
    return
  }
  for (let row = 0; row < rows; row++) hashLaneRow(column, row, lo, hi, row)
}

function hashLaneRow(column: LaneColumn, row: number, lo: Int32Array, hi: Int32Array, target: number): void {
  if (!isValid(column, row)) return mix(lo, hi, target, nullWord, nullWord)
  const value = column.values[row]
  // An unsafe integer is hashed by its 64 bits, a safe one as the double that other batches of the same column hold.
  if (typeof value === 'bigint' && (value > 9007199254740991n || value < -9007199254740991n)) wide[0] = value
  else number[0] = Number(value) + 0
  mix(lo, hi, target, words[0], words[1])
}

/**
 * Reads words of 4 bytes, the last one overlapping: most keys are a few words long. With `codes`, row `i` is text
 * `codes[i]`.
 */
function hashBytes(column: BytesColumn, rows: number, lo: Int32Array, hi: Int32Array, codes?: Int32Array): void {
  const { offsets, data, nulls } = column
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  for (let row = 0; row < rows; row++) {
    if (nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0) {
      mix(lo, hi, row, nullWord, nullWord)
      continue
    }
    const text = codes === undefined ? row : codes[row]
    const start = offsets[text]
    const end = offsets[text + 1]
    const size = end - start
    let a = lo[row] ^ size
    let b = hi[row]
    if (size >= 4) {
      let at = start
      for (; at + 8 <= end; at += 8) {
        a = Math.imul(a ^ view.getInt32(at, true), c1)
        b = Math.imul(b ^ view.getInt32(at + 4, true), c2)
        a ^= b >>> 15
        b ^= a >>> 13
      }
      if (at + 4 <= end) a = Math.imul(a ^ view.getInt32(at, true), c1)
      b ^= view.getInt32(end - 4, true)
    } else if (size > 0) {
      b ^= data[start] | (data[start + (size >> 1)] << 8) | (data[end - 1] << 16)
    }
    b = Math.imul(b, c2)
    a ^= b >>> 15
    b = Math.imul(b ^ (a >>> 13), c1)
    a = Math.imul(a ^ (b >>> 16), c2)
    lo[row] = a ^ (a >>> 15)
    hi[row] = b ^ (a >>> 14)
  }
}

/** When all rows start alike (a first column), every value of the dictionary is hashed once. */
function hashDictionary(column: DictionaryColumn, rows: number, lo: Int32Array, hi: Int32Array): void {
  const { codes, values } = column
  const startLow = lo[0]
  const startHigh = hi[0]
  const distinct = values.length
  let same = distinct < rows
  for (let row = 1; row < rows && same; row++) same = lo[row] === startLow && hi[row] === startHigh
  if (!same) {
    if (values.store === 'bytes' && values.nulls === undefined)
      return hashBytes({ ...values, nulls: column.nulls }, rows, lo, hi, codes)
    for (let row = 0; row < rows; row++) hashNested(column, row, lo, hi, row)
    return
  }
  const low = new Int32Array(distinct).fill(startLow)
  const high = new Int32Array(distinct).fill(startHigh)
  hashColumn(values, distinct, low, high)
  for (let row = 0; row < rows; row++) {
    if (!isValid(column, row)) mix(lo, hi, row, nullWord, nullWord)
    else {
      lo[row] = low[codes[row]]
      hi[row] = high[codes[row]]
    }
  }
}

const one = new Int32Array(1)
const other = new Int32Array(1)

/** Row `row` of any column into the hash at `target`. */
function hashNested(column: Column, row: number, lo: Int32Array, hi: Int32Array, target: number): void {
  if (!isValid(column, row)) return mix(lo, hi, target, nullWord, nullWord)
  switch (column.store) {
    case 'lane':
      return hashLaneRow(column, row, lo, hi, target)
    case 'bytes':
      return hashBytesRow(column, row, lo, hi, target)
    case 'dictionary':
      return hashNested(column.values, column.codes[row], lo, hi, target)
    case 'list':
      return hashItems(column, row, lo, hi, target)
    case 'struct':
      return hashFields(column, row, lo, hi, target)
    case 'js':
      throw bug('opaque values have no hash')
  }
}

function hashBytesRow(column: BytesColumn, row: number, lo: Int32Array, hi: Int32Array, target: number): void {
  one[0] = lo[target]
  other[0] = hi[target]
  hashBytes({ ...column, nulls: undefined, length: 1, offsets: column.offsets.subarray(row, row + 2) }, 1, one, other)
  lo[target] = one[0]
  hi[target] = other[0]
}

function hashItems(column: ListColumn, row: number, lo: Int32Array, hi: Int32Array, target: number): void {
  const { offsets, items } = column
  mix(lo, hi, target, offsets[row + 1] - offsets[row], c1)
  for (let item = offsets[row]; item < offsets[row + 1]; item++) hashNested(items, item, lo, hi, target)
}

function hashFields(column: StructColumn, row: number, lo: Int32Array, hi: Int32Array, target: number): void {
  for (const child of column.children) hashNested(child, row, lo, hi, target)
}
