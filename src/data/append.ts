import type { ColumnBuilder } from './builder.ts'
import type { Column } from './column.ts'

/** Appends rows `rows[from .. to)` of a column to a builder; the common stores without a call a row. */
export function appendRows(builder: ColumnBuilder, column: Column, rows: Int32Array, from: number, to: number): void {
  if (column.nulls === undefined) {
    if (builder.store === 'lane' && column.store === 'lane' && column.values.constructor === builder.values.constructor) {
      builder.reserve(to - from)
      const { values } = builder
      if (values instanceof Float64Array) appendDoubles(values, builder.length, column.values as Float64Array, rows, from, to)
      else for (let i = from, at = builder.length; i < to; i++) values[at++] = column.values[rows[i]]
      builder.length += to - from
      return
    }
    if (builder.store === 'bytes' && column.store === 'bytes') {
      builder.reserve(to - from)
      const { data, offsets } = column
      for (let i = from; i < to; i++) builder.appendBytes(data, offsets[rows[i]], offsets[rows[i] + 1])
      return
    }
  }
  for (let i = from; i < to; i++) builder.appendFrom(column, rows[i])
}

function appendDoubles(out: Float64Array, at: number, values: Float64Array, rows: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) out[at++] = values[rows[i]]
}

/** Bytes that the rows in a builder take, room for more rows not counted. */
export function builderBytes(builder: ColumnBuilder): number {
  switch (builder.store) {
    case 'lane':
      return builder.length * builder.values.BYTES_PER_ELEMENT
    case 'bytes':
      return builder.length * 4 + builder.dataLength
    case 'list':
      return builder.length * 4 + builderBytes(builder.items)
    case 'struct':
      return builder.children.reduce((sum, child) => sum + builderBytes(child), 0)
    case 'js':
      return builder.length * 64
  }
}
