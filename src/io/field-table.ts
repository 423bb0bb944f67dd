import { targetBatchRows } from '../data/batch.ts'

/** What the scanner found in a field. */
export const absent = 0
/** Text between `start` and `end` as it is: an unquoted or quoted csv field, a JSON string without escapes. */
export const plain = 1
/** Text with escapes in it: doubled quotes in csv, backslashes in JSON. */
export const escaped = 2
/** JSON only: a number, a literal, an array or object. */
export const numeral = 3
export const literal = 4
export const nested = 5

/**
 * Where the wanted fields of some rows stand in a block of bytes. Scanners fill it row by row; columns are then made from it one after the other,
 * each in a loop over one type. Slot `s` of row `r` is entry `s * capacity + r`.
 */
export interface FieldTable {
  readonly capacity: number
  data: Uint8Array
  rowCount: number
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly kinds: Uint8Array
  readonly rowStarts: Int32Array
}

/** Leaves rows out of a table; they stand in ascending order. */
export function dropRows(table: FieldTable, slots: number, dropped: readonly number[]): void {
  const { capacity, rowCount, starts, ends, kinds, rowStarts } = table
  let next = 0
  let kept = 0
  for (let row = 0; row < rowCount; row++) {
    if (row === dropped[next]) {
      next++
      continue
    }
    for (let slot = 0; slot < slots; slot++) {
      const from = slot * capacity + row
      const to = slot * capacity + kept
      starts[to] = starts[from]
      ends[to] = ends[from]
      kinds[to] = kinds[from]
    }
    rowStarts[kept++] = rowStarts[row]
  }
  table.rowCount = kept
}

export function createFieldTable(slots: number, rows = targetBatchRows): FieldTable {
  // Very wide rows get fewer of them, so that the table stays in some megabytes.
  const capacity = Math.max(16, Math.min(rows, Math.floor(2 ** 20 / Math.max(slots, 1))))
  return {
    capacity,
    data: new Uint8Array(0),
    rowCount: 0,
    starts: new Int32Array(slots * capacity),
    ends: new Int32Array(slots * capacity),
    kinds: new Uint8Array(slots * capacity),
    rowStarts: new Int32Array(capacity),
  }
}
