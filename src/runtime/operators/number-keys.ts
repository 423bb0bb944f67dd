import { LaneBuilder } from '../../data/builder.ts'
import { builderMemory, viewBuilder } from '../../data/builder-view.ts'
import type { Column, Lane, LaneColumn } from '../../data/column.ts'
import type { Type } from '../../data/type.ts'
import type { GroupKeys } from './group-keys.ts'
import { NumberTable } from './number-table.ts'

const double = new Float64Array(1)
const words = new Int32Array(double.buffer)
const wide = new BigInt64Array(double.buffer)

/** Keys of one column of numbers, found by the bits of the double; an integer beyond 2^53, which no double equals, by its own 64 bits. */
export class NumberKeys implements GroupKeys {
  readonly #seed: number
  readonly #keys: LaneBuilder
  readonly #table: NumberTable
  #nullGroup = -1
  #room = new Float64Array(0)
  #wide: { table: NumberTable; groups: Int32Array } | undefined

  constructor(type: Type, seed: number) {
    this.#seed = seed
    this.#keys = new LaneBuilder(type)
    this.#table = new NumberTable(seed)
  }

  get count(): number {
    return this.#table.count
  }

  get sizeBytes(): number {
    const wideBytes = this.#wide === undefined ? 0 : this.#wide.table.sizeBytes + this.#wide.groups.byteLength
    return builderMemory(this.#keys) + this.#table.sizeBytes + this.#room.byteLength + wideBytes
  }

  look([column]: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean): void {
    const { values, nulls } = column as LaneColumn
    if (values instanceof BigInt64Array) return this.#lookBigInts(values, nulls, rowCount, groups, insert)
    if (nulls !== undefined) {
      for (let row = 0; row < rowCount; row++) {
        const isNull = (nulls[row >> 3] & (1 << (row & 7))) === 0
        groups[row] = isNull ? this.#lookNull(insert) : this.#lookDouble(values[row], insert)
      }
      return
    }
    const before = this.#table.count
    this.#table.look(this.#canonical(values, rowCount), rowCount, groups, insert)
    if (this.#table.count > before) this.#keepFrom(before)
  }

  columns(): readonly Column[] {
    return [viewBuilder(this.#keys)]
  }

  compare(a: number, b: number): number {
    const { values } = this.#keys
    return values[a] < values[b] ? -1 : 1
  }

  #lookBigInts(
    values: BigInt64Array,
    nulls: Uint8Array | undefined,
    rowCount: number,
    groups: Int32Array,
    insert: boolean,
  ): void {
    for (let row = 0; row < rowCount; row++) {
      const value = values[row]
      if (nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0) groups[row] = this.#lookNull(insert)
      else if (value >= -9007199254740991n && value <= 9007199254740991n) groups[row] = this.#lookDouble(Number(value), insert)
      else groups[row] = this.#lookWide(value, insert)
    }
  }

  /** −0 is 0, and there is one NaN: columns of floats may hold others. */
  #canonical(values: Exclude<Lane, BigInt64Array>, rowCount: number): Float64Array {
    if (!(values instanceof Float64Array)) return new Float64Array(values)
    if (this.#keys.type.kind !== 'float64') return values
    if (this.#room.length < rowCount) this.#room = new Float64Array(rowCount)
    for (let row = 0; row < rowCount; row++) this.#room[row] = Number.isNaN(values[row]) ? Number.NaN : values[row] + 0
    return this.#room
  }

  /** Keeps the keys that the table has from number `before` on. */
  #keepFrom(before: number): void {
    const added = this.#table.keysFrom(before)
    const keys = this.#keys
    if (keys.values instanceof BigInt64Array) {
      for (let i = 0; i < added.length; i++) keys.append(added[i])
      return
    }
    keys.reserve(added.length)
    keys.values.set(added, keys.length)
    keys.length += added.length
  }

  #lookDouble(value: number, insert: boolean): number {
    double[0] = Number.isNaN(value) ? Number.NaN : value + 0
    if (!insert) return this.#table.find(words[0], words[1])
    const group = this.#table.number(words[0], words[1])
    if (group === this.#keys.length) this.#keys.append(double[0])
    return group
  }

  #lookNull(insert: boolean): number {
    if (this.#nullGroup < 0 && insert) {
      this.#nullGroup = this.#table.skip()
      this.#keys.appendNull()
    }
    return this.#nullGroup
  }

  #lookWide(value: bigint, insert: boolean): number {
    wide[0] = value
    if (!insert) {
      const number = this.#wide === undefined ? -1 : this.#wide.table.find(words[0], words[1])
      return number < 0 ? -1 : (this.#wide as { groups: Int32Array }).groups[number]
    }
    this.#wide ??= { table: new NumberTable(this.#seed), groups: new Int32Array(256) }
    const { table } = this.#wide
    const before = table.count
    const number = table.number(words[0], words[1])
    if (table.count === before) return this.#wide.groups[number]
    if (number === this.#wide.groups.length) {
      const groups = new Int32Array(number * 2)
      groups.set(this.#wide.groups)
      this.#wide.groups = groups
    }
    this.#keys.append(value)
    this.#wide.groups[number] = this.#table.skip()
    return this.#wide.groups[number]
  }
}
