import type { Column } from '../../data/column.ts'
import { comparatorOf, compareAcross, compareInTurn, type RowComparator } from '../../data/compare-rows.ts'
import { plainColumn } from '../../data/gather.ts'
import { hashRows } from '../../data/key.ts'
import type { PhysicalSortKey } from '../../ir/physical.ts'
import { type KeyWords, putKeyWords } from './key-words.ts'

/** An order of rows. */
export interface RowOrder {
  /** The columns that decide, in turn, where the words of the first one are those of `firstWords`; none where only comparing tells more. */
  readonly keys: readonly PhysicalSortKey[]
  /** Words for all rows that never contradict the order. `rows` lists the rows from 0 on. */
  firstWords(columns: readonly Column[], rows: Int32Array, words: KeyWords): void
  comparator(columns: readonly Column[]): RowComparator
  across(left: readonly Column[], a: number, right: readonly Column[], b: number): number
}

/** By sort keys, ties by all other columns ascending with nulls first: so the place of every row is a function of the data. */
export function orderBySortKeys(by: readonly PhysicalSortKey[], columnCount: number): RowOrder {
  const keys = allKeys(by, columnCount)
  return {
    keys,
    firstWords(columns, rows, words) {
      const [first] = keys
      if (first !== undefined) putKeyWords(plainColumn(columns[first.column]), first, 0, rows, 0, rows.length, words)
    },
    comparator: (columns) =>
      compareInTurn(keys.map(({ column, desc, nullsFirst }) => comparatorOf(columns[column], nullsFirst, desc))),
    across(left, a, right, b) {
      for (let i = 0; i < keys.length; i++) {
        const { column, desc, nullsFirst } = keys[i]
        const order = compareAcross(left[column], a, right[column], b, nullsFirst, desc)
        if (order !== 0) return order
      }
      return 0
    },
  }
}

function allKeys(by: readonly PhysicalSortKey[], columnCount: number): readonly PhysicalSortKey[] {
  const used = new Set(by.map(({ column }) => column))
  const rest = Array.from({ length: columnCount }, (_, column) => ({ column, desc: false, nullsFirst: true }))
  return [...by, ...rest.filter(({ column }) => !used.has(column))]
}

/** By (hash, key): rows of a key are brought together, in the order in which aggregates emit groups. */
export function orderByKeyHash(keys: readonly number[], hashSeed: number): RowOrder {
  return {
    keys: [],
    firstWords: (columns, rows, { hi, lo }) =>
      hashRows(
        keys.map((key) => columns[key]),
        rows.length,
        hashSeed,
        lo,
        hi,
      ),
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
