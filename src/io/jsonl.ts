import { bug, type MillraceError } from '../base/errors.ts'
import { type Batch, targetBatchRows } from '../data/batch.ts'
import { textAt } from '../data/read.ts'
import type { ConnectorOptions, DescribeContext, ReadRequest, SourceConnector, SourceDescription } from './connector.ts'
import type { ReaderFields } from './field-error.ts'
import { createFieldTable } from './field-table.ts'
import { findFiles, splitFiles, totalBytes } from './files.ts'
import { createFiller, type DecodeText } from './fill-column.ts'
import { createKeyOrder, scanJson } from './json-scan.ts'
import { inferJson } from './jsonl-infer.ts'
import { type DataCode, LineBlocks } from './lines.ts'
import { fileTraits, onErrorOption, pathOption, textOption } from './source-options.ts'
import { batchOfTable, behindBadRecord } from './table-batch.ts'

/**
 * Rows of JSON lines files: one object a line, a column a key. A missing key and null are null, unknown keys are ignored. Types are declared, or
 * inferred from the first 1,000 rows. Integers are read from their digits, never through a double; an int64 may also be a string of digits.
 *
 * @throws {@link MillraceError} `DATA_BAD_JSON`, `DATA_BAD_VALUE`, `DATA_NULL`, and what the text source throws.
 */
export const jsonlSource: SourceConnector = {
  kind: 'jsonl',
  positional: 'path',
  options: { path: pathOption, on_error: onErrorOption },
  takesSchema: true,
  describe: describeJsonl,
  read: readJsonl,
}

async function describeJsonl(options: ConnectorOptions, context: DescribeContext): Promise<SourceDescription> {
  const files = findFiles(textOption(options, 'path'), context)
  const schema = context.schema ?? inferJson(files, context.host)
  const inferred = context.schema === undefined
  const reader: ReaderFields = { schema: schema.map(({ name, type, nullable }) => ({ name, type, nullable })), inferred }
  return {
    schema,
    inferred,
    sizeBytes: totalBytes(files),
    traits: fileTraits,
    files,
    splits: splitFiles(files),
    reader: reader as never,
  }
}

/** Texts with escapes; the scanner has checked that they are well formed. */
const jsonText: DecodeText = (data, start, end) => JSON.parse(`"${textAt(data, start, end)}"`)

export function* readJsonl(request: ReadRequest): Iterable<Batch> {
  const { split, fields, limit = Number.POSITIVE_INFINITY, lent = false, host, signal } = request
  const order = createKeyOrder(fields.map((field) => field.name))
  const table = createFieldTable(fields.length, Math.min(targetBatchRows, limit), split.length)
  const format = { fill: createFiller(fields, jsonText, true, lent, 0), decode: jsonText, jsonTypes: true }
  const blocks = new LineBlocks(split, host)
  try {
    for (let firstRow = 0; firstRow < limit && blocks.next(); ) {
      for (let at = 0; at < blocks.end && firstRow < limit; ) {
        signal.throwIfAborted()
        const scanned = scanJson(blocks.data, at, blocks.end, order, table, limit - firstRow)
        at = scanned.next
        if (table.rowCount > 0) {
          const batch = batchOfTable(blocks, table, format, request, firstRow)
          yield batch
          firstRow += batch.rowCount
        }
        if (scanned.problem !== undefined) at = behindBadRecord(blocks, scanned.problem, request)
      }
    }
  } finally {
    blocks.close()
  }
}

/** The error of a row of a split, counted from 0. Reads the split again, since batches do not tell where their rows stand. */
export function jsonlError(
  { split, host }: ReadRequest,
  row: number,
  code: DataCode,
  message: string,
  hint?: string,
): MillraceError {
  const order = createKeyOrder([])
  const table = createFieldTable(0, targetBatchRows)
  const blocks = new LineBlocks(split, host)
  try {
    let left = row
    while (blocks.next()) {
      for (let at = 0; at < blocks.end; left -= table.rowCount) {
        at = scanJson(blocks.data, at, blocks.end, order, table, targetBatchRows).next
        if (left < table.rowCount) return blocks.error(code, message, table.rowStarts[left], hint)
      }
    }
    throw bug(`row ${row} of '${blocks.file.path}' is gone`)
  } finally {
    blocks.close()
  }
}
