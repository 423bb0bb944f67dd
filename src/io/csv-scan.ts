import { targetBatchBytes } from '../data/batch.ts'
import { absent, escaped, type FieldTable, plain } from './field-table.ts'
import type { DataCode } from './lines.ts'

const newline = 10
const carriageReturn = 13

/** How the fields of a file are told apart; −1 for `quote` when nothing is quoted. */
export interface CsvShape {
  delimiter: number
  quote: number
  /** Unquoted text that means null, beside the empty field. */
  nullText: Uint8Array
  columnCount: number
  /** Slot of each column of the file in the field table, −1 for those not wanted. */
  slots: Int32Array
  /** Is one empty field more at the end of a line allowed? */
  tolerateTail: boolean
}

/** What is wrong with the record behind the scanned rows. */
interface ScanProblem {
  code: DataCode
  message: string
  at: number
}

export interface ScanResult {
  /** Where the next record starts. */
  next: number
  /** The record at `next` does not end in this block. */
  incomplete: boolean
  problem?: ScanProblem
}

/**
 * Finds the fields of records from `from` on until the table or a batch is full. `end` is behind a newline. RFC 4180, and: a quote within an
 * unquoted field is itself; rows may end with `\n` or `\r\n`; empty lines are skipped, unless rows have one column.
 */
export function scanCsv(
  data: Uint8Array,
  from: number,
  end: number,
  shape: CsvShape,
  table: FieldTable,
  maxRows: number,
): ScanResult {
  const { delimiter, quote, columnCount, slots, tolerateTail } = shape
  const { starts, ends, kinds, rowStarts, capacity } = table
  const hasNullText = shape.nullText.length > 0
  const rows = Math.min(capacity, maxRows)
  const stop = Math.min(end, from + targetBatchBytes)
  let at = from
  let row = 0
  table.data = data
  while (row < rows && at < stop) {
    const rowStart = at
    let column = 0
    let kind = absent
    for (;;) {
      let start = at
      let fieldEnd: number
      let byte = data[at]
      if (byte === quote) {
        start++
        kind = plain
        fieldEnd = closingQuote(data, start, end, quote)
        while (fieldEnd >= 0 && data[fieldEnd + 1] === quote) {
          kind = escaped
          fieldEnd = closingQuote(data, fieldEnd + 2, end, quote)
        }
        if (fieldEnd < 0) {
          table.rowCount = row
          return { next: rowStart, incomplete: true }
        }
        at = fieldEnd + 1
        if (data[at] === carriageReturn && data[at + 1] === newline) at++
        byte = data[at]
        if (byte !== delimiter && byte !== newline) {
          table.rowCount = row
          const message = 'expected a delimiter or the end of the line behind the closing quote, found other text'
          return { next: rowStart, incomplete: false, problem: { code: 'DATA_BAD_QUOTE', message, at: rowStart } }
        }
      } else {
        while (byte !== delimiter && byte !== newline) byte = data[++at]
        fieldEnd = byte === newline && at > start && data[at - 1] === carriageReturn ? at - 1 : at
        kind = fieldEnd === start || (hasNullText && sameBytes(data, start, fieldEnd, shape.nullText)) ? absent : plain
      }
      if (column < columnCount && slots[column] >= 0) {
        const i = slots[column] * capacity + row
        starts[i] = start
        ends[i] = fieldEnd
        kinds[i] = kind
      }
      column++
      at++
      if (byte === newline) break
    }
    if (column !== columnCount) {
      if (column === 1 && kind === absent) continue
      if (!(tolerateTail && column === columnCount + 1 && kind === absent)) {
        table.rowCount = row
        const message = `expected ${columnCount} ${columnCount === 1 ? 'field' : 'fields'}, found ${column}`
        return { next: rowStart, incomplete: false, problem: { code: 'DATA_ROW_SHAPE', message, at: rowStart } }
      }
    }
    rowStarts[row++] = rowStart
  }
  table.rowCount = row
  return { next: at, incomplete: false }
}

function closingQuote(data: Uint8Array, from: number, end: number, quote: number): number {
  for (let at = from; at < end; at++) if (data[at] === quote) return at
  return -1
}

function sameBytes(data: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (data[start + i] !== text[i]) return false
  return true
}
