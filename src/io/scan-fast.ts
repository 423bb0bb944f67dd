import type { FieldTable } from './field-table.ts'
import type { ScanResult } from './scan-shape.ts'
import type { ScanMemory } from './wasm/scan-memory.ts'

/** How a format finds the fields of lines, as rows of a table from `row` on. */
export interface LineScanner {
  /** With a kernel, until a line that is out of the ordinary: the row and the place where it stopped. */
  fast(at: number, row: number): { row: number; at: number }
  /** In TypeScript, up to row `rows`, whatever the lines are. */
  plain(at: number, row: number, rows: number): ScanResult
}

/**
 * Finds the fields of lines from `from` on, until `stop` or row `rows`: with a kernel, that goes from one line that is out of the ordinary to the
 * next. Where most of them are it is of no use, and rests for some batches.
 */
export function scanFast(
  memory: ScanMemory,
  table: FieldTable,
  from: number,
  stop: number,
  rows: number,
  { fast, plain }: LineScanner,
): ScanResult {
  let at = from
  let row = 0
  for (let plainLines = 0; memory.restBatches === 0; plainLines++) {
    const found = fast(at, row)
    table.rowCount = found.row
    if (found.row === rows || found.at >= stop) return { next: found.at, incomplete: false }
    const isUseless = plainLines > 16 + (found.row >> 3)
    if (isUseless) memory.restBatches = restBatches
    const scanned = plain(found.at, found.row, isUseless ? rows : Math.min(found.row + 1, rows))
    at = scanned.next
    row = table.rowCount
    if (isUseless || scanned.problem !== undefined || scanned.incomplete) return scanned
  }
  memory.restBatches--
  return plain(at, row, rows)
}

const restBatches = 16
