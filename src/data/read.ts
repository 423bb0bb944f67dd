import type { Batch, BatchHeader } from './batch.ts'
import { freshHeader } from './batch.ts'
import { createBuilder } from './builder.ts'
import type { Column, Lane, ListColumn } from './column.ts'
import { isValid } from './column.ts'
import { int64Value } from './int64.ts'
import type { Schema, Value } from './type.ts'

// A byte order mark within text is text; only readers of files drop one.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Text of bytes `start .. end`; short ASCII runs are cut without the decoder. */
export function textAt(data: Uint8Array, start: number, end: number): string {
  if (end - start < 24) {
    let text = ''
    for (let i = start; i < end; i++) {
      if (data[i] > 127) return decoder.decode(data.subarray(start, end))
      text += String.fromCharCode(data[i])
    }
    return text
  }
  return decoder.decode(data.subarray(start, end))
}

/** The value of one row as plain data: for results, tests and slow paths. */
export function valueAt(column: Column, row: number): Value {
  if (!isValid(column, row)) return null
  switch (column.store) {
    case 'lane': {
      if (column.type.kind === 'bool') return column.values[row] !== 0
      const value = column.values[row]
      return typeof value === 'bigint' ? int64Value(value) : value
    }
    case 'bytes': {
      const { data, offsets } = column
      if (column.type.kind === 'bytes') return data.slice(offsets[row], offsets[row + 1])
      return textAt(data, offsets[row], offsets[row + 1])
    }
    case 'dictionary':
      return valueAt(column.values, column.codes[row])
    case 'list': {
      const items: Value[] = []
      for (let i = column.offsets[row]; i < column.offsets[row + 1]; i++) items.push(valueAt(column.items, i))
      return items
    }
    case 'struct': {
      const fields = column.type.kind === 'struct' ? column.type.fields : []
      // No assignment to a user's key: a field may be called __proto__.
      return Object.fromEntries(fields.map((field, i) => [field.name, valueAt(column.children[i], row)]))
    }
    case 'js':
      return column.values[row] as Value
  }
}

/** Rows `from .. to`; shares the values. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  const length = to - from
  const nulls = column.nulls === undefined ? undefined : sliceBits(column.nulls, from, length)
  switch (column.store) {
    case 'lane':
      return { ...column, length, nulls, values: column.values.subarray(from, to) as Lane }
    case 'bytes':
    case 'list':
      return { ...column, length, nulls, offsets: column.offsets.subarray(from, to + 1) }
    case 'dictionary':
      return { ...column, length, nulls, codes: column.codes.subarray(from, to) }
    case 'struct':
      return { ...column, length, nulls, children: column.children.map((child) => sliceColumn(child, from, to)) }
    case 'js':
      return { ...column, length, nulls, values: column.values.slice(from, to) }
  }
}

function sliceBits(bits: Uint8Array, from: number, length: number): Uint8Array {
  const out = new Uint8Array((length + 7) >> 3).fill(255)
  for (let i = 0; i < length; i++) {
    if ((bits[(from + i) >> 3] & (1 << ((from + i) & 7))) === 0) out[i >> 3] &= ~(1 << (i & 7))
  }
  return out
}

/** Rows `from .. to` of a batch, with its header; group starts are not kept. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.rowCount) return batch
  const { source } = batch.header
  // Errors name rows by their place in the split.
  const header =
    source === undefined ? batch.header : { ...batch.header, source: { ...source, firstRow: source.firstRow + from } }
  return makeBatch(
    batch.columns.map((column) => sliceColumn(column, from, to)),
    to - from,
    { header, weights: batch.weights?.subarray(from, to) },
  )
}

/** A batch over finished columns. */
export function makeBatch(
  columns: readonly Column[],
  rowCount: number,
  extra: { header?: BatchHeader; weights?: Int32Array; groupStarts?: Int32Array } = {},
): Batch {
  let sizeBytes = 64 + (extra.weights === undefined ? 0 : rowCount * 4)
  for (const column of columns) sizeBytes += columnBytes(column)
  return {
    header: extra.header ?? freshHeader,
    rowCount,
    columns,
    weights: extra.weights,
    groupStarts: extra.groupStarts,
    sizeBytes,
  }
}

/** Bytes that a column's rows take in memory. */
/** Bytes of the values of a column; those of a dictionary with an owner are the owner's. */
export function columnBytes(column: Column): number {
  const bits = column.nulls?.length ?? 0
  switch (column.store) {
    case 'lane':
      return bits + column.values.byteLength
    case 'bytes':
      return bits + column.offsets.byteLength + column.offsets[column.length] - column.offsets[0]
    case 'dictionary':
      // An owner keeps the values whether this column is there or not.
      return bits + column.codes.byteLength + (column.owner === undefined ? columnBytes(column.values) : 0)
    case 'list':
      return bits + column.offsets.byteLength + itemBytes(column)
    case 'struct':
      return column.children.reduce((sum, child) => sum + columnBytes(child), bits)
    case 'js':
      return bits + column.length * 64
  }
}

/** Slices share the items of the whole column: each weighs its own part of them. */
function itemBytes({ offsets, length, items }: ListColumn): number {
  const own = offsets[length] - offsets[0]
  return own === 0 ? 0 : Math.ceil((columnBytes(items) * own) / items.length)
}

/** A batch from rows of plain values: for constants, tests and small results. */
export function batchFromRows(schema: Schema, rows: readonly (readonly Value[])[], weights?: Int32Array): Batch {
  const columns = schema.map((field, index) => {
    const builder = createBuilder(field.type, rows.length)
    for (const row of rows) builder.appendValue(row[index])
    return builder.finish()
  })
  return makeBatch(columns, rows.length, { weights })
}

/** The rows of a batch as plain values. */
export function rowsOf(batch: Batch): Value[][] {
  const rows: Value[][] = []
  for (let row = 0; row < batch.rowCount; row++) rows.push(batch.columns.map((column) => valueAt(column, row)))
  return rows
}
