import { targetBatchRows } from '../data/batch.ts'
import { kernelTextBytes, ScanMemory } from './wasm/scan-memory.ts'

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
  /** Where the arrays stand, when there are kernels that fill them. */
  readonly memory?: ScanMemory
  /** Is the text of all rows in that memory too? */
  isInMemory: boolean
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

/** `textBytes`: how much text there is to be read, about; kernels are worth their memory where it is much. */
export function createFieldTable(slots: number, rows = targetBatchRows, textBytes = 0): FieldTable {
  // Very wide rows get fewer of them, so that the table stays in some megabytes.
  const capacity = Math.max(16, Math.min(rows, Math.floor(2 ** 20 / Math.max(slots, 1))))
  const memory = textBytes >= kernelTextBytes ? ScanMemory.open(slots, capacity) : undefined
  return {
    capacity,
    data: new Uint8Array(0),
    rowCount: 0,
    starts: memory?.starts ?? new Int32Array(slots * capacity),
    ends: memory?.ends ?? new Int32Array(slots * capacity),
    kinds: memory?.kinds ?? new Uint8Array(slots * capacity),
    rowStarts: memory?.rowStarts ?? new Int32Array(capacity),
    memory,
    isInMemory: false,
  }
}
