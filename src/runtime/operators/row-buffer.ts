import type { Batch } from '../../data/batch.ts'
import { type Column, checkTextBytes, isValid, type Lane } from '../../data/column.ts'
import { concatColumns, plainColumn } from '../../data/gather.ts'
import { columnBytes } from '../../data/read.ts'
import type { Schema, Type } from '../../data/type.ts'
import type { SpareBytes } from '../memory.ts'

/**
 * Takes in the rows of many batches and gives them as one column each. Texts and numbers are copied, into arrays that are used again after `clear`;
 * nested values stay in their batches.
 */
export class RowBuffer {
  rowCount = 0
  /** It keeps nothing of the batches. */
  readonly borrows: boolean
  readonly #parts: readonly Part[]

  /** @param spare - where the first column of texts has its bytes from; `close` leaves them there. */
  constructor(schema: Schema, spare?: SpareBytes) {
    const wide = schema.findIndex(({ type }) => isText(type))
    this.#parts = schema.map(({ type }, i) => partOf(type, i === wide ? spare : undefined))
    this.borrows = this.#parts.every((part) => !(part instanceof KeptPart))
  }

  add(batch: Batch): void {
    for (let i = 0; i < this.#parts.length; i++) this.#parts[i].add(batch.columns[i])
    this.rowCount += batch.rowCount
  }

  /** Bytes that it holds while it takes in a batch: what it has, and arrays that it must grow to. */
  bytesWith(batch: Batch): number {
    return this.#parts.reduce((sum, part, i) => sum + part.bytesWith(batch.columns[i]), 0)
  }

  /** All rows; valid until `clear`. */
  columns(): Column[] {
    return this.#parts.map((part) => part.column())
  }

  clear(): void {
    for (const part of this.#parts) part.clear()
    this.rowCount = 0
  }

  /** The columns are not wanted any more. */
  close(): void {
    for (const part of this.#parts) part.close?.()
    this.clear()
  }
}

interface Part {
  add(column: Column): void
  bytesWith(column: Column): number
  column(): Column
  clear(): void
  close?(): void
}

const isText = ({ kind }: Type): boolean => kind === 'string' || kind === 'bytes'

function partOf(type: Type, spare: SpareBytes | undefined): Part {
  if (isText(type)) return new BytesPart(type, spare)
  return type.kind === 'array' || type.kind === 'struct' || type.kind === 'js' ? new KeptPart(type) : new LanePart(type)
}

class KeptPart implements Part {
  #columns: Column[] = []
  #bytes = 0
  readonly #type: Type

  constructor(type: Type) {
    this.#type = type
  }
  add(column: Column): void {
    this.#columns.push(column)
    this.#bytes += columnBytes(column)
  }
  /** Twice, since they become one column. */
  bytesWith(column: Column): number {
    return (this.#bytes + columnBytes(column)) * 2
  }
  column(): Column {
    return concatColumns(this.#columns, this.#type)
  }
  clear(): void {
    this.#columns = []
    this.#bytes = 0
  }
}

abstract class CopiedPart implements Part {
  protected readonly type: Type
  protected length = 0
  #nulls: Uint8Array | undefined

  constructor(type: Type) {
    this.type = type
  }

  add(column: Column): void {
    const plain = plainColumn(column)
    if (plain.nulls !== undefined) this.#addNulls(plain)
    this.append(plain)
    this.length += plain.length
  }

  protected abstract append(column: Column): void
  abstract bytesWith(column: Column): number
  abstract column(): Column

  clear(): void {
    this.length = 0
    this.#nulls = undefined
  }

  protected takenNulls(): Uint8Array | undefined {
    const nulls = this.#nulls
    const bytes = (this.length + 7) >> 3
    if (nulls === undefined || nulls.length >= bytes) return nulls?.subarray(0, bytes)
    return withMore(nulls, bytes)
  }

  #addNulls(column: Column): void {
    const bytes = (this.length + column.length + 7) >> 3
    if (this.#nulls === undefined || this.#nulls.length < bytes)
      this.#nulls = withMore(this.#nulls ?? new Uint8Array(0), bytes * 2)
    for (let row = 0, at = this.length; row < column.length; row++, at++)
      if (!isValid(column, row)) this.#nulls[at >> 3] &= ~(1 << (at & 7))
  }
}

/** More bits, all of them of rows that are no nulls. */
function withMore(nulls: Uint8Array, bytes: number): Uint8Array {
  const grown = new Uint8Array(bytes).fill(255)
  grown.set(nulls)
  return grown
}

class BytesPart extends CopiedPart {
  #offsets = new Int32Array(1024)
  #data: Uint8Array
  #size = 0
  readonly #spare: SpareBytes | undefined

  constructor(type: Type, spare: SpareBytes | undefined) {
    super(type)
    this.#spare = spare
    this.#data = spare?.take() ?? new Uint8Array(1 << 16)
  }

  protected append(column: Column): void {
    if (column.store !== 'bytes') return
    const { offsets, data, length } = column
    const first = offsets[0]
    const bytes = offsets[length] - first
    checkTextBytes(this.#size + bytes)
    if (this.#size + bytes > this.#data.length) this.#data = grow(this.#data, this.#size, this.#size + bytes)
    if (this.length + length + 1 > this.#offsets.length)
      this.#offsets = grow(this.#offsets, this.length + 1, this.length + length + 1)
    this.#data.set(data.subarray(first, first + bytes), this.#size)
    const target = this.#offsets
    const shift = this.#size - first
    for (let row = 1, at = this.length + 1; row <= length; row++, at++) target[at] = offsets[row] + shift
    this.#size += bytes
  }

  bytesWith(column: Column): number {
    const [bytes, offsets] = [this.#data.length, this.#offsets.length]
    const moreBytes = grownLength(bytes, this.#size + textBytes(column))
    const moreOffsets = grownLength(offsets, this.length + column.length + 1)
    return bytes + moreBytes + (offsets + moreOffsets) * 4
  }

  column(): Column {
    const { type, length } = this
    const [offsets, data] = [this.#offsets.subarray(0, length + 1), this.#data.subarray(0, this.#size)]
    return { store: 'bytes', type, length, nulls: this.takenNulls(), offsets, data }
  }

  override clear(): void {
    super.clear()
    this.#size = 0
  }

  close(): void {
    this.#spare?.leave(this.#data)
    this.#data = new Uint8Array(0)
  }
}

class LanePart extends CopiedPart {
  #values: Lane

  constructor(type: Type) {
    super(type)
    this.#values =
      type.kind === 'date' ? new Int32Array(1024) : type.kind === 'bool' ? new Uint8Array(1024) : new Float64Array(1024)
  }

  protected append(column: Column): void {
    if (column.store !== 'lane') return
    const { values, length } = column
    if (values instanceof BigInt64Array && !(this.#values instanceof BigInt64Array)) this.#widen()
    const needed = this.length + length
    if (needed > this.#values.length) this.#values = grow(this.#values, this.length, needed)
    const target = this.#values
    if (target instanceof BigInt64Array && !(values instanceof BigInt64Array)) {
      for (let row = 0; row < length; row++) target[this.length + row] = BigInt(values[row])
    } else target.set((values.length === length ? values : values.subarray(0, length)) as never, this.length)
  }

  bytesWith({ length }: Column): number {
    const values = this.#values
    return (values.length + grownLength(values.length, this.length + length)) * values.BYTES_PER_ELEMENT
  }

  column(): Column {
    const { type, length } = this
    return { store: 'lane', type, length, nulls: this.takenNulls(), values: this.#values.subarray(0, length) as Lane }
  }

  override clear(): void {
    super.clear()
    if (this.#values instanceof BigInt64Array) this.#values = new Float64Array(1024)
  }

  #widen(): void {
    const wide = new BigInt64Array(this.#values.length)
    for (let row = 0; row < this.length; row++) wide[row] = BigInt(this.#values[row])
    this.#values = wide
  }
}

function grow<L extends Lane>(values: L, used: number, needed: number): L {
  const Class = values.constructor as new (length: number) => L
  const grown = new Class(grownLength(values.length, needed))
  grown.set(values.subarray(0, used) as never)
  return grown
}

/** From here on arrays grow by half: while they are copied the old one is there too. */
const largeLength = 2 ** 20

/** Length of the array that follows one of `length`; 0 when that has room for what is needed. */
function grownLength(length: number, needed: number): number {
  if (needed <= length) return 0
  return Math.max(needed, length < largeLength ? length * 2 : length + (length >> 1))
}

function textBytes(column: Column): number {
  if (column.store === 'bytes') return column.offsets[column.length] - column.offsets[0]
  if (column.store !== 'dictionary' || column.values.store !== 'bytes') return 0
  const { offsets } = column.values
  let bytes = 0
  for (let row = 0; row < column.length; row++) bytes += offsets[column.codes[row] + 1] - offsets[column.codes[row]]
  return bytes
}
