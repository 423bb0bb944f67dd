import { MillraceError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { type Batch, targetBatchRows } from '../data/batch.ts'
import { type Schema, types } from '../data/type.ts'
import type { SourceFile } from '../ir/logical.ts'
import type {
  ConnectorOptions,
  DescribeContext,
  OptionSpec,
  ReadRequest,
  SourceConnector,
  SourceDescription,
} from './connector.ts'
import { type CsvHeader, csvText, findColumns, openQuoteHint, readCsvHeader } from './csv-header.ts'
import { inferCsv } from './csv-infer.ts'
import { scanCsv } from './csv-scan.ts'
import type { ReaderFields } from './field-error.ts'
import { createFieldTable } from './field-table.ts'
import { findFiles, openSource, readSource, splitFiles, totalBytes } from './files.ts'
import { createFiller } from './fill-column.ts'
import { LineBlocks, maxLineBytes } from './lines.ts'
import type { CsvShape } from './scan-shape.ts'
import { byteOption, fileTraits, flagOption, onErrorOption, pathOption, textOption } from './source-options.ts'
import { batchOfTable, behindBadRecord } from './table-batch.ts'

const options: Readonly<Record<string, OptionSpec>> = {
  path: pathOption,
  header: { type: types.bool, summary: 'Does the first record of each file name the columns? Default true.' },
  delimiter: { type: types.string, summary: "Character between fields. Default ','." },
  quote: {
    type: types.string,
    summary: "Character around fields that hold delimiters or line breaks; '' for none. Default '\"'.",
  },
  null_text: { type: types.string, summary: 'Unquoted text that means null, beside the empty field.' },
  on_error: onErrorOption,
}

/**
 * Rows of csv files (RFC 4180). An empty field is null, `""` the empty string. Columns are found by the names of the header, or by position in the
 * schema without one; types are declared, or inferred from the first 1,000 rows.
 *
 * A file is read in several splits only if it holds no quote at all: from the middle of a file nobody can tell whether a newline stands within
 * quotes. Bytes that no column needs are only counted into fields.
 *
 * @throws {@link MillraceError} `DATA_ROW_SHAPE`, `DATA_BAD_VALUE`, `DATA_NULL`, `DATA_UNCLOSED_QUOTE`, `DATA_BAD_QUOTE`, `DATA_CARRIAGE_RETURN`,
 * `DATA_NO_HEADER`, `DATA_MISSING_COLUMN`, and what the text source throws.
 */
export const csvSource: SourceConnector = {
  kind: 'csv',
  positional: 'path',
  options,
  takesSchema: true,
  describe: describeCsv,
  read: readCsv,
}

/** What the options say of the text. */
function dialectOf(given: ConnectorOptions): { delimiter: number; quote: number; nullText: Uint8Array; header: boolean } {
  return {
    delimiter: byteOption(given, 'delimiter', ','),
    quote: byteOption(given, 'quote', '"', true),
    nullText: Buffer.from(textOption(given, 'null_text')),
    header: flagOption(given, 'header', true),
  }
}

async function describeCsv(given: ConnectorOptions, context: DescribeContext): Promise<SourceDescription> {
  const { host } = context
  const dialect = dialectOf(given)
  const files = findFiles(textOption(given, 'path'), context)
  const headers = dialect.header ? files.map((file) => readCsvHeader(file, dialect, host)) : undefined
  const schema = context.schema ?? inferCsv(files[0], dialect, headers?.[0], host)
  const names = schema.map((field) => field.name)
  for (const header of headers ?? []) findColumns(names, header)
  const canSplit = files.map((file) => dialect.quote < 0 || !holdsByte(file, dialect.quote, host))
  const reader: ReaderFields = {
    schema: schema.map(({ name, type, nullable }) => ({ name, type, nullable })),
    inferred: context.schema === undefined,
  }
  return {
    schema,
    inferred: reader.inferred,
    sizeBytes: totalBytes(files),
    // Two columns of one name cannot be told apart by name, so all are read.
    traits: { ...fileTraits, pushProjection: new Set(names).size === names.length, splittable: canSplit.every(Boolean) },
    files,
    splits: splitFiles(files, (_, index) => canSplit[index]),
    reader: reader as never,
  }
}

function holdsByte(file: SourceFile, byte: number, host: Host): boolean {
  const disk = openSource(file, host)
  try {
    const bytes = new Uint8Array(Math.min(2 ** 20, file.sizeBytes))
    for (let at = 0; at < file.sizeBytes; ) {
      const read = readSource(disk, bytes, 0, bytes.length, at)
      if (read === 0) break
      const found = bytes.indexOf(byte)
      if (found >= 0 && found < read) return true
      at += read
    }
    return false
  } finally {
    disk.close()
  }
}

function* readCsv(request: ReadRequest): Iterable<Batch> {
  const { options: given, reader, split, fields, limit = Number.POSITIVE_INFINITY, lent = false, host, signal } = request
  const dialect = dialectOf(given)
  const described = reader as unknown as ReaderFields
  const header = dialect.header ? readCsvHeader(split.file as SourceFile, dialect, host) : undefined
  const shape = shapeOf(fields, described.schema, dialect, header)
  const table = createFieldTable(fields.length, Math.min(targetBatchRows, limit), split.length)
  const decode = csvText(dialect.quote)
  const format = { fill: createFiller(fields, decode, false, lent, dialect.quote), decode, jsonTypes: false }
  const blocks = new LineBlocks(split, host, header?.end)
  try {
    let at = 0
    for (let firstRow = 0; firstRow < limit && nextRecords(blocks, at); ) {
      shape.hasReturns = blocks.holds(13)
      for (at = 0; at < blocks.end && firstRow < limit; ) {
        signal.throwIfAborted()
        const scanned = scanCsv(blocks.data, at, blocks.end, shape, table, limit - firstRow)
        at = scanned.next
        if (table.rowCount > 0) {
          const batch = batchOfTable(blocks, table, format, request, firstRow)
          yield batch
          firstRow += batch.rowCount
        }
        if (scanned.problem !== undefined) at = behindBadRecord(blocks, scanned.problem, request)
        if (scanned.incomplete) break
      }
      if (at < blocks.end && blocks.atEnd && firstRow < limit) throw unclosedQuote(blocks, at)
    }
  } finally {
    blocks.close()
  }
}

/** The next block; a record that outgrows the longest line is one whose quote never closes. */
function nextRecords(blocks: LineBlocks, from: number): boolean {
  const pending = from < blocks.end
  try {
    return blocks.next(from)
  } catch (error) {
    if (pending && error instanceof MillraceError && error.code === 'DATA_LINE_TOO_LONG') throw unclosedQuote(blocks, 0)
    throw error
  }
}

const unclosedQuote = (blocks: LineBlocks, at: number): MillraceError =>
  blocks.error(
    'DATA_UNCLOSED_QUOTE',
    `a quoted field that starts in this record does not end in the file or within ${maxLineBytes / 2 ** 20} MB`,
    at,
    openQuoteHint,
  )

function shapeOf(fields: Schema, schema: Schema, dialect: ReturnType<typeof dialectOf>, header: CsvHeader | undefined): CsvShape {
  const names = schema.map((field) => field.name)
  const ordinals = header === undefined ? names.map((_, i) => i) : findColumns(names, header)
  const columnCount = header === undefined ? names.length : header.names.length
  const slots = new Int32Array(columnCount).fill(-1)
  fields.forEach((field, slot) => {
    slots[ordinals[fields.length === schema.length ? slot : names.indexOf(field.name)]] = slot
  })
  return { ...dialect, columnCount, slots, tolerateTail: header === undefined, hasReturns: true }
}
