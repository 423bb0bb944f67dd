import { exhaustive } from '../base/assert.ts'
import { type BytesBuilder, type ColumnBuilder, createBuilder, type LaneBuilder } from '../data/builder.ts'
import { viewBuilder } from '../data/builder-view.ts'
import { parseTimestampBytes } from '../data/civil.ts'
import type { Column } from '../data/column.ts'
import { textAt } from '../data/read.ts'
import type { SchemaField, Type } from '../data/type.ts'
import { absent, escaped, type FieldTable, nested, numeral, plain } from './field-table.ts'
import { BadJsonValue, bytesOfBase64, parseJson, valueFromJson } from './json-value.ts'
import { dateAt, noDate } from './parse-date.ts'
import { boolAt, float64At, int64At, isNaNAt, putShortDecimal, shortIntegerAt, wideInt64At } from './parse-number.ts'
import { TextDictionary } from './text-dictionary.ts'
import type { ScanMemory } from './wasm/scan-memory.ts'

/** Takes the escapes out of a field: what the formats do differently. */
export type DecodeText = (data: Uint8Array, start: number, end: number) => string

/** The first field, by row and then by column, that cannot be read. */
export interface BadField {
  row: number
  slot: number
  kind: 'null' | 'value' | 'surrogate'
}

/** Makes one column of each slot's fields, or says which is the first bad field. */
export type FillColumns = (table: FieldTable) => { columns: Column[] } | { bad: BadField }

/**
 * Makes columns of field tables, one after the other.
 *
 * `jsonTypes`: a field of type string must be a JSON string. Nested types are read from JSON text in either format. `lent`: columns are wanted
 * until the next ones are made, so that their arrays are used again: no memory is asked for, and they stay in the processor's cache.
 */
export function createFiller(
  fields: readonly SchemaField[],
  decode: DecodeText,
  jsonTypes: boolean,
  lent: boolean,
  quote: number,
): FillColumns {
  const builders = fields.map(({ type }) => createBuilder(type, 0))
  const dictionaries = fields.map(({ type }) => (type.kind === 'string' ? new TextDictionary(type) : undefined))
  return (table) => {
    const view = new DataView(table.data.buffer, table.data.byteOffset)
    const memory = table.isInMemory ? table.memory : undefined
    const columns: Column[] = []
    let bad: BadField | undefined
    let rowCount = table.rowCount
    for (let slot = 0; slot < fields.length; slot++) {
      const field = fields[slot]
      const fill = { table, view, slot, rowCount, field, decode, jsonTypes, memory, quote }
      const dictionary = dictionaries[slot]
      if (dictionary !== undefined) {
        dictionary.begin(rowCount, !lent)
        if (fillCodes(dictionary, fill) && dictionary.count > 0) {
          columns.push(dictionary.column())
          continue
        }
        // Too many texts for numbers, also in the batches to come; or a bad one, or none at all.
        if (dictionary.count > 0) dictionaries[slot] = undefined
      }
      const builder = lent ? emptied(builders[slot]) : createBuilder(field.type, rowCount)
      builders[slot] = builder
      const badRow = fillColumn(builder, fill)
      if (badRow < 0) columns.push(viewBuilder(builder))
      else {
        bad = { row: badRow, slot, kind: badKind(table, slot, badRow, field, decode) }
        // Only an earlier row matters now.
        rowCount = badRow
      }
    }
    return bad === undefined ? { columns } : { bad }
  }
}

/** The builder for another batch: values of the last one are still in its arrays. */
function emptied(builder: ColumnBuilder): ColumnBuilder {
  const isPlain = builder.store === 'bytes' || (builder.store === 'lane' && !(builder.values instanceof BigInt64Array))
  if (!isPlain) return createBuilder(builder.type, 0)
  builder.length = 0
  builder.nulls = undefined
  if (builder.store === 'bytes') builder.dataLength = 0
  return builder
}

/** The first bad field of each row that has one, by row. */
export function findBadFields(
  fields: readonly SchemaField[],
  table: FieldTable,
  decode: DecodeText,
  jsonTypes: boolean,
): readonly BadField[] {
  const { data, capacity, rowCount, rowStarts } = table
  const view = new DataView(data.buffer, data.byteOffset)
  const slots = new Int32Array(rowCount).fill(-1)
  for (const [slot, field] of fields.entries()) {
    let builder = createBuilder(field.type, 0)
    for (let from = 0; from < rowCount; ) {
      // The rest of the column as the only one of a table, so that the loops need not know of rows that are passed over.
      const part = (all: Int32Array): Int32Array => all.subarray(slot * capacity + from, slot * capacity + rowCount)
      const kinds = table.kinds.subarray(slot * capacity + from, slot * capacity + rowCount)
      const rest = {
        data,
        capacity,
        rowCount,
        rowStarts,
        isInMemory: false,
        starts: part(table.starts),
        ends: part(table.ends),
        kinds,
      }
      builder = emptied(builder)
      const bad = fillColumn(builder, {
        table: rest,
        view,
        slot: 0,
        rowCount: rowCount - from,
        field,
        decode,
        jsonTypes,
        memory: undefined,
        quote: 0,
      })
      if (bad < 0) break
      if (slots[from + bad] < 0) slots[from + bad] = slot
      from += bad + 1
    }
  }
  const found: BadField[] = []
  slots.forEach((slot, row) => {
    if (slot >= 0) found.push({ row, slot, kind: badKind(table, slot, row, fields[slot], decode) })
  })
  return found
}

interface Fill {
  table: FieldTable
  view: DataView
  slot: number
  rowCount: number
  field: SchemaField
  decode: DecodeText
  jsonTypes: boolean
  /** Kernels that read the first rows, up to one that is out of the ordinary. */
  memory: ScanMemory | undefined
  /** The quote that is doubled in texts with escapes, 0 for the escapes of JSON. */
  quote: number
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
    case 'date':
      return fillDate(builder as LaneBuilder, fill)
    case 'bool':
      return fillLane(builder as LaneBuilder, fill, boolAt)
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

function fillInt64(builder: LaneBuilder, fill: Fill): number {
  const { table, view, slot, rowCount, field } = fill
  const { data, starts, ends, kinds } = table
  builder.reserve(rowCount)
  const values = builder.values as Float64Array
  const first = readNumbers(builder, fill)
  if (first.bad >= 0) return first.bad
  for (let { row } = first, i = slot * table.capacity + row; row < rowCount; row++, i++) {
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.markNull(row)
      values[row] = 0
      continue
    }
    let value = shortIntegerAt(view, starts[i], ends[i])
    if (Number.isNaN(value)) {
      value = int64At(data, starts[i], ends[i])
      if (Number.isNaN(value)) {
        builder.length = row
        return fillLongIntegers(builder, fill)
      }
    }
    values[row] = value
  }
  builder.length = rowCount
  return -1
}

/** Goes on with integers of any length, and with texts that are none. */
function fillLongIntegers(builder: LaneBuilder, { table, slot, rowCount, field }: Fill): number {
  const { data, starts, ends, kinds } = table
  for (let { length: row } = builder; row < rowCount; row++) {
    const i = slot * table.capacity + row
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.markNull(row)
      builder.append(0)
      continue
    }
    const value = wideInt64At(data, starts[i], ends[i]) ?? integralJsonNumber(kinds[i], data, starts[i], ends[i])
    if (value === undefined) return row
    builder.append(value)
  }
  return -1
}

/** `1e3` and `2.0` are integers in JSON. */
function integralJsonNumber(kind: number, data: Uint8Array, start: number, end: number): number | undefined {
  const value = kind === numeral ? Number(textAt(data, start, end)) : Number.NaN
  return Number.isSafeInteger(value) ? value + 0 : undefined
}

/** Reads numbers with a kernel, up to one that it leaves to others; or tells that the row of a null is bad. */
function readNumbers(builder: LaneBuilder, { memory, table, slot, rowCount, field }: Fill): { row: number; bad: number } {
  if (memory === undefined) return { row: 0, bad: -1 }
  const { row, nulls } = memory.readNumbers(slot, rowCount, builder.values as Float64Array, field.type.kind === 'int64')
  return { row, bad: nulls === 0 ? -1 : markNulls(builder, table, slot, row, field) }
}

/** Marks what is absent in the first rows; the row of one that must not be, else −1. */
function markNulls(
  builder: ColumnBuilder,
  { kinds, capacity }: FieldTable,
  slot: number,
  rows: number,
  field: SchemaField,
): number {
  for (let row = 0, i = slot * capacity; row < rows; row++, i++) {
    if (kinds[i] !== absent) continue
    if (!field.nullable) return row
    builder.markNull(row)
  }
  return -1
}

function fillFloat64(builder: LaneBuilder, fill: Fill): number {
  const { table, view, slot, rowCount, field } = fill
  const { data, starts, ends, kinds } = table
  builder.reserve(rowCount)
  const values = builder.values as Float64Array
  const first = readNumbers(builder, fill)
  if (first.bad >= 0) return first.bad
  for (let { row } = first, i = slot * table.capacity + row; row < rowCount; row++, i++) {
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.markNull(row)
      values[row] = 0
      continue
    }
    if (putShortDecimal(view, starts[i], ends[i], values, row)) continue
    const value = float64At(data, starts[i], ends[i])
    if (Number.isNaN(value) && !isNaNAt(data, starts[i], ends[i])) return row
    values[row] = value
  }
  builder.length = rowCount
  return -1
}

function fillDate(builder: LaneBuilder, { table, view, slot, rowCount, field }: Fill): number {
  const { starts, ends, kinds } = table
  builder.reserve(rowCount)
  const values = builder.values as Int32Array
  for (let row = 0, i = slot * table.capacity; row < rowCount; row++, i++) {
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.markNull(row)
      values[row] = 0
      continue
    }
    const day = dateAt(view, starts[i], ends[i])
    if (day === noDate) return row
    values[row] = day
  }
  builder.length = rowCount
  return -1
}

/** The less frequent lanes: a call a value. */
function fillLane(builder: LaneBuilder, { table, slot, rowCount, field }: Fill, parse: ParseLane): number {
  const { data, starts, ends, kinds } = table
  builder.reserve(rowCount)
  for (let row = 0, i = slot * table.capacity; row < rowCount; row++, i++) {
    if (kinds[i] === absent) {
      if (!field.nullable) return row
      builder.markNull(row)
      builder.append(0)
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

function fillString(builder: BytesBuilder, fill: Fill): number {
  const { table, view, slot, rowCount, field, decode, jsonTypes, memory, quote } = fill
  const { data, starts, ends, kinds } = table
  const first = slot * table.capacity
  let size = 8
  for (let i = first; i < first + rowCount; i++) if (kinds[i] !== absent) size += ends[i] - starts[i]
  builder.reserve(rowCount)
  builder.reserveBytes(size)
  const { offsets, data: target } = builder
  const to = new DataView(target.buffer, target.byteOffset)
  const copied = memory?.copyTexts(slot, rowCount, builder, quote) ?? { row: 0, size: 0 }
  const badNull = copied.row === 0 ? -1 : markNulls(builder, table, slot, copied.row, field)
  if (badNull >= 0) return badNull
  let at = copied.size
  for (let { row } = copied, i = first + row; row < rowCount; row++, i++) {
    const start = starts[i]
    const length = ends[i] - start
    switch (kinds[i]) {
      case absent:
        if (!field.nullable) return row
        builder.markNull(row)
        break
      case plain:
        // Four bytes at a time, over the end: what is too much is overwritten by the next row, and there is room behind the last one.
        if (length < 48) for (let k = 0; k < length; k += 4) to.setInt32(at + k, view.getInt32(start + k))
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

/** Numbers the texts of a column of few different ones; false when they are too many, or not all of them can be read. */
function fillCodes(dictionary: TextDictionary, { table, view, slot, rowCount, field, decode }: Fill): boolean {
  const { data, starts, ends, kinds } = table
  const { codes } = dictionary
  for (let row = 0, i = slot * table.capacity; row < rowCount; row++, i++) {
    const kind = kinds[i]
    if (kind === plain) {
      const code = dictionary.number(data, view, starts[i], ends[i])
      if (code < 0) return false
      codes[row] = code
    } else if (kind === absent) {
      if (!field.nullable) return false
      dictionary.markNull(row)
      codes[row] = 0
    } else {
      if (kind !== escaped) return false
      const code = numberEscaped(dictionary, decode(data, starts[i], ends[i]))
      if (code < 0) return false
      codes[row] = code
    }
  }
  return true
}

function numberEscaped(dictionary: TextDictionary, text: string): number {
  if (!text.isWellFormed()) return -1
  const bytes = encoder.encode(text)
  const padded = new Uint8Array(bytes.length + 4)
  padded.set(bytes)
  return dictionary.number(padded, new DataView(padded.buffer), 0, bytes.length)
}

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
