import type { Batch } from '../data/batch.ts'
import { makeBatch } from '../data/read.ts'
import type { ReadRequest } from './connector.ts'
import { fieldError, type ReaderFields, scanError } from './field-error.ts'
import { dropRows, type FieldTable } from './field-table.ts'
import { type DecodeText, type FillColumns, findBadFields } from './fill-column.ts'
import type { LineBlocks } from './lines.ts'
import type { ScanProblem } from './scan-shape.ts'
import { readHeader } from './source-options.ts'

/** How the fields of a format become columns. */
export interface FieldFormat {
  fill: FillColumns
  decode: DecodeText
  /** A field of type string must be a JSON string. */
  jsonTypes: boolean
}

/**
 * The rows of a table as a batch, the first of which is row `firstRow` of the split. Where bad records are taken, rows that cannot be read are
 * told and left out: the columns are made again without them.
 *
 * @throws {@link MillraceError} the error of the first bad field.
 */
export function batchOfTable(
  blocks: LineBlocks,
  table: FieldTable,
  { fill, decode, jsonTypes }: FieldFormat,
  { fields, reader, splitIndex, onBadRecord }: ReadRequest,
  firstRow: number,
): Batch {
  const described = reader as unknown as ReaderFields
  let filled = fill(table)
  if ('bad' in filled && onBadRecord !== undefined) {
    const bad = findBadFields(fields, table, decode, jsonTypes)
    for (const field of bad) onBadRecord(fieldError(blocks, table, field, fields, described))
    dropRows(
      table,
      fields.length,
      bad.map(({ row }) => row),
    )
    filled = fill(table)
  }
  if ('bad' in filled) throw fieldError(blocks, table, filled.bad, fields, described)
  const { rowCount } = table
  const starts = table.rowStarts.slice(0, rowCount)
  const origin = { file: blocks.file.path, byteOffset: blocks.positionOf(0), row: firstRow, starts }
  return makeBatch(filled.columns, rowCount, { header: readHeader(splitIndex, firstRow, origin) })
}

/** Where to go on behind a record that cannot be scanned. @throws {@link MillraceError} its error, where bad records are not taken. */
export function behindBadRecord(blocks: LineBlocks, problem: ScanProblem, { onBadRecord }: ReadRequest): number {
  const error = scanError(blocks, problem)
  if (onBadRecord === undefined) throw error
  onBadRecord(error)
  return problem.end
}
