import type { BytesColumn, Column, LaneColumn } from '../../data/column.ts'
import { comparatorOf, compareAcross, compareInTurn, type RowComparator } from '../../data/compare-rows.ts'
import { plainColumn } from '../../data/gather.ts'
import { hashRows } from '../../data/key.ts'
import type { PhysicalSortKey } from '../../ir/physical.ts'

/** An order of rows. Prefixes are numbers that never contradict it: rows whose prefixes are equal are told apart by comparing. */
export interface RowOrder {
  prefixes(columns: readonly Column[], rowCount: number): Float64Array
  comparator(columns: readonly Column[]): RowComparator
  across(left: readonly Column[], a: number, right: readonly Column[], b: number): number
}

/** By sort keys, ties by all other columns ascending with nulls first: so the place of every row is a function of the data. */
export function orderBySortKeys(by: readonly PhysicalSortKey[], columnCount: number): RowOrder {
  const used = new Set(by.map(({ column }) => column))
  const rest = Array.from({ length: columnCount }, (_, column) => ({ column, desc: false, nullsFirst: true }))
  const keys = [...by, ...rest.filter(({ column }) => !used.has(column))]
  return {
    prefixes: (columns, rowCount) =>
      keys.length === 0 ? new Float64Array(rowCount) : sortPrefixes(columns[keys[0].column], rowCount, keys[0]),
    comparator: (columns) =>
      compareInTurn(keys.map(({ column, desc, nullsFirst }) => comparatorOf(columns[column], nullsFirst, desc))),
    across(left, a, right, b) {
      for (const { column, desc, nullsFirst } of keys) {
        const order = compareAcross(left[column], a, right[column], b, nullsFirst, desc)
        if (order !== 0) return order
      }
      return 0
    },
  }
}

/** By (hash, key): rows of a key are brought together, in the order in which aggregates emit groups. */
export function orderByKeyHash(keys: readonly number[], hashSeed: number): RowOrder {
  return {
    prefixes(columns, rowCount) {
      const lo = new Int32Array(rowCount)
      const hi = new Int32Array(rowCount)
      hashRows(
        keys.map((key) => columns[key]),
        rowCount,
        hashSeed,
        lo,
        hi,
      )
      const out = new Float64Array(rowCount)
      for (let row = 0; row < rowCount; row++) out[row] = (hi[row] >>> 0) * 2_097_152 + (lo[row] >>> 11)
      return out
    },
    comparator: (columns) => compareInTurn(keys.map((key) => comparatorOf(columns[key]))),
    across(left, a, right, b) {
      for (const key of keys) {
        const order = compareAcross(left[key], a, right[key], b)
        if (order !== 0) return order
      }
      return 0
    },
  }
}

function sortPrefixes(column: Column, rowCount: number, { desc, nullsFirst }: PhysicalSortKey): Float64Array {
  const plain = plainColumn(column)
  const out =
    plain.store === 'lane' ? lanePrefixes(plain) : plain.store === 'bytes' ? bytesPrefixes(plain) : new Float64Array(rowCount)
  if (desc) for (let row = 0; row < rowCount; row++) out[row] = -out[row]
  const { nulls } = plain
  if (nulls === undefined) return out
  const ofNull = nullsFirst ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  for (let row = 0; row < rowCount; row++) if ((nulls[row >> 3] & (1 << (row & 7))) === 0) out[row] = ofNull
  return out
}

/** Rounding of big integers keeps the order, though not the differences. NaN comes before all numbers. */
function lanePrefixes({ values }: LaneColumn): Float64Array {
  const out = values instanceof BigInt64Array ? Float64Array.from(values, Number) : Float64Array.from(values)
  // −0 + 0 is 0: the two are equal, and their bits must be.
  for (let row = 0; row < out.length; row++) out[row] = Number.isNaN(out[row]) ? Number.NEGATIVE_INFINITY : out[row] + 0
  return out
}

/** The first 6 bytes as a number; a double holds 53 bits exactly. */
function bytesPrefixes({ offsets, data, length }: BytesColumn): Float64Array {
  const out = new Float64Array(length)
  for (let row = 0; row < length; row++) {
    const start = offsets[row]
    const end = offsets[row + 1]
    let prefix = 0
    for (let i = 0; i < 6; i++) prefix = prefix * 256 + (start + i < end ? data[start + i] : 0)
    out[row] = prefix
  }
  return out
}
