import { suggest } from '../base/did-you-mean.ts'
import { dataError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { textAt } from '../data/read.ts'
import type { SourceFile } from '../ir/logical.ts'
import { loneReturn } from './csv-scan.ts'
import { scanError } from './field-error.ts'
import type { DecodeText } from './fill-column.ts'
import { LineBlocks } from './lines.ts'

/** The two bytes that records are cut by. */
export interface CsvMarks {
  delimiter: number
  quote: number
}

/** The columns of one file, and where its rows start. */
export interface CsvHeader {
  path: string
  names: readonly string[]
  end: number
}

/** Reads the first record of a file. @throws {@link MillraceError} `DATA_NO_HEADER` when there is none. */
export function readCsvHeader(file: SourceFile, marks: CsvMarks, host: Host): CsvHeader {
  const blocks = new LineBlocks({ file, offset: 0, length: file.sizeBytes }, host)
  try {
    let record: CsvRecord | undefined
    for (let from = 0; record === undefined && blocks.next(from); from = 0) {
      record = splitRecord(blocks, marks)
      if (record === undefined && blocks.atEnd)
        throw blocks.error('DATA_UNCLOSED_QUOTE', 'a quoted field of the header never ends', 0, openQuoteHint)
    }
    const isBlank = record?.fields.length === 1 && record.fields[0] === '' && blocks.data[0] !== marks.quote
    if (record === undefined || isBlank) {
      const hint = 'write header => false and a schema when the file has none'
      throw dataError('DATA_NO_HEADER', 'expected a header line, found none', { file: file.path, line: 1, hint })
    }
    return { path: file.path, names: columnNames(record.fields), end: blocks.positionOf(record.next) }
  } finally {
    blocks.close()
  }
}

export const openQuoteHint = "close the quote, or write quote => '' where quotes are part of the text"

/** Columns without a name are called by their place. */
const columnNames = (names: readonly string[]): string[] => names.map((name, i) => (name === '' ? `_c${i}` : name))

/**
 * Places in the file of the columns with these names: an exact match, else the only one that differs in letter case. The second column of a name
 * stands for the second one in the header, and so on.
 */
export function findColumns(names: readonly string[], header: CsvHeader): number[] {
  const seen = new Map<string, number>()
  const exactPlaces = placesBy(header.names, (name) => name)
  const roughPlaces = placesBy(header.names, (name) => name.toLowerCase())
  return names.map((name) => {
    const nth = seen.get(name) ?? 0
    seen.set(name, nth + 1)
    const exact = exactPlaces.get(name)
    const found = exact ?? roughPlaces.get(name.toLowerCase()) ?? []
    if (nth < found.length && (exact !== undefined || found.length === 1)) return found[nth]
    throw dataError('DATA_MISSING_COLUMN', `expected a column '${name}' in the header, found ${listOf(header.names)}`, {
      file: header.path,
      line: 1,
      hint: otherDelimiter(header.names) ?? suggest(name, header.names),
    })
  })
}

/** What to do when all names of a header stand in one, because another character is between them. */
function otherDelimiter(names: readonly string[]): string | undefined {
  const found = names.length === 1 ? /[;\t|]/.exec(names[0]) : null
  const mark = found?.[0] === '\t' ? '\\t' : found?.[0]
  return mark === undefined ? undefined : `if '${mark}' stands between the columns, write delimiter => '${mark}'`
}

function placesBy(names: readonly string[], key: (name: string) => string): ReadonlyMap<string, readonly number[]> {
  return Map.groupBy(names.keys(), (place) => key(names[place]))
}

const listedNames = 20

const listOf = (names: readonly string[]): string =>
  names.length <= listedNames
    ? names.join(', ')
    : `${names.slice(0, listedNames).join(', ')} and ${names.length - listedNames} more`

export interface CsvRecord {
  fields: string[]
  /** Where the next record starts. */
  next: number
}

/** The fields of the first record of a block as texts; undefined when it does not end there. For headers: rows go through `scanCsv`. */
export function splitRecord(blocks: LineBlocks, { delimiter, quote }: CsvMarks): CsvRecord | undefined {
  const { data, end } = blocks
  const fields: string[] = []
  // No field is longer than what is left of the record: marks and one of two quotes are left out.
  const field = new Uint8Array(end)
  let length = 0
  let isQuoted = false
  for (let at = 0; at < end; at++) {
    const byte = data[at]
    if (isQuoted) {
      if (byte !== quote) field[length++] = byte
      else if (data[at + 1] === quote) field[length++] = data[++at]
      else isQuoted = false
    } else if (byte === quote && (at === 0 || data[at - 1] === delimiter)) isQuoted = true
    else if (byte === delimiter || byte === 10) {
      fields.push(textAt(field, 0, length))
      length = 0
      if (byte === 10) return { fields, next: at + 1 }
    } else if (byte !== 13) field[length++] = byte
    else if (data[at + 1] !== 10) throw scanError(blocks, loneReturn(at, at))
  }
  return undefined
}

/** Two quotes within quotes are one. */
export function csvText(quote: number): DecodeText {
  const mark = String.fromCharCode(quote)
  return (data, start, end) => textAt(data, start, end).replaceAll(mark + mark, mark)
}
