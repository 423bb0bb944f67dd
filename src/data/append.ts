import type { BytesBuilder, ColumnBuilder } from './builder.ts'
import type { BytesColumn, Column, DictionaryColumn } from './column.ts'

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
      return appendTexts(builder, column, rows, from, to)
    }
    if (builder.store === 'bytes' && column.store === 'dictionary' && column.values.store === 'bytes') {
      if (column.values.nulls === undefined)
        return appendTexts(builder, column.values, codesOf(column, rows, from, to), 0, to - from)
    }
  }
  for (let i = from; i < to; i++) builder.appendFrom(column, rows[i])
}

function appendDoubles(out: Float64Array, at: number, values: Float64Array, rows: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) out[at++] = values[rows[i]]
}

function codesOf({ codes }: DictionaryColumn, rows: Int32Array, from: number, to: number): Int32Array {
  const picked = new Int32Array(to - from)
  for (let i = from; i < to; i++) picked[i - from] = codes[rows[i]]
  return picked
}

function appendTexts(builder: BytesBuilder, { data, offsets }: BytesColumn, rows: Int32Array, from: number, to: number): void {
  let bytes = 0
  for (let i = from; i < to; i++) bytes += offsets[rows[i] + 1] - offsets[rows[i]]
  builder.reserve(to - from)
  builder.reserveBytes(bytes)
  const { data: target, offsets: ends } = builder
  let at = builder.dataLength
  let row = builder.length
  for (let i = from; i < to; i++) {
    const start = offsets[rows[i]]
    const end = offsets[rows[i] + 1]
    // Below some 40 bytes a loop beats the call that `set` makes.
    if (end - start < 40) for (let p = start; p < end; p++) target[at++] = data[p]
    else {
      target.set(data.subarray(start, end), at)
      at += end - start
    }
    ends[++row] = at
  }
  builder.dataLength = at
  builder.length = row
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
