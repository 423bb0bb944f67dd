import { invariant } from '../base/assert.ts'
import type { BytesColumn, Column, JsColumn, Lane, LaneColumn, ListColumn, StructColumn } from './column.ts'
import { checkTextBytes, isValid } from './column.ts'
import type { StructField, Type, Value } from './type.ts'

/**
 * Builds one column row by row. Hot loops reserve first and then write the arrays and counters directly; `append*` check capacity themselves.
 * `finish` hands the arrays over and starts afresh.
 */
export type ColumnBuilder = LaneBuilder | BytesBuilder | ListBuilder | StructBuilder | JsBuilder

const initialRows = 256
/** The next column will be about as long as the last one; without some room more every other one would be copied once. */
const roomAfter = (length: number): number => Math.max(initialRows, length + (length >> 3))

/** Makes the builder for a type. */
export function createBuilder(type: Type, rows = initialRows): ColumnBuilder {
  switch (type.kind) {
    case 'string':
    case 'bytes':
      return new BytesBuilder(type, rows)
    case 'array':
      return new ListBuilder(type, rows)
    case 'struct':
      return new StructBuilder(type, type.fields, rows)
    case 'js':
      return new JsBuilder(type)
    default:
      return new LaneBuilder(type, rows)
  }
}

/** Null bits of a builder: absent until the first null. */
export abstract class NullableBuilder {
  readonly type: Type
  length = 0
  nulls: Uint8Array | undefined
  constructor(type: Type) {
    this.type = type
  }
  /** Marks row `row` null; rows after it are valid until marked. */
  markNull(row: number): void {
    const bytes = (row >> 3) + 1
    if (this.nulls === undefined || this.nulls.length < bytes) {
      const grown = new Uint8Array(Math.max(bytes * 2, 32)).fill(255)
      if (this.nulls !== undefined) grown.set(this.nulls)
      this.nulls = grown
    }
    this.nulls[row >> 3] &= ~(1 << (row & 7))
  }
  protected takeNulls(): Uint8Array | undefined {
    const nulls = this.nulls
    if (nulls === undefined) return undefined
    this.nulls = undefined
    const bytes = (this.length + 7) >> 3
    if (nulls.length >= bytes) return nulls.subarray(0, bytes)
    const whole = new Uint8Array(bytes).fill(255)
    whole.set(nulls)
    return whole
  }
}

const newLane = (type: Type, rows: number): Lane =>
  type.kind === 'date' ? new Int32Array(rows) : type.kind === 'bool' ? new Uint8Array(rows) : new Float64Array(rows)

/** int64, float64, bool, date, timestamp. Starts int64 and timestamp in a Float64Array and moves to a BigInt64Array at the first unsafe value. */
export class LaneBuilder extends NullableBuilder {
  readonly store = 'lane'
  values: Lane
  constructor(type: Type, rows = initialRows) {
    super(type)
    this.values = newLane(type, rows)
  }
  /** Makes room for `rows` more rows. */
  reserve(rows: number): void {
    const needed = this.length + rows
    if (needed <= this.values.length) return
    const Class = this.values.constructor as new (length: number) => Lane
    const grown = new Class(Math.max(needed, this.values.length * 2))
    grown.set(this.values as never)
    this.values = grown
  }
  /** Turns the lane into a BigInt64Array. */
  widen(): BigInt64Array {
    if (this.values instanceof BigInt64Array) return this.values
    invariant(this.type.kind === 'int64' || this.type.kind === 'timestamp', 'only integer lanes widen')
    const wide = new BigInt64Array(this.values.length)
    for (let row = 0; row < this.length; row++) wide[row] = BigInt(this.values[row])
    this.values = wide
    return wide
  }
  append(value: number | bigint | boolean): void {
    if (this.length === this.values.length) this.reserve(1)
    if (typeof value === 'bigint') {
      if (!(this.values instanceof BigInt64Array) && value >= -9007199254740991n && value <= 9007199254740991n) {
        this.values[this.length++] = Number(value)
      } else this.widen()[this.length++] = value
    } else if (this.values instanceof BigInt64Array) this.values[this.length++] = BigInt(value)
    else (this.values as Float64Array)[this.length++] = Number(value)
  }
  appendNull(): void {
    if (this.length === this.values.length) this.reserve(1)
    this.markNull(this.length)
    // The slot under a null is 0: buffers are reused only after they were handed over, so it still is.
    this.length++
  }
  appendValue(value: Value): void {
    if (value === null) this.appendNull()
    else this.append(value as number | bigint | boolean)
  }
  appendFrom(column: Column, row: number): void {
    if (!isValid(column, row)) return this.appendNull()
    if (column.store === 'dictionary') return this.appendFrom(column.values, column.codes[row])
    this.append((column as LaneColumn).values[row])
  }
  finish(): LaneColumn {
    const { type, length } = this
    const column: LaneColumn = {
      store: 'lane',
      type,
      length,
      nulls: this.takeNulls(),
      values: this.values.subarray(0, length) as Lane,
    }
    this.values = newLane(type, roomAfter(length))
    this.length = 0
    return column
  }
}

const encoder = new TextEncoder()

/** string and bytes. */
export class BytesBuilder extends NullableBuilder {
  readonly store = 'bytes'
  offsets: Int32Array
  data: Uint8Array
  dataLength = 0
  constructor(type: Type, rows = initialRows) {
    super(type)
    this.offsets = new Int32Array(rows + 1)
    this.data = new Uint8Array(rows * 16)
  }
  reserve(rows: number): void {
    const needed = this.length + rows + 1
    if (needed <= this.offsets.length) return
    const grown = new Int32Array(Math.max(needed, this.offsets.length * 2))
    grown.set(this.offsets)
    this.offsets = grown
  }
  reserveBytes(bytes: number): void {
    const needed = this.dataLength + bytes
    if (needed <= this.data.length) return
    checkTextBytes(needed)
    const grown = new Uint8Array(Math.max(needed, this.data.length * 2))
    grown.set(this.data.subarray(0, this.dataLength))
    this.data = grown
  }
  appendBytes(source: Uint8Array, start: number, end: number): void {
    if (this.length + 2 > this.offsets.length) this.reserve(1)
    const size = end - start
    if (this.dataLength + size > this.data.length) this.reserveBytes(size)
    let at = this.dataLength
    // Below some 40 bytes a loop beats the call that `set` makes.
    if (size < 40) for (let i = start; i < end; i++) this.data[at++] = source[i]
    else {
      this.data.set(source.subarray(start, end), at)
      at += size
    }
    this.dataLength = at
    this.offsets[++this.length] = at
  }
  /** Appends a JavaScript string as UTF-8; it must be well formed. */
  appendString(text: string): void {
    if (this.length + 2 > this.offsets.length) this.reserve(1)
    const size = text.length
    if (this.dataLength + size * 3 > this.data.length) this.reserveBytes(size * 3)
    const { data } = this
    let at = this.dataLength
    let i = 0
    if (size < 64) {
      for (; i < size; i++) {
        const code = text.charCodeAt(i)
        if (code > 127) break
        data[at++] = code
      }
    }
    if (i < size) at += encoder.encodeInto(i === 0 ? text : text.slice(i), data.subarray(at)).written
    this.dataLength = at
    this.offsets[++this.length] = at
  }
  appendNull(): void {
    if (this.length + 2 > this.offsets.length) this.reserve(1)
    this.markNull(this.length)
    this.offsets[++this.length] = this.dataLength
  }
  appendValue(value: Value): void {
    if (value === null) this.appendNull()
    else if (typeof value === 'string') this.appendString(value)
    else this.appendBytes(value as Uint8Array, 0, (value as Uint8Array).length)
  }
  appendFrom(column: Column, row: number): void {
    if (!isValid(column, row)) return this.appendNull()
    if (column.store === 'dictionary') return this.appendFrom(column.values, column.codes[row])
    const { data, offsets } = column as BytesColumn
    this.appendBytes(data, offsets[row], offsets[row + 1])
  }
  finish(): BytesColumn {
    const { type, length } = this
    const column: BytesColumn = {
      store: 'bytes',
      type,
      length,
      nulls: this.takeNulls(),
      offsets: this.offsets.subarray(0, length + 1),
      data: this.data.subarray(0, this.dataLength),
    }
    this.offsets = new Int32Array(roomAfter(length) + 1)
    this.data = new Uint8Array(Math.max(initialRows * 16, roomAfter(this.dataLength)))
    this.length = 0
    this.dataLength = 0
    return column
  }
}

/** Arrays. Items go to `items`; `endRow` closes a row over what was appended to it since the last. */
export class ListBuilder extends NullableBuilder {
  readonly store = 'list'
  offsets: Int32Array
  readonly items: ColumnBuilder
  constructor(type: Type & { kind: 'array' }, rows = initialRows) {
    super(type)
    this.offsets = new Int32Array(rows + 1)
    this.items = createBuilder(type.item, rows)
  }
  reserve(rows: number): void {
    const needed = this.length + rows + 1
    if (needed <= this.offsets.length) return
    const grown = new Int32Array(Math.max(needed, this.offsets.length * 2))
    grown.set(this.offsets)
    this.offsets = grown
  }
  endRow(): void {
    this.reserve(1)
    this.offsets[++this.length] = this.items.length
  }
  appendNull(): void {
    this.markNull(this.length)
    this.endRow()
  }
  appendValue(value: Value): void {
    if (value === null) return this.appendNull()
    for (const item of value as readonly Value[]) this.items.appendValue(item)
    this.endRow()
  }
  appendFrom(column: Column, row: number): void {
    if (!isValid(column, row)) return this.appendNull()
    if (column.store === 'dictionary') return this.appendFrom(column.values, column.codes[row])
    const { offsets, items } = column as ListColumn
    for (let i = offsets[row]; i < offsets[row + 1]; i++) this.items.appendFrom(items, i)
    this.endRow()
  }
  finish(): ListColumn {
    const { type, length } = this
    const column: ListColumn = {
      store: 'list',
      type,
      length,
      nulls: this.takeNulls(),
      offsets: this.offsets.subarray(0, length + 1),
      items: this.items.finish(),
    }
    this.offsets = new Int32Array(roomAfter(length) + 1)
    this.length = 0
    return column
  }
}

/** Structs: one builder a field; `endRow` closes a row after each child got its value. */
export class StructBuilder extends NullableBuilder {
  readonly store = 'struct'
  readonly children: readonly ColumnBuilder[]
  readonly fields: readonly StructField[]
  constructor(type: Type, fields: readonly StructField[], rows = initialRows) {
    super(type)
    this.fields = fields
    this.children = fields.map((field) => createBuilder(field.type, rows))
  }
  reserve(rows: number): void {
    for (const child of this.children) child.reserve(rows)
  }
  endRow(): void {
    this.length++
  }
  appendNull(): void {
    this.markNull(this.length)
    for (const child of this.children) child.appendNull()
    this.length++
  }
  appendValue(value: Value): void {
    if (value === null) return this.appendNull()
    const record = value as { readonly [name: string]: Value }
    for (let i = 0; i < this.children.length; i++) {
      const { name } = this.fields[i]
      this.children[i].appendValue(Object.hasOwn(record, name) ? record[name] : null)
    }
    this.length++
  }
  appendFrom(column: Column, row: number): void {
    if (!isValid(column, row)) return this.appendNull()
    if (column.store === 'dictionary') return this.appendFrom(column.values, column.codes[row])
    const { children } = column as StructColumn
    for (let i = 0; i < children.length; i++) this.children[i].appendFrom(children[i], row)
    this.length++
  }
  finish(): StructColumn {
    const { type, length } = this
    const column: StructColumn = {
      store: 'struct',
      type,
      length,
      nulls: this.takeNulls(),
      children: this.children.map((child) => child.finish()),
    }
    this.length = 0
    return column
  }
}

/** Opaque values. */
export class JsBuilder extends NullableBuilder {
  readonly store = 'js'
  values: unknown[] = []
  reserve(_rows: number): void {}
  append(value: unknown): void {
    this.values.push(value)
    this.length++
  }
  appendNull(): void {
    this.markNull(this.length)
    this.append(null)
  }
  appendValue(value: Value): void {
    if (value === null) this.appendNull()
    else this.append(value)
  }
  appendFrom(column: Column, row: number): void {
    if (!isValid(column, row)) return this.appendNull()
    this.append((column as JsColumn).values[row])
  }
  finish(): JsColumn {
    const column: JsColumn = { store: 'js', type: this.type, length: this.length, nulls: this.takeNulls(), values: this.values }
    this.values = []
    this.length = 0
    return column
  }
}
