import { exhaustive } from '../base/assert.ts'
import { type BytesBuilder, type ColumnBuilder, createBuilder, type LaneBuilder } from '../data/builder.ts'
import { parseDateBytes, parseTimestampBytes } from '../data/civil.ts'
import type { Column } from '../data/column.ts'
import { textAt } from '../data/read.ts'
import type { SchemaField, Type } from '../data/type.ts'
import { absent, escaped, type FieldTable, nested, numeral, plain } from './field-table.ts'
import { BadJsonValue, bytesOfBase64, parseJson, valueFromJson } from './json-value.ts'
import { boolAt, float64At, int64At, isNaNAt, wideInt64At } from './parse-number.ts'

/** Takes the escapes out of a field: what the formats do differently. */
export type DecodeText = (data: Uint8Array, start: number, end: number) => string

/** The first field, by row and then by column, that cannot be read. */
export interface BadField {
  row: number
  slot: number
  kind: 'null' | 'value' | 'surrogate'
}

/**
 * Makes one column of each slot's fields, or says which is the first bad field.
 *
 * `jsonTypes`: a field of type string must be a JSON string. Nested types are read from JSON text in either format.
 */
export function fillColumns(
  fields: readonly SchemaField[],
  table: FieldTable,
  decode: DecodeText,
  jsonTypes: boolean,
): { columns: Column[] } | { bad: BadField } {
  const columns: Column[] = []
  let bad: BadField | undefined
  let rowCount = table.rowCount
  for (let slot = 0; slot < fields.length; slot++) {
    const field = fields[slot]
    const builder = createBuilder(field.type, rowCount)
    const badRow = fillColumn(builder, { table, slot, rowCount, field, decode, jsonTypes })
    if (badRow < 0) columns.push(builder.finish())
    else {
      bad = { row: badRow, slot, kind: badKind(table, slot, badRow, field, decode) }
      // Only an earlier row matters now.
      rowCount = badRow
    }
  }
  return bad === undefined ? { columns } : { bad }
}

interface Fill {
  table: FieldTable
  slot: number
  rowCount: number
  field: SchemaField
  decode: DecodeText
  jsonTypes: boolean
}

/** Returns the first bad row, −1 when there is none. */
function fillColumn(builder: ColumnBuilder, fill: Fill): number {
  const { type } = fill.field
  switch (type.kind) {
    case 'int64':
      return fillInt64(builder as LaneBuilder, fill)
    case 'float64':
      return fillFloat64(builder as LaneBuilder, fill)
    case 'string':
      return fillString(builder as BytesBuilder, fill)
    case 'bool':
      return fillLane(builder as LaneBuilder, fill, boolAt)
    case 'date':
      return fillLane(builder as LaneBuilder, fill, parseDateBytes)
    case 'timestamp':
      return fillLane(builder as LaneBuilder, fill, parseTimestampBytes)
    case 'bytes':
      return fillEach(builder, fill, bytesOfBase64)
    case 'array':
    case 'struct':
      return fillEach(builder, fill, (text) => nestedValue(text, type))
    case 'js':
      return 0
    default:
      return exhaustive(type)
  }
}

function fillInt64(builder: LaneBuilder, { table, slot, rowCount, field }: Fill): number {
  const { data, starts, ends, kinds } = table
  builder.reserve(rowCount)
  let { values } = builder
  for (let row = 0, i = slot * table.capacity; row < rowCount; row++, i++) {
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.markNull(row)
      continue
    }
    const value = int64At(data, starts[i], ends[i])
    if (Number.isNaN(value) || values instanceof BigInt64Array) {
      const wide = wideInt64At(data, starts[i], ends[i]) ?? integralJsonNumber(kinds[i], data, starts[i], ends[i])
      if (wide === undefined) return row
      builder.length = row
      builder.append(wide)
      values = builder.values
    } else (values as Float64Array)[row] = value
  }
  builder.length = rowCount
  return -1
}

/** `1e3` and `2.0` are integers in JSON. */
function integralJsonNumber(kind: number, data: Uint8Array, start: number, end: number): number | undefined {
  const value = kind === numeral ? Number(textAt(data, start, end)) : Number.NaN
  return Number.isSafeInteger(value) ? value + 0 : undefined
}

function fillFloat64(builder: LaneBuilder, { table, slot, rowCount, field }: Fill): number {
  const { data, starts, ends, kinds } = table
  builder.reserve(rowCount)
  const values = builder.values as Float64Array
  for (let row = 0, i = slot * table.capacity; row < rowCount; row++, i++) {
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.markNull(row)
      continue
    }
    const value = float64At(data, starts[i], ends[i])
    if (Number.isNaN(value) && !isNaNAt(data, starts[i], ends[i])) return row
    values[row] = value
  }
  builder.length = rowCount
  return -1
}

function fillLane(builder: LaneBuilder, { table, slot, rowCount, field }: Fill, parse: ParseLane): number {
  const { data, starts, ends, kinds } = table
  builder.reserve(rowCount)
  for (let row = 0, i = slot * table.capacity; row < rowCount; row++, i++) {
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.appendNull()
      continue
    }
    const value = parse(data, starts[i], ends[i])
    if (Number.isNaN(value)) return row
    builder.append(value)
  }
  return -1
}

/** NaN when the text is no such value. */
type ParseLane = (data: Uint8Array, start: number, end: number) => number | bigint

function fillString(builder: BytesBuilder, { table, slot, rowCount, field, decode, jsonTypes }: Fill): number {
  const { data, starts, ends, kinds } = table
  const first = slot * table.capacity
  let size = 8
  for (let i = first; i < first + rowCount; i++) if (kinds[i] !== absent) size += ends[i] - starts[i]
  builder.reserve(rowCount)
  builder.reserveBytes(size)
  const { offsets, data: target } = builder
  const source = new DataView(data.buffer, data.byteOffset)
  const view = new DataView(target.buffer, target.byteOffset)
  let at = 0
  for (let row = 0, i = first; row < rowCount; row++, i++) {
    const start = starts[i]
    const length = ends[i] - start
    switch (kinds[i]) {
      case absent:
        if (!field.nullable) return row
        builder.markNull(row)
        break
      case plain:
        // Four bytes at a time, over the end: what is too much is overwritten by the next row, and there is room behind the last one.
        if (length < 48) for (let k = 0; k < length; k += 4) view.setInt32(at + k, source.getInt32(start + k))
        else target.set(data.subarray(start, ends[i]), at)
        at += length
        break
      case escaped: {
        const text = decode(data, start, ends[i])
        if (!text.isWellFormed()) return row
        // Without its escapes a text is never longer.
        at += encoder.encodeInto(text, target.subarray(at)).written
        break
      }
      default:
        if (jsonTypes) return row
    }
    offsets[row + 1] = at
  }
  builder.length = rowCount
  builder.dataLength = at
  return -1
}

const encoder = new TextEncoder()

/** Types that are rare in files: a call a value. */
function fillEach(builder: ColumnBuilder, { table, slot, rowCount, field, decode, jsonTypes }: Fill, parse: ParseText): number {
  const { data, starts, ends, kinds } = table
  const wanted = field.type.kind === 'bytes' ? plain : nested
  for (let row = 0, i = slot * table.capacity; row < rowCount; row++, i++) {
    const kind = kinds[i]
    if (kind === absent) {
      if (!field.nullable) return row
      builder.appendNull()
      continue
    }
    if (jsonTypes && kind !== wanted && kind !== escaped) return row
    const value = parse(kind === escaped ? decode(data, starts[i], ends[i]) : textAt(data, starts[i], ends[i]))
    if (value === undefined) return row
    builder.appendValue(value)
  }
  return -1
}

type ParseText = (text: string) => ReturnType<typeof valueFromJson> | undefined

function nestedValue(text: string, type: Type): ReturnType<typeof valueFromJson> | undefined {
  try {
    return valueFromJson(parseJson(text), type, false)
  } catch (thrown) {
    // A RangeError when it is nested too deep for the parser.
    if (thrown instanceof BadJsonValue || thrown instanceof SyntaxError || thrown instanceof RangeError) return undefined
    throw thrown
  }
}

function badKind(table: FieldTable, slot: number, row: number, field: SchemaField, decode: DecodeText): BadField['kind'] {
  const i = slot * table.capacity + row
  if (table.kinds[i] === absent) return 'null'
  const isText = field.type.kind === 'string' && table.kinds[i] === escaped
  return isText && !decode(table.data, table.starts[i], table.ends[i]).isWellFormed() ? 'surrogate' : 'value'
}
