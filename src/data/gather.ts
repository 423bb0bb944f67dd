import { createBuilder } from './builder.ts'
import type { BytesColumn, Column, DictionaryColumn, JsColumn, Lane, LaneColumn, ListColumn } from './column.ts'
import { checkTextBytes, isValid } from './column.ts'
import { copyBytes, viewOf } from './copy-bytes.ts'
import { sliceColumn } from './read.ts'
import type { Type } from './type.ts'

/**
 * The rows `rows[0 .. count)` of a column, in that order; a row of −1 gives a null (left joins).
 * A dictionary stays one: codes are gathered, values shared.
 */
export function gatherColumn(column: Column, rows: Int32Array, count: number): Column {
  const { type } = column
  const nulls = gatherNulls(column, rows, count)
  switch (column.store) {
    case 'lane':
      return { store: 'lane', type, length: count, nulls, values: gatherLane(column.values, rows, count) }
    case 'bytes':
      return { store: 'bytes', type, length: count, nulls, ...gatherBytes(column, rows, count) }
    case 'dictionary': {
      const codes = new Int32Array(count)
      for (let i = 0; i < count; i++) codes[i] = rows[i] < 0 ? 0 : column.codes[rows[i]]
      // Every code must name a value, the one under a null included.
      const values = column.values.length > 0 ? column.values : oneNull(type)
      return { store: 'dictionary', type, length: count, nulls, codes, values }
    }
    case 'list':
      return { store: 'list', type, length: count, nulls, ...gatherList(column, rows, count) }
    case 'struct':
      return {
        store: 'struct',
        type,
        length: count,
        nulls,
        children: column.children.map((child) => gatherColumn(child, rows, count)),
      }
    case 'js': {
      const values: unknown[] = new Array(count)
      for (let i = 0; i < count; i++) values[i] = rows[i] < 0 ? null : column.values[rows[i]]
      return { store: 'js', type, length: count, nulls, values }
    }
  }
}

/** The columns one after the other; all of one type, stores and lane classes may differ. */
export function concatColumns(columns: readonly Column[], type: Type): Column {
  if (columns.length === 1) return columns[0]
  if (columns.length === 0) return createBuilder(type, 1).finish()
  const length = columns.reduce((sum, column) => sum + column.length, 0)
  const nulls = concatNulls(columns, length)
  const first = columns[0]
  if (columns.every((column) => column.store === 'lane')) {
    return { store: 'lane', type, length, nulls, values: concatLanes(columns as readonly LaneColumn[], length) }
  }
  if (columns.every((column) => column.store === 'bytes')) {
    return { store: 'bytes', type, length, nulls, ...concatBytes(columns as readonly BytesColumn[], length) }
  }
  if (columns.every((column) => column.store === 'dictionary' && column.values === (first as DictionaryColumn).values)) {
    const codes = new Int32Array(length)
    let at = 0
    for (const column of columns as readonly DictionaryColumn[]) {
      codes.set(column.codes, at)
      at += column.length
    }
    return { store: 'dictionary', type, length, nulls, codes, values: (first as DictionaryColumn).values }
  }
  if (columns.some((column) => column.store === 'dictionary')) return concatColumns(columns.map(plainColumn), type)
  if (first.store === 'struct') {
    const children = first.children.map((child, i) =>
      concatColumns(
        columns.map((column) => (column.store === 'struct' ? column.children[i] : child)),
        child.type,
      ),
    )
    return { store: 'struct', type, length, nulls, children }
  }
  if (first.store === 'list')
    return { store: 'list', type, length, nulls, ...concatLists(columns as readonly ListColumn[], length) }
  return { store: 'js', type, length, nulls, values: columns.flatMap((column) => (column as JsColumn).values) }
}

/** The same rows without a dictionary. */
export function plainColumn(column: Column): Column {
  if (column.store !== 'dictionary') return column
  const rows = new Int32Array(column.length)
  for (let row = 0; row < column.length; row++) rows[row] = isValid(column, row) ? column.codes[row] : -1
  return plainColumn(gatherColumn(column.values, rows, column.length))
}

function oneNull(type: Type): Column {
  const builder = createBuilder(type, 1)
  builder.appendNull()
  return builder.finish()
}

function gatherNulls(column: Column, rows: Int32Array, count: number): Uint8Array | undefined {
  const { nulls } = column
  let out: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    const row = rows[i]
    if (row >= 0 && (nulls === undefined || (nulls[row >> 3] & (1 << (row & 7))) !== 0)) continue
    out ??= new Uint8Array((count + 7) >> 3).fill(255)
    out[i >> 3] &= ~(1 << (i & 7))
  }
  return out
}

/** One loop a class: a loop that sees several classes of typed arrays asks for the class at every access. */
function gatherLane(values: Lane, rows: Int32Array, count: number): Lane {
  if (values instanceof Float64Array) {
    const out = new Float64Array(count)
    for (let i = 0; i < count; i++) if (rows[i] >= 0) out[i] = values[rows[i]]
    return out
  }
  if (values instanceof Int32Array) {
    const out = new Int32Array(count)
    for (let i = 0; i < count; i++) if (rows[i] >= 0) out[i] = values[rows[i]]
    return out
  }
  if (values instanceof Uint8Array) {
    const out = new Uint8Array(count)
    for (let i = 0; i < count; i++) if (rows[i] >= 0) out[i] = values[rows[i]]
    return out
  }
  const out = new BigInt64Array(count)
  for (let i = 0; i < count; i++) if (rows[i] >= 0) out[i] = values[rows[i]]
  return out
}

function gatherBytes(column: BytesColumn, rows: Int32Array, count: number): { offsets: Int32Array; data: Uint8Array } {
  const { offsets: from, data: source } = column
  const offsets = new Int32Array(count + 1)
  let total = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i]
    if (row >= 0) total += from[row + 1] - from[row]
    offsets[i + 1] = total
  }
  checkTextBytes(total)
  const data = new Uint8Array(total)
  const view = viewOf(source)
  const target = viewOf(data)
  for (let i = 0; i < count; i++) {
    const row = rows[i]
    if (row >= 0) copyBytes(view, from[row], from[row + 1], target, offsets[i])
  }
  return { offsets, data }
}

function gatherList(column: ListColumn, rows: Int32Array, count: number): { offsets: Int32Array; items: Column } {
  const { offsets: from } = column
  const offsets = new Int32Array(count + 1)
  let total = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i]
    if (row >= 0) total += from[row + 1] - from[row]
    offsets[i + 1] = total
  }
  const picked = new Int32Array(total)
  let at = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i]
    if (row >= 0) for (let item = from[row]; item < from[row + 1]; item++) picked[at++] = item
  }
  return { offsets, items: gatherColumn(column.items, picked, total) }
}

function concatNulls(columns: readonly Column[], length: number): Uint8Array | undefined {
  if (columns.every((column) => column.nulls === undefined)) return undefined
  const out = new Uint8Array((length + 7) >> 3).fill(255)
  let at = 0
  for (const column of columns) {
    if (column.nulls !== undefined) {
      for (let row = 0; row < column.length; row++) {
        if (!isValid(column, row)) out[(at + row) >> 3] &= ~(1 << ((at + row) & 7))
      }
    }
    at += column.length
  }
  return out
}

function concatLanes(columns: readonly LaneColumn[], length: number): Lane {
  const wide = columns.some((column) => column.values instanceof BigInt64Array)
  let at = 0
  if (wide) {
    const out = new BigInt64Array(length)
    for (const { values, length: rows } of columns) {
      for (let row = 0; row < rows; row++) out[at + row] = BigInt(values[row])
      at += rows
    }
    return out
  }
  const Class = columns[0].values.constructor as new (length: number) => Float64Array
  const out = new Class(length)
  for (const { values, length: rows } of columns) {
    out.set(values as Float64Array, at)
    at += rows
  }
  return out
}

function concatBytes(columns: readonly BytesColumn[], length: number): { offsets: Int32Array; data: Uint8Array } {
  const offsets = new Int32Array(length + 1)
  const total = columns.reduce((sum, column) => sum + column.offsets[column.length] - column.offsets[0], 0)
  checkTextBytes(total)
  const data = new Uint8Array(total)
  let row = 0
  let at = 0
  for (const column of columns) {
    const base = column.offsets[0]
    data.set(column.data.subarray(base, column.offsets[column.length]), at)
    for (let i = 1; i <= column.length; i++) offsets[++row] = at + column.offsets[i] - base
    at = offsets[row]
  }
  return { offsets, data }
}

function concatLists(columns: readonly ListColumn[], length: number): { offsets: Int32Array; items: Column } {
  const offsets = new Int32Array(length + 1)
  const items: Column[] = []
  let row = 0
  let at = 0
  for (const column of columns) {
    const base = column.offsets[0]
    items.push(sliceColumn(column.items, base, column.offsets[column.length]))
    for (let i = 1; i <= column.length; i++) offsets[++row] = at + column.offsets[i] - base
    at = offsets[row]
  }
  return { offsets, items: concatColumns(items, items[0].type) }
}
