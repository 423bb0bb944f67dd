import { targetBatchBytes } from '../data/batch.ts'
import { absent, escaped, type FieldTable, plain } from './field-table.ts'
import { scanFast } from './scan-fast.ts'
import type { CsvShape, ScanProblem, ScanResult } from './scan-shape.ts'

const newline = 10
const carriageReturn = 13

/**
 * Finds the fields of records from `from` on until the table or a batch is full. `end` is behind a newline, and 64 bytes can be read there. RFC 4180,
 * and: a quote within an unquoted field is itself; rows end with `\n` or `\r\n`, and any other `\r` must be quoted; empty lines are skipped, unless
 * rows have one column.
 *
 * Delimiters and newlines are found 32 bytes at a time. `| 0` where a value is an integer anyway: V8 then keeps it out of floating-point registers,
 * which makes the loop twice as fast.
 */
export function scanCsv(
  data: Uint8Array,
  from: number,
  end: number,
  shape: CsvShape,
  table: FieldTable,
  maxRows: number,
): ScanResult {
  const { memory } = table
  const rows = Math.min(table.capacity, maxRows)
  const stop = Math.min(end, from + targetBatchBytes)
  table.kinds.fill(plain)
  table.data = data
  let scanned: ScanResult
  if (memory === undefined) scanned = scanRecords(data, from, end, stop, shape, table, 0, rows)
  else {
    memory.load(data, from, end)
    scanned = scanFast(memory, table, from, stop, rows, {
      fast: (at, row) => memory.scanCsv(at, stop, row, rows, shape),
      plain(at, row, last) {
        // What the kernel saw of a record that is not all there may be something else.
        for (let i = row; i < table.kinds.length; i += table.capacity) table.kinds[i] = plain
        return scanRecords(data, at, end, stop, shape, table, row, last)
      },
    })
    table.isInMemory = memory.holds(scanned.next)
  }
  if (shape.nullText.length > 0) markNullTexts(table, shape)
  return scanned
}

/** Records from `from` on that start before `stop`, as rows of the table from `firstRow` on up to `lastRow`. */
function scanRecords(
  data: Uint8Array,
  from: number,
  end: number,
  stop: number,
  shape: CsvShape,
  table: FieldTable,
  firstRow: number,
  lastRow: number,
): ScanResult {
  const { starts, ends, kinds, rowStarts } = table
  const view = new DataView(data.buffer, data.byteOffset)
  const delimiter = shape.delimiter | 0
  const delimiters = Math.imul(delimiter, 0x01010101)
  const quote = shape.quote | 0
  const columnCount = shape.columnCount | 0
  // Where the entries of a column start in the table.
  const places = shape.slots.map((slot) => slot * table.capacity)
  const rows = lastRow | 0
  const last = end | 0
  let at = from | 0
  let row = firstRow | 0
  // Which of the 32 bytes from `base` on end a field; those that were used are gone.
  let base = (at - 32) | 0
  let marks = 0
  while (row < rows && at < stop) {
    const rowStart = at
    let column = 0
    let byte = 0
    do {
      const place = places[column]
      if (data[at] !== quote) {
        const start = at
        while (marks === 0) {
          base = (base + 32) | 0
          marks =
            marksOf(view.getInt32(base, true), delimiters) |
            (marksOf(view.getInt32(base + 4, true), delimiters) << 4) |
            (marksOf(view.getInt32(base + 8, true), delimiters) << 8) |
            (marksOf(view.getInt32(base + 12, true), delimiters) << 12) |
            (marksOf(view.getInt32(base + 16, true), delimiters) << 16) |
            (marksOf(view.getInt32(base + 20, true), delimiters) << 20) |
            (marksOf(view.getInt32(base + 24, true), delimiters) << 24) |
            (marksOf(view.getInt32(base + 28, true), delimiters) << 28)
        }
        const mark = marks & (0 - marks)
        marks ^= mark
        at = (base + 31 - Math.clz32(mark)) | 0
        if (place >= 0) {
          const i = (place + row) | 0
          starts[i] = start
          ends[i] = at
          if (at === start) kinds[i] = absent
        }
      } else {
        const start = (at + 1) | 0
        let fieldEnd = byteAt(view, start, last, quote)
        let kind = plain
        while (data[fieldEnd + 1] === quote && fieldEnd < last) {
          kind = escaped
          fieldEnd = byteAt(view, fieldEnd + 2, last, quote)
        }
        if (fieldEnd >= last) return ended(table, row, rowStart, true)
        at = (fieldEnd + 1) | 0
        if (data[at] === carriageReturn && data[at + 1] === newline) at = (at + 1) | 0
        if (data[at] !== delimiter && data[at] !== newline)
          return ended(table, row, rowStart, false, behindQuote(data, at, rowStart))
        if (place >= 0) {
          const i = (place + row) | 0
          starts[i] = start
          ends[i] = fieldEnd
          kinds[i] = kind
        }
        base = (at - 31) | 0
        marks = 0
      }
      byte = data[at]
      at = (at + 1) | 0
      column = (column + 1) | 0
    } while (byte !== newline && column < columnCount)
    // One empty field more at the end of a line may be allowed.
    if (byte !== newline && shape.tolerateTail) {
      const tail = data[at] === carriageReturn ? (at + 1) | 0 : at
      if (data[tail] === newline) {
        at = (tail + 1) | 0
        byte = newline
        base = (tail - 31) | 0
        marks = 0
      }
    }
    if (byte !== newline) {
      const { fields, next } = countFields(data, rowStart, last, shape)
      if (next < 0) return ended(table, row, rowStart, true)
      return ended(table, row, rowStart, false, wrongShape(columnCount, fields, delimiter, rowStart, next))
    }
    let rowEnd = (at - 1) | 0
    if (shape.hasReturns) {
      if (rowEnd > rowStart && data[rowEnd - 1] === carriageReturn) rowEnd = (rowEnd - 1) | 0
      const lone = findReturn(view, data, rowStart, rowEnd, shape)
      if (lone < rowEnd) return ended(table, row, rowStart, false, loneReturn(lone, lineEnd(data, lone)))
      const place = column === columnCount ? places[column - 1] + row : -1
      // The last field is unquoted when it reaches up to the newline.
      if (place >= 0 && ends[place] > rowEnd) {
        ends[place] = rowEnd
        if (starts[place] === rowEnd) kinds[place] = absent
      }
    }
    if (column !== columnCount) {
      if (rowEnd > rowStart) return ended(table, row, rowStart, false, wrongShape(columnCount, column, delimiter, rowStart, at))
      if (places[0] >= 0) kinds[places[0] + row] = plain
      continue
    }
    rowStarts[row] = rowStart
    row = (row + 1) | 0
  }
  return ended(table, row, at, false)
}

/**
 * A bit for each of the four bytes of a word: is it the delimiter or a newline? Exact for every byte, since no sum carries into the next one (zero
 * bytes as in "Hacker's Delight", 6-1); a multiplication gathers the bits.
 */
function marksOf(word: number, delimiters: number): number {
  const low = word & 0x7f7f7f7f
  const others = ((low ^ delimiters) + 0x7f7f7f7f) & ((low ^ 0x0a0a0a0a) + 0x7f7f7f7f)
  return Math.imul(~(others | word) & 0x80808080, 0x00204081) >>> 28
}

/** Place of the first such byte in `from .. end`, or a place from `end` on. Four bytes behind `end` can be read. */
function byteAt(view: DataView, from: number, end: number, byte: number): number {
  const pattern = Math.imul(byte, 0x01010101)
  for (let at = from | 0; at < end; at = (at + 4) | 0) {
    const word = view.getInt32(at, true) ^ pattern
    const hits = (word - 0x01010101) & ~word & 0x80808080
    if (hits !== 0) return (at + ((31 - Math.clz32(hits & (0 - hits))) >> 3)) | 0
  }
  return end | 0
}

/** Ends the scan: before a record that is not whole in this block, or is wrong, or behind the last that was wanted. */
function ended(table: FieldTable, row: number, next: number, incomplete: boolean, problem?: ScanProblem): ScanResult {
  table.rowCount = row
  return { next, incomplete, problem }
}

/** Place of the first carriage return of a record that stands outside of quotes, or a place from `end` on. */
function findReturn(view: DataView, data: Uint8Array, start: number, end: number, { delimiter, quote }: CsvShape): number {
  // Nearly always there is none.
  const first = byteAt(view, start, end, carriageReturn)
  if (first >= end) return end
  let isQuoted = false
  for (let at = start; at < end; at++) {
    const byte = data[at]
    if (byte !== quote) {
      if (byte === carriageReturn && !isQuoted) return at
    } else if (!isQuoted) isQuoted = at === start || data[at - 1] === delimiter
    else if (data[at + 1] === quote) at++
    else isQuoted = false
  }
  return end
}

/** How many fields a record has that has too many, and what is behind it; −1 when it does not end in this block. */
function countFields(
  data: Uint8Array,
  start: number,
  end: number,
  { delimiter, quote }: CsvShape,
): { fields: number; next: number } {
  let isQuoted = false
  let fields = 1
  for (let at = start; at < end; at++) {
    const byte = data[at]
    if (byte === quote) {
      if (!isQuoted) isQuoted = at === start || data[at - 1] === delimiter
      else if (data[at + 1] === quote) at++
      else isQuoted = false
    } else if (!isQuoted && byte === newline) return { fields, next: at + 1 }
    else if (!isQuoted && byte === delimiter) fields++
  }
  return { fields, next: -1 }
}

/** Fields that are the text for null and not in quotes. */
function markNullTexts(table: FieldTable, { nullText, quote }: CsvShape): void {
  const { data, starts, ends, kinds, rowCount, capacity } = table
  for (let first = 0; first < kinds.length; first += capacity) {
    for (let i = first; i < first + rowCount; i++) {
      if (kinds[i] === plain && sameBytes(data, starts[i], ends[i], nullText) && data[starts[i] - 1] !== quote) kinds[i] = absent
    }
  }
}

/** What is wrong behind a closing quote. */
function behindQuote(data: Uint8Array, at: number, rowStart: number): ScanProblem {
  const end = lineEnd(data, at)
  if (data[at] === carriageReturn) return loneReturn(at, end)
  const message = 'expected a delimiter or the end of the line behind the closing quote, found other text'
  return { code: 'DATA_BAD_QUOTE', message, at: rowStart, end }
}

/** A carriage return that ends no line: an old file whose lines end so would else be one long header. */
export function loneReturn(at: number, end: number): ScanProblem {
  return {
    code: 'DATA_CARRIAGE_RETURN',
    message: 'found a carriage return without a line feed behind it, outside of quotes',
    at,
    end,
    hint: "where it is to end a line, convert the file: tr '\\r' '\\n' < old.csv > new.csv",
  }
}

function wrongShape(expected: number, found: number, delimiter: number, at: number, end: number): ScanProblem {
  const mark = delimiter === 9 ? 'a tab' : `'${String.fromCharCode(delimiter)}'`
  return {
    code: 'DATA_ROW_SHAPE',
    message: `expected ${expected} ${expected === 1 ? 'field' : 'fields'}, found ${found}`,
    at,
    end,
    hint: found > expected ? `a field with ${mark} in it must be in quotes` : `${mark} stands between all fields, empty ones too`,
  }
}

/** Behind the line that holds `data[at]`; every block ends with a newline. */
const lineEnd = (data: Uint8Array, at: number): number => data.indexOf(newline, at) + 1

function sameBytes(data: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (data[start + i] !== text[i]) return false
  return true
}
