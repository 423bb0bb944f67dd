import { dataError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { parseDateBytes, parseTimestampBytes } from '../data/civil.ts'
import { type Schema, type Type, types } from '../data/type.ts'
import type { SourceFile } from '../ir/logical.ts'
import { type CsvHeader, type CsvMarks, openQuoteHint, splitRecord } from './csv-header.ts'
import { scanCsv } from './csv-scan.ts'
import { scanError } from './field-error.ts'
import { absent, createFieldTable, type FieldTable } from './field-table.ts'
import { LineBlocks } from './lines.ts'
import { boolAt, float64At, int64At, isNaNAt, wideInt64At } from './parse-number.ts'
import type { CsvShape } from './scan-shape.ts'

/** Rows of the first file that types are inferred from. */
export const sampleRows = 1000

/**
 * Column types of a csv file from its first rows: the first of int64, float64, bool, date and timestamp that takes every value, else string, which
 * is also the type of a column without values. Digits behind a leading zero are text. Every column may be null.
 */
export function inferCsv(
  file: SourceFile,
  dialect: CsvMarks & { nullText: Uint8Array },
  header: CsvHeader | undefined,
  host: Host,
): Schema {
  const blocks = new LineBlocks({ file, offset: 0, length: file.sizeBytes }, host, header?.end)
  try {
    let names = header?.names
    const columns: Guess[] = []
    let left = sampleRows
    for (let at = 0; left > 0 && blocks.next(at); ) {
      at = 0
      names ??= splitRecord(blocks, dialect)?.fields.map((_, i) => `_c${i}`)
      if (names === undefined && !blocks.atEnd) continue
      if (names === undefined)
        throw blocks.error('DATA_UNCLOSED_QUOTE', 'a quoted field of the first record never ends', 0, openQuoteHint)
      if (columns.length === 0) columns.push(...names.map(() => ({ fits: guesses, hasValue: false })))
      const shape: CsvShape = {
        ...dialect,
        columnCount: names.length,
        slots: Int32Array.from(names.keys()),
        tolerateTail: false,
        hasReturns: true,
      }
      const table = createFieldTable(names.length, sampleRows)
      for (let incomplete = false; !incomplete && left > 0 && at < blocks.end; ) {
        const scanned = scanCsv(blocks.data, at, blocks.end, shape, table, left)
        for (let slot = 0; slot < columns.length; slot++) narrow(columns[slot], table, slot)
        if (scanned.problem !== undefined) throw scanError(blocks, scanned.problem)
        left -= table.rowCount
        at = scanned.next
        incomplete = scanned.incomplete
      }
      // A quote that never closes is reported when the file is read.
      if (at < blocks.end && blocks.atEnd) break
    }
    if (names === undefined)
      throw dataError('DATA_NO_HEADER', 'expected rows to infer types from, found an empty file', { file: file.path })
    return names.map((name, slot) => ({ name, type: guessedType(columns[slot]), nullable: true }))
  } finally {
    blocks.close()
  }
}

/** Types that take every value so far. */
interface Guess {
  fits: readonly Type[]
  hasValue: boolean
}

const guesses: readonly Type[] = [types.int64, types.float64, types.bool, types.date, types.timestamp]

const guessedType = (guess: Guess | undefined): Type => (guess?.hasValue ? (guess.fits[0] ?? types.string) : types.string)

function narrow(guess: Guess, table: FieldTable, slot: number): void {
  for (let row = 0, i = slot * table.capacity; row < table.rowCount; row++, i++) {
    if (table.kinds[i] === absent) continue
    guess.hasValue = true
    if (guess.fits.length > 0)
      guess.fits = guess.fits.filter((type) => fitsType(type, table.data, table.starts[i], table.ends[i]))
  }
}

function fitsType(type: Type, data: Uint8Array, start: number, end: number): boolean {
  switch (type.kind) {
    case 'int64':
      return (
        !hasLeadingZero(data, start, end) &&
        (!Number.isNaN(int64At(data, start, end)) || wideInt64At(data, start, end) !== undefined)
      )
    case 'float64':
      return !hasLeadingZero(data, start, end) && (!Number.isNaN(float64At(data, start, end)) || isNaNAt(data, start, end))
    case 'bool':
      return !Number.isNaN(boolAt(data, start, end))
    case 'date':
      return !Number.isNaN(parseDateBytes(data, start, end))
    default:
      return !Number.isNaN(parseTimestampBytes(data, start, end))
  }
}

/** `007` is a code, `0.5` and `0` are numbers. */
function hasLeadingZero(data: Uint8Array, start: number, end: number): boolean {
  const at = data[start] === 45 || data[start] === 43 ? start + 1 : start
  return end - at > 1 && data[at] === 48 && data[at + 1] >= 48 && data[at + 1] <= 57
}
