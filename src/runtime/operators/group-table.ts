import type { Column, DictionaryColumn } from '../../data/column.ts'
import { gatherColumn } from '../../data/gather.ts'
import { hashRows } from '../../data/key.ts'
import { sliceColumn } from '../../data/read.ts'
import type { Type } from '../../data/type.ts'
import type { TextNumbers } from '../operator.ts'
import { CodeGroups } from './code-groups.ts'
import { EncodedKeys } from './encoded-keys.ts'
import type { GroupKeys } from './group-keys.ts'
import { orderByHash } from './hash-order.ts'
import { NumberKeys } from './number-keys.ts'
import { TextKeys } from './text-keys.ts'

/** Gives every distinct key a dense number, its group, in order of first appearance. */
export class GroupTable {
  readonly #types: readonly Type[]
  readonly #seed: number
  #keys: GroupKeys
  #codes = new CodeGroups()
  /** Hashes of the first `#hashed` groups: they are wanted only where groups leave in their order. */
  #lo = new Int32Array(0)
  #hi = new Int32Array(0)
  #hashed = 0

  constructor(keyTypes: readonly Type[], hashSeed: number) {
    this.#types = keyTypes
    this.#seed = hashSeed
    this.#keys = createGroupKeys(keyTypes, hashSeed)
  }

  get count(): number {
    return this.#keys.count
  }

  /** With room for the hashes, so that whoever is granted this can have its groups in order. */
  get sizeBytes(): number {
    return this.#keys.sizeBytes + this.#codes.sizeBytes + Math.max(this.#lo.length, this.count) * 8
  }

  /** What numbers texts when the key is one column of them: a text's number is its group. */
  get texts(): TextNumbers | undefined {
    return this.#keys.texts
  }

  /** The group of each row, in `groups` or in an array of the columns; keys that are new get the next numbers. */
  assign(columns: readonly Column[], rowCount: number, groups: Int32Array): Int32Array {
    const [only] = columns
    if (columns.length === 1 && only.store === 'dictionary' && only.owner === this.texts && only.nulls === undefined) {
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
    this.#hash()
    const keys = this.#keys
    if (some === undefined) return orderByHash(this.#lo, this.#hi, this.count, (a, b) => keys.compare(a, b))
    const order = orderByHash(
      some.map((group) => this.#lo[group]),
      some.map((group) => this.#hi[group]),
      some.length,
      (a, b) => keys.compare(some[a], some[b]),
    )
    return order.map((i) => some[i])
  }

  /** Have two groups of an order the same hash? */
  sameHash(a: number, b: number): boolean {
    return this.#hi[a] === this.#hi[b] && this.#lo[a] === this.#lo[b]
  }

  /** The keys of all groups, by group; shares memory with the table. */
  keyColumns(): readonly Column[] {
    return this.#keys.columns()
  }

  /** Forgets all groups and gives their memory back. */
  clear(): void {
    this.#keys = createGroupKeys(this.#types, this.#seed)
    this.#codes = new CodeGroups()
    this.#lo = new Int32Array(0)
    this.#hi = new Int32Array(0)
    this.#hashed = 0
  }

  #look(columns: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean): void {
    if (this.#codes.look(columns, rowCount, groups, insert, (...key) => this.#lookPlain(...key))) return
    this.#lookPlain(columns, rowCount, groups, insert)
  }

  #lookPlain(columns: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean): void {
    const [only] = columns
    if (columns.length === 1 && only.store === 'dictionary') this.#lookByCode(only, rowCount, groups, insert)
    else this.#keys.look(columns, rowCount, groups, insert)
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

  #hash(): void {
    const { count } = this
    const added = count - this.#hashed
    if (added === 0) return
    const lo = new Int32Array(added)
    const hi = new Int32Array(added)
    const keys = this.#keys.columns().map((column) => sliceColumn(column, this.#hashed, count))
    hashRows(keys, added, this.#seed, lo, hi)
    this.#lo = appended(this.#lo, this.#hashed, lo)
    this.#hi = appended(this.#hi, this.#hashed, hi)
    this.#hashed = count
  }
}

function createGroupKeys(types: readonly Type[], seed: number): GroupKeys {
  if (types.length !== 1) return new EncodedKeys(types, seed)
  switch (types[0].kind) {
    case 'string':
    case 'bytes':
      return new TextKeys(types[0], seed)
    case 'array':
    case 'struct':
    case 'js':
      return new EncodedKeys(types, seed)
    default:
      return new NumberKeys(types[0], seed)
  }
}

/** The first `length` of `all` with `more` behind them. */
function appended(all: Int32Array<ArrayBuffer>, length: number, more: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  if (length === 0) return more
  const size = length + more.length
  const out = size <= all.length ? all : new Int32Array(Math.max(size, all.length * 2))
  if (out !== all) out.set(all)
  out.set(more, length)
  return out
}
