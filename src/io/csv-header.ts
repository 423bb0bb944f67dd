import { suggest } from '../base/did-you-mean.ts'
import { dataError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { textAt } from '../data/read.ts'
import type { SourceFile } from '../ir/logical.ts'
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
      record = splitRecord(blocks.data, 0, blocks.end, marks)
      if (record === undefined && blocks.atEnd)
        throw blocks.error('DATA_UNCLOSED_QUOTE', 'a quoted field of the header never ends', 0)
    }
    if (record === undefined || (record.fields.length === 1 && record.fields[0] === '')) {
      const hint = 'write header => false and a schema when the file has none'
      throw dataError('DATA_NO_HEADER', 'expected a header line, found none', { file: file.path, line: 1, hint })
    }
    return { path: file.path, names: columnNames(record.fields), end: blocks.positionOf(record.next) }
  } finally {
    blocks.close()
  }
}

/** Columns without a name are called by their place. */
const columnNames = (names: readonly string[]): string[] => names.map((name, i) => (name === '' ? `_c${i}` : name))

/**
 * Places in the file of the columns with these names: an exact match, else the only one that differs in letter case. The second column of a name
 * stands for the second one in the header, and so on.
 */
export function findColumns(names: readonly string[], header: CsvHeader): number[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const nth = seen.get(name) ?? 0
    seen.set(name, nth + 1)
    const exact = placesOf(header.names, (other) => other === name)
    const found = exact.length > 0 ? exact : placesOf(header.names, (other) => other.toLowerCase() === name.toLowerCase())
    if (nth < found.length && (exact.length > 0 || found.length === 1)) return found[nth]
    throw dataError('DATA_MISSING_COLUMN', `expected a column '${name}' in the header, found ${header.names.join(', ')}`, {
      file: header.path,
      line: 1,
      hint: suggest(name, header.names),
    })
  })
}

const placesOf = (names: readonly string[], isWanted: (name: string) => boolean): number[] =>
  names.flatMap((name, place) => (isWanted(name) ? [place] : []))

export interface CsvRecord {
  fields: string[]
  /** Where the next record starts. */
  next: number
}

/** The fields of one record as texts; undefined when it does not end before `end`. For headers: rows go through `scanCsv`. */
export function splitRecord(data: Uint8Array, from: number, end: number, { delimiter, quote }: CsvMarks): CsvRecord | undefined {
  const fields: string[] = []
  let field: number[] = []
  let isQuoted = false
  for (let at = from; at < end; at++) {
    const byte = data[at]
    if (isQuoted) {
      if (byte !== quote) field.push(byte)
      else if (data[at + 1] === quote) field.push(data[++at])
      else isQuoted = false
    } else if (byte === quote && (at === from || data[at - 1] === delimiter)) isQuoted = true
    else if (byte === delimiter || byte === 10) {
      const bytes = Uint8Array.from(byte === 10 && field.at(-1) === 13 ? field.slice(0, -1) : field)
      fields.push(textAt(bytes, 0, bytes.length))
      field = []
      if (byte === 10) return { fields, next: at + 1 }
    } else field.push(byte)
  }
  return undefined
}

/** Two quotes within quotes are one. */
export function csvText(quote: number): DecodeText {
  const mark = String.fromCharCode(quote)
  return (data, start, end) => textAt(data, start, end).replaceAll(mark + mark, mark)
}
