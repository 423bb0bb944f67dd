import { dataError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import { targetBatchRows } from '../../data/batch.ts'
import { createBuilder } from '../../data/builder.ts'
import { compareValues } from '../../data/compare.ts'
import { makeBatch, valueAt } from '../../data/read.ts'
import type { Schema, Value } from '../../data/type.ts'
import type { GroupStore } from './group-store.ts'

/** What an aggregate has told downstream about each group, and which groups were touched since. */
export class GroupChanges {
  readonly #store: GroupStore
  readonly #fields: Schema
  readonly #keyCount: number
  /** Number of rows of each group, weights included; without keys the one group is always there. */
  #net: Float64Array = new Float64Array(256)
  #touched: Uint8Array = new Uint8Array(256)
  #list: number[] = []
  /** Result columns of the row that was emitted last; undefined when there is none. */
  readonly #previous: (readonly Value[] | undefined)[] = []

  constructor(store: GroupStore, fields: Schema, keyCount: number) {
    this.#store = store
    this.#fields = fields
    this.#keyCount = keyCount
  }

  get sizeBytes(): number {
    return this.#net.length * 9 + this.#previous.length * (64 + this.#fields.length * 16)
  }

  /** Notes the groups of a batch's rows. */
  touch(groups: Int32Array, rowCount: number, weights: Int32Array | undefined): void {
    this.#reserve(this.#store.count)
    for (let row = 0; row < rowCount; row++) {
      const group = groups[row]
      this.#net[group] += weights === undefined ? 1 : weights[row]
      if (this.#touched[group] !== 0) continue
      this.#touched[group] = 1
      this.#list.push(group)
    }
  }

  /**
   * What changed since the last time: for each touched group whose row differs the old row with weight −1 and the new one with +1;
   * no old row for a new group, no new one for an emptied group.
   */
  *batches(): Generator<Batch, void> {
    if (this.#keyCount === 0 && this.#previous[0] === undefined) this.#touchOnlyGroup()
    const order = this.#store.table.order(Int32Array.from(this.#list))
    for (const group of this.#list) this.#touched[group] = 0
    this.#list = []
    for (let from = 0; from < order.length; from += targetBatchRows) {
      const batch = this.#changesOf(order, from, Math.min(order.length, from + targetBatchRows))
      if (batch.rowCount > 0) yield batch
    }
  }

  #touchOnlyGroup(): void {
    this.#store.ensureGroup()
    this.#reserve(1)
    if (this.#touched[0] === 0) this.#list.push(0)
  }

  #changesOf(order: Int32Array, from: number, to: number): Batch {
    const columns = this.#store.rows('results', order, from, to)
    const builders = columns.map((column) => createBuilder(column.type, to - from))
    const weights: number[] = []
    for (let i = from; i < to; i++) {
      const group = order[i]
      if (this.#net[group] < 0) {
        throw dataError('DATA_UNKNOWN_RETRACTION', `a group has ${this.#net[group]} rows after an epoch`, {
          hint: 'a row was retracted that had not been inserted',
        })
      }
      const old = this.#previous[group]
      const isThere = this.#keyCount === 0 || this.#net[group] > 0
      const now = isThere ? columns.slice(this.#keyCount).map((column) => valueAt(column, i - from)) : undefined
      if (this.#isSame(old, now)) continue
      this.#previous[group] = now
      for (const [row, weight] of [[old, -1] as const, [now, 1] as const]) {
        if (row === undefined) continue
        weights.push(weight)
        for (let key = 0; key < this.#keyCount; key++) builders[key].appendFrom(columns[key], i - from)
        for (let k = 0; k < row.length; k++) builders[this.#keyCount + k].appendValue(row[k])
      }
    }
    const allNew = weights.every((weight) => weight === 1)
    const finished = builders.map((builder) => builder.finish())
    return makeBatch(finished, weights.length, { weights: allNew ? undefined : Int32Array.from(weights) })
  }

  #isSame(old: readonly Value[] | undefined, now: readonly Value[] | undefined): boolean {
    if (old === undefined || now === undefined) return old === now
    return old.every((value, i) => compareValues(this.#fields[this.#keyCount + i].type, value, now[i]) === 0)
  }

  #reserve(groups: number): void {
    if (groups <= this.#net.length) return
    const size = Math.max(groups, this.#net.length * 2)
    const net = new Float64Array(size)
    net.set(this.#net)
    this.#net = net
    const touched = new Uint8Array(size)
    touched.set(this.#touched)
    this.#touched = touched
  }
}
