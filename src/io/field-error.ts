import type { MillraceError } from '../base/errors.ts'
import { textAt } from '../data/read.ts'
import { formatType, type Schema, type SchemaField, types } from '../data/type.ts'
import type { FieldTable } from './field-table.ts'
import type { BadField } from './fill-column.ts'
import type { LineBlocks } from './lines.ts'
import type { ScanProblem } from './scan-shape.ts'

/** The error of a record that could not be scanned. */
export function scanError(blocks: LineBlocks, { code, message, at, hint }: ScanProblem): MillraceError {
  return blocks.error(code, message, at, hint)
}

/** What readers of csv and JSON lines need from bind: all columns of the source, and whether their types were inferred. */
export interface ReaderFields {
  schema: Schema
  inferred: boolean
  /** What to do about a bad value of a column that is not the user's own. */
  hints?: Readonly<Record<string, string>>
}

/** The error of a field that could not be read; for an inferred schema, its hint is the schema to paste. */
export function fieldError(
  blocks: LineBlocks,
  table: FieldTable,
  bad: BadField,
  fields: Schema,
  reader: ReaderFields,
): MillraceError {
  const field = fields[bad.slot]
  const at = table.rowStarts[bad.row]
  if (bad.kind === 'null') {
    return blocks.error('DATA_NULL', `expected a value in column '${field.name}', which is declared not null, found none`, at)
  }
  const i = bad.slot * table.capacity + bad.row
  const text = textAt(table.data, table.starts[i], Math.min(table.ends[i], table.starts[i] + 100))
  if (bad.kind === 'surrogate')
    return blocks.error('DATA_INVALID_UTF8', `column '${field.name}' holds half of a surrogate pair: '${text}'`, at)
  const type = formatType(field.type)
  // A reader with hints of its own is of changes, whose lines cannot be left out.
  const leaveOut = reader.hints === undefined ? 'repair it, or leave such rows out: --on-error skip' : undefined
  const hint = reader.hints?.[field.name] ?? inferenceHint(reader, field) ?? leaveOut
  return blocks.error('DATA_BAD_VALUE', `expected ${type} in column '${field.name}', found '${text}'`, at, hint)
}

function inferenceHint({ inferred, schema }: ReaderFields, { name, type }: SchemaField): string | undefined {
  if (!inferred) return undefined
  return `${formatType(type)} was inferred from the first rows; declare the type: ${schemaText(schema, name)}`
}

/** `schema (a int64, b string)`, with text for the column that turned out to be something else. */
function schemaText(schema: Schema, wrong: string): string {
  const columns = schema.map(({ name, type }) => `${quoteName(name)} ${formatType(name === wrong ? types.string : type)}`)
  return `schema (${columns.join(', ')})`
}

const quoteName = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name.replace(/[`\\]/g, '\\$&')}\``
