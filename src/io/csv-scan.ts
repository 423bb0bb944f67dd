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
export interface ScanProblem {
  code: DataCode
  message: string
  at: number
  hint?: string
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
 * unquoted field is itself; rows end with `\n` or `\r\n`, and any other `\r` must be quoted; empty lines are skipped, unless rows have one column.
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
        if (byte === carriageReturn) {
          table.rowCount = row
          return { next: rowStart, incomplete: false, problem: loneReturn(at) }
        }
        if (byte !== delimiter && byte !== newline) {
          table.rowCount = row
          const message = 'expected a delimiter or the end of the line behind the closing quote, found other text'
          return { next: rowStart, incomplete: false, problem: { code: 'DATA_BAD_QUOTE', message, at: rowStart } }
        }
      } else {
        // Nearly every byte is above the two line ends, so that it takes two comparisons.
        while (byte !== delimiter && (byte > carriageReturn || (byte !== newline && byte !== carriageReturn))) byte = data[++at]
        fieldEnd = at
        if (byte === carriageReturn) {
          byte = data[++at]
          if (byte !== newline) {
            table.rowCount = row
            return { next: rowStart, incomplete: false, problem: loneReturn(fieldEnd) }
          }
        }
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
        return { next: rowStart, incomplete: false, problem: wrongShape(columnCount, column, delimiter, rowStart) }
      }
    }
    rowStarts[row++] = rowStart
  }
  table.rowCount = row
  return { next: at, incomplete: false }
}

/** A carriage return that ends no line: an old file whose lines end so would else be one long header. */
export function loneReturn(at: number): ScanProblem {
  return {
    code: 'DATA_CARRIAGE_RETURN',
    message: 'found a carriage return without a line feed behind it, outside of quotes',
    at,
    hint: "where it is to end a line, convert the file: tr '\\r' '\\n' < old.csv > new.csv",
  }
}

function wrongShape(expected: number, found: number, delimiter: number, at: number): ScanProblem {
  const mark = delimiter === 9 ? 'a tab' : `'${String.fromCharCode(delimiter)}'`
  return {
    code: 'DATA_ROW_SHAPE',
    message: `expected ${expected} ${expected === 1 ? 'field' : 'fields'}, found ${found}`,
    at,
    hint: found > expected ? `a field with ${mark} in it must be in quotes` : `${mark} stands between all fields, empty ones too`,
  }
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
