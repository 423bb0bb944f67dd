import type { BytesColumn, Column, LaneColumn } from '../../data/column.ts'
import type { PhysicalSortKey } from '../../ir/physical.ts'

/**
 * Eight bytes of the key of each row as two words that order like unsigned numbers. They never contradict the order of the rows; rows whose words are
 * equal are told apart by what follows, or by comparing.
 */
export interface KeyWords {
  hi: Int32Array
  lo: Int32Array
}

export const newKeyWords = (rowCount: number): KeyWords => ({ hi: new Int32Array(rowCount), lo: new Int32Array(rowCount) })

/**
 * The words of rows `rows[from .. to)` at their own places. Texts have more than eight bytes: `depth` says where to start.
 * A value of fixed width is told by its words alone, whatever stores it: 64 bits of integers, also where a batch holds them as doubles.
 */
export function putKeyWords(
  column: Column,
  { desc, nullsFirst }: PhysicalSortKey,
  depth: number,
  rows: Int32Array,
  from: number,
  to: number,
  words: KeyWords,
): void {
  if (column.store === 'lane') putLane(column, rows, from, to, words)
  else if (column.store === 'bytes') putBytes(column, depth, rows, from, to, words)
  else putNothing(rows, from, to, words)
  const { hi, lo } = words
  if (desc) {
    for (let i = from; i < to; i++) {
      const row = rows[i]
      hi[row] = ~hi[row]
      lo[row] = ~lo[row]
    }
  }
  const { nulls } = column
  if (nulls === undefined) return
  const ofNull = nullsFirst ? 0 : -1
  for (let i = from; i < to; i++) {
    const row = rows[i]
    if ((nulls[row >> 3] & (1 << (row & 7))) !== 0) continue
    hi[row] = ofNull
    lo[row] = ofNull
  }
}

function putNothing(rows: Int32Array, from: number, to: number, { hi, lo }: KeyWords): void {
  for (let i = from; i < to; i++) {
    hi[rows[i]] = 0
    lo[rows[i]] = 0
  }
}

function putLane(column: LaneColumn, rows: Int32Array, from: number, to: number, words: KeyWords): void {
  const { values, type } = column
  const { hi, lo } = words
  if (values instanceof BigInt64Array) {
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
    for (let i = from; i < to; i++) {
      const row = rows[i]
      hi[row] = halves[row * 2 + 1] ^ signBit
      lo[row] = halves[row * 2]
    }
    return
  }
  if (!(values instanceof Float64Array)) {
    for (let i = from; i < to; i++) {
      hi[rows[i]] = values[rows[i]] ^ signBit
      lo[rows[i]] = 0
    }
    return
  }
  if (type.kind === 'float64') return putFloats(values, rows, from, to, words)
  for (let i = from; i < to; i++) {
    const row = rows[i]
    hi[row] = Math.floor(values[row] / 4294967296) ^ signBit
    lo[row] = values[row]
  }
}

const signBit = 0x80000000 | 0
const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)

/** NaN comes before all numbers; −0 + 0 is 0: the two are equal, and their words must be. */
function putFloats(values: Float64Array, rows: Int32Array, from: number, to: number, { hi, lo }: KeyWords): void {
  for (let i = from; i < to; i++) {
    const row = rows[i]
    const value = values[row]
    if (Number.isNaN(value)) {
      hi[row] = 0
      lo[row] = 0
      continue
    }
    double[0] = value + 0
    const sign = halves[1] >> 31
    hi[row] = halves[1] ^ (sign | signBit)
    lo[row] = halves[0] ^ sign
  }
}

/** Behind the end of a text stand zeros. */
function putBytes(
  { offsets, data }: BytesColumn,
  depth: number,
  rows: Int32Array,
  from: number,
  to: number,
  { hi, lo }: KeyWords,
): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  for (let i = from; i < to; i++) {
    const row = rows[i]
    const start = offsets[row] + depth
    const end = offsets[row + 1]
    if (start + 8 <= end) {
      hi[row] = view.getInt32(start)
      lo[row] = view.getInt32(start + 4)
    } else {
      hi[row] = wordAt(data, start, end)
      lo[row] = wordAt(data, start + 4, end)
    }
  }
}

function wordAt(data: Uint8Array, start: number, end: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) word = (word << 8) | (start + i < end ? data[start + i] : 0)
  return word
}
