import { appendRows } from '../../data/append.ts'
import { BytesBuilder, type ColumnBuilder, createBuilder, LaneBuilder } from '../../data/builder.ts'
import { builderMemory, viewBuilder } from '../../data/builder-view.ts'
import type { BytesColumn, Column, DictionaryColumn, LaneColumn } from '../../data/column.ts'
import { canonicalValue } from '../../data/compare.ts'
import { gatherColumn } from '../../data/gather.ts'
import { hashRows } from '../../data/key.ts'
import { sliceColumn, valueAt } from '../../data/read.ts'
import type { Type } from '../../data/type.ts'
import { types } from '../../data/type.ts'
import { orderByHash } from './hash-order.ts'
import { encodeKeys } from './key-encoding.ts'
import { TextTable } from './text-table.ts'

const firstSlots = 1024

/**
 * Gives every distinct key a dense number, its group, in order of first appearance.
 *
 * Keys stay columnar in builders, and are always compared, not their hashes alone. A text key is found by `TextTable`, and so are keys of other
 * types and of several columns, as encoded bytes; one number key by open addressing over pairs (group + 1, low hash word); a dictionary by code.
 */
export class GroupTable {
  count = 0
  /** Hash of each group. */
  lo = new Int32Array(256)
  hi = new Int32Array(256)
  readonly #types: readonly Type[]
  readonly #seed: number
  #keys: readonly ColumnBuilder[]
  /** What is compared: the text key itself, or the encoded bytes of other keys. */
  #bytes: TextTable
  #doubles = new Float64Array(0)
  readonly #kind: 'bytes' | 'lane' | 'encoded'
  #slots = new Int32Array(firstSlots * 2)
  #mask = firstSlots - 1
  #nullGroup = -1
  #nanGroup = -1
  #rowLo = new Int32Array(0)
  #rowHi = new Int32Array(0)
  #newRows = new Int32Array(0)

  constructor(keyTypes: readonly Type[], hashSeed: number) {
    this.#types = keyTypes
    this.#seed = hashSeed
    this.#keys = keyTypes.map((type) => createBuilder(type))
    const only = keyTypes.length === 1 ? this.#keys[0] : undefined
    this.#kind = only instanceof BytesBuilder ? 'bytes' : only instanceof LaneBuilder ? 'lane' : 'encoded'
    this.#bytes = new TextTable(only instanceof BytesBuilder ? only : new BytesBuilder(types.bytes), hashSeed)
    if (this.#kind === 'lane') this.#doubles = new Float64Array(256)
  }

  /** The group of each row, in `groups` or in an array of the columns; keys that are new get the next numbers. */
  assign(columns: readonly Column[], rowCount: number, groups: Int32Array): Int32Array {
    const [only] = columns
    if (columns.length === 1 && only.store === 'dictionary' && only.owner === this.#bytes && only.nulls === undefined) {
      this.#countNewTexts()
      return only.codes
    }
    this.#look(columns, rowCount, groups, true)
    return groups
  }

  /** Sets `groups[row]` for each row, −1 where the key is not in the table. */
  find(columns: readonly Column[], rowCount: number, groups: Int32Array): void {
    this.#look(columns, rowCount, groups, false)
  }

  /** Groups ordered by (hash64, key): the same however they arrived. All of them, or some. */
  order(some?: Int32Array): Int32Array {
    if (some === undefined) return orderByHash(this.lo, this.hi, this.count, (a, b) => this.#compareKeys(a, b))
    const order = orderByHash(
      some.map((group) => this.lo[group]),
      some.map((group) => this.hi[group]),
      some.length,
      (a, b) => this.#compareKeys(some[a], some[b]),
    )
    return order.map((i) => some[i])
  }

  /** The keys of all groups, by group; shares memory with the table. */
  keyColumns(): readonly Column[] {
    return this.#keys.map(viewBuilder)
  }

  /** What numbers texts when the key is one column of them: a text's number is its group. */
  get texts(): TextTable {
    return this.#bytes
  }

  get sizeBytes(): number {
    const keys = this.#keys.reduce((sum, builder) => sum + builderMemory(builder), 0)
    const own = this.#kind === 'encoded' ? builderMemory(this.#bytes.keys) : this.#doubles.byteLength
    return keys + own + this.#slots.byteLength + this.#bytes.sizeBytes + this.lo.byteLength * 2
  }

  /** Forgets all groups and gives their memory back. */
  clear(): void {
    const fresh = new GroupTable(this.#types, this.#seed)
    this.count = 0
    this.lo = fresh.lo
    this.hi = fresh.hi
    this.#keys = fresh.#keys
    this.#bytes = fresh.#bytes
    this.#doubles = fresh.#doubles
    this.#slots = fresh.#slots
    this.#mask = firstSlots - 1
    this.#nullGroup = -1
    this.#nanGroup = -1
  }

  #look(columns: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean): void {
    const only = columns[0]
    if (columns.length === 1 && only.store === 'dictionary') return this.#lookByCode(only, rowCount, groups, insert)
    if (this.#rowLo.length < rowCount) {
      this.#rowLo = new Int32Array(rowCount)
      this.#rowHi = new Int32Array(rowCount)
      this.#newRows = new Int32Array(rowCount)
    }
    if (this.#kind === 'bytes') {
      this.#lookBytes(only as BytesColumn, rowCount, groups, insert)
      if (insert) this.#countNewTexts()
      return
    }
    const before = this.count
    if (this.#kind === 'encoded') {
      const added = this.#lookBytes(encodeKeys(columns, rowCount), rowCount, groups, insert)
      if (added > 0) {
        this.count += added
        const keys = columns.map((column) => gatherColumn(column, this.#newRows, added))
        this.#hashNewGroups(keys, before)
      }
    } else {
      hashRows(columns, rowCount, this.#seed, this.#rowLo, this.#rowHi)
      const values = asDoubles(only as LaneColumn)
      if (values !== undefined) this.#lookDoubles(values, only.nulls, rowCount, groups, insert)
      else this.#lookWide(only as LaneColumn, rowCount, groups, insert)
    }
    if (this.count > before) this.#keepKeys(columns, this.count - before)
  }

  #keepKeys(columns: readonly Column[], added: number): void {
    for (let i = 0; i < columns.length; i++) {
      const builder = this.#keys[i]
      const before = builder.length
      if (builder.store === 'list' || builder.store === 'struct') keepCanonical(builder, columns[i], this.#newRows, added)
      else appendRows(builder, columns[i], this.#newRows, 0, added)
      if (builder.store === 'lane' && builder.values instanceof Float64Array) {
        const { values } = builder
        for (let row = before; row < builder.length; row++) values[row] = Number.isNaN(values[row]) ? Number.NaN : values[row] + 0
      }
    }
  }

  /** Each code that occurs is looked up once. */
  #lookByCode(column: DictionaryColumn, rowCount: number, groups: Int32Array, insert: boolean): void {
    const { codes, nulls, values } = column
    const places = new Int32Array(values.length).fill(-1)
    const used = new Int32Array(Math.min(values.length, rowCount) + 1)
    let count = 0
    let nullPlace = -1
    for (let row = 0; row < rowCount; row++) {
      if (nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0) {
        if (nullPlace < 0) used[(nullPlace = count++)] = -1
        groups[row] = nullPlace
        continue
      }
      const code = codes[row]
      if (places[code] < 0) used[(places[code] = count++)] = code
      groups[row] = places[code]
    }
    const found = new Int32Array(count)
    this.#look([gatherColumn(values, used, count)], count, found, insert)
    for (let row = 0; row < rowCount; row++) groups[row] = found[groups[row]]
  }

  /** Gives the number of new keys, whose rows are then in `#newRows`. */
  #lookBytes(column: BytesColumn, rowCount: number, groups: Int32Array, insert: boolean): number {
    const { offsets, data, nulls } = column
    const table = this.#bytes
    table.guess(column, rowCount, groups)
    let added = 0
    for (let row = 0; row < rowCount; row++) {
      const isNull = nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0
      if (groups[row] >= 0 && !isNull) continue
      const next = insert ? table.keys.length : -1
      if (isNull && this.#nullGroup < 0 && insert) {
        this.#nullGroup = next
        table.keys.appendNull()
      }
      const group = isNull
        ? this.#nullGroup
        : insert
          ? table.number(data, offsets[row], offsets[row + 1])
          : table.find(data, offsets[row], offsets[row + 1])
      groups[row] = group
      if (group === next && insert) this.#newRows[added++] = row
    }
    return added
  }

  /** Takes in the texts that were numbered since the last time, by a producer of codes perhaps. */
  #countNewTexts(): void {
    const first = this.count
    this.count = this.#bytes.keys.length
    if (this.count > first) this.#hashNewGroups([sliceColumn(viewBuilder(this.#bytes.keys), first, this.count)], first)
  }

  /** Sets the hashes of the groups from `first` on. */
  #hashNewGroups(keys: readonly Column[], first: number): void {
    const added = this.count - first
    const lo = new Int32Array(added)
    const hi = new Int32Array(added)
    hashRows(keys, added, this.#seed, lo, hi)
    while (this.lo.length < this.count) {
      this.lo = grown(this.lo)
      this.hi = grown(this.hi)
    }
    this.lo.set(lo, first)
    this.hi.set(hi, first)
  }

  #lookDoubles(values: Float64Array, nulls: Uint8Array | undefined, rowCount: number, groups: Int32Array, insert: boolean): void {
    const lo = this.#rowLo
    let keys = this.#doubles
    let slots = this.#slots
    let mask = this.#mask
    let added = 0
    for (let row = 0; row < rowCount; row++) {
      const value = values[row]
      const isNull = nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0
      let group = -1
      let slot = -1
      const hash = lo[row]
      if (isNull) group = this.#nullGroup
      else if (Number.isNaN(value)) group = this.#nanGroup
      else {
        slot = hash & mask
        for (;;) {
          const entry = slots[slot * 2]
          if (entry === 0) break
          if (slots[slot * 2 + 1] === hash && keys[entry - 1] === value) {
            group = entry - 1
            break
          }
          slot = (slot + 1) & mask
        }
      }
      if (group < 0 && insert) {
        group = this.#addGroup(row)
        this.#newRows[added++] = row
        if (group >= keys.length) this.#doubles = keys = grownDoubles(keys)
        // A key that stands outside the slots must not equal any number.
        keys[group] = slot < 0 ? Number.NaN : value
        if (isNull) this.#nullGroup = group
        else if (slot < 0) this.#nanGroup = group
        else {
          slots[slot * 2] = group + 1
          slots[slot * 2 + 1] = hash
          if (this.#growSlots()) {
            slots = this.#slots
            mask = this.#mask
          }
        }
      }
      groups[row] = group
    }
  }

  /** Rows with integers beyond 2^53. They cannot equal a safe one, so they are few enough to compare as bigints. */
  #lookWide(column: LaneColumn, rowCount: number, groups: Int32Array, insert: boolean): void {
    const values = column.values as BigInt64Array
    let added = 0
    for (let row = 0; row < rowCount; row++) {
      const hash = this.#rowLo[row]
      const isNull = column.nulls !== undefined && (column.nulls[row >> 3] & (1 << (row & 7))) === 0
      let group = isNull ? this.#nullGroup : -1
      let slot = hash & this.#mask
      if (!isNull) {
        for (;;) {
          const entry = this.#slots[slot * 2]
          if (entry === 0) break
          if (this.#slots[slot * 2 + 1] === hash && this.#wideKey(entry - 1, column, added) === values[row]) {
            group = entry - 1
            break
          }
          slot = (slot + 1) & this.#mask
        }
      }
      if (group < 0 && insert) {
        group = this.#addGroup(row)
        this.#newRows[added++] = row
        if (group >= this.#doubles.length) this.#doubles = grownDoubles(this.#doubles)
        const safe = values[row] >= -9007199254740991n && values[row] <= 9007199254740991n
        this.#doubles[group] = safe && !isNull ? Number(values[row]) : Number.NaN
        if (isNull) this.#nullGroup = group
        else {
          this.#slots[slot * 2] = group + 1
          this.#slots[slot * 2 + 1] = hash
          this.#growSlots()
        }
      }
      groups[row] = group
    }
  }

  /** The key of a group; keys added by the batch at hand are still in its rows. */
  #wideKey(group: number, column: LaneColumn, added: number): bigint {
    const kept = this.#keys[0] as LaneBuilder
    if (group < kept.length) return BigInt(kept.values[group])
    return column.values[this.#newRows[group - (this.count - added)]] as bigint
  }

  #addGroup(row: number): number {
    const group = this.count++
    if (group >= this.lo.length) {
      this.lo = grown(this.lo)
      this.hi = grown(this.hi)
    }
    this.lo[group] = this.#rowLo[row]
    this.hi[group] = this.#rowHi[row]
    return group
  }

  /** Doubles the slots at half load. */
  #growSlots(): boolean {
    if (this.count * 2 <= this.#mask) return false
    const old = this.#slots
    const slots = new Int32Array(old.length * 2)
    const mask = slots.length / 2 - 1
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue
      let slot = old[i + 1] & mask
      while (slots[slot * 2] !== 0) slot = (slot + 1) & mask
      slots[slot * 2] = old[i]
      slots[slot * 2 + 1] = old[i + 1]
    }
    this.#slots = slots
    this.#mask = mask
    return true
  }

  #compareKeys(a: number, b: number): number {
    if (this.#kind === 'lane') {
      const { values } = this.#keys[0] as LaneBuilder
      return values[a] < values[b] ? -1 : 1
    }
    const { data, offsets } = this.#bytes.keys
    const size = Math.min(offsets[a + 1] - offsets[a], offsets[b + 1] - offsets[b])
    for (let i = 0; i < size; i++) {
      const order = data[offsets[a] + i] - data[offsets[b] + i]
      if (order !== 0) return order
    }
    return offsets[a + 1] - offsets[a] - (offsets[b + 1] - offsets[b])
  }
}

/** Arrays and structs may hold floats: −0 and the bit patterns of NaN are made one. */
function keepCanonical(builder: ColumnBuilder, column: Column, rows: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) builder.appendValue(canonicalValue(column.type, valueAt(column, rows[i])))
}

/** The values as doubles; undefined when one of them is an integer beyond 2^53. */
function asDoubles(column: LaneColumn): Float64Array | undefined {
  const { values } = column
  if (values instanceof Float64Array) return values
  if (!(values instanceof BigInt64Array)) return Float64Array.from(values)
  const out = new Float64Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value > 9007199254740991n || value < -9007199254740991n) return undefined
    out[row] = Number(value)
  }
  return out
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const out = new Int32Array(array.length * 2)
  out.set(array)
  return out
}

function grownDoubles(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const out = new Float64Array(array.length * 2)
  out.set(array)
  return out
}
