import { appendRows } from '../../../data/append.ts'
import type { ColumnBuilder } from '../../../data/builder.ts'
import { createBuilder, ListBuilder } from '../../../data/builder.ts'
import { builderMemory, viewBuilder } from '../../../data/builder-view.ts'
import type { Column, ListColumn } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { plainColumn } from '../../../data/gather.ts'
import type { Type } from '../../../data/type.ts'
import { types } from '../../../data/type.ts'

interface Grouped {
  values: Column
  rows: Int32Array
  starts: Int32Array
}

/** An array that grows is there twice while it is copied, and twice as large afterwards: on the average of a run this much more. */
const growingFactor = 1.5

/** All values of all groups in the order they came; sorted out by group when they are read. */
export class ValueBag {
  count = 0
  readonly #type: Type
  #values: ColumnBuilder
  #groups = new Int32Array(256)
  #rows = new Int32Array(0)
  /** Kept until the next value: results are read some thousand groups at a time. */
  #grouped: Grouped | undefined

  constructor(type: Type) {
    this.#type = type
    this.#values = createBuilder(type)
  }

  /** Adds the value of each row to its group. */
  add(groups: Int32Array, rowCount: number, column: Column, skipNulls: boolean): void {
    if (this.#rows.length < rowCount) this.#rows = new Int32Array(rowCount)
    let taken = 0
    this.#reserve(rowCount)
    for (let row = 0; row < rowCount; row++) {
      if (skipNulls && !isValid(column, row)) continue
      this.#groups[this.count + taken] = groups[row]
      this.#rows[taken++] = row
    }
    appendRows(this.#values, column, this.#rows, 0, taken)
    this.count += taken
  }

  /** Adds the items of each row's array to its group. */
  addLists(groups: Int32Array, rowCount: number, column: Column): void {
    const { offsets, items } = plainColumn(column) as ListColumn
    const first = offsets[0]
    const total = offsets[rowCount] - first
    const rows = new Int32Array(total)
    this.#reserve(total)
    for (let row = 0; row < rowCount; row++) {
      for (let item = offsets[row]; item < offsets[row + 1]; item++) {
        rows[item - first] = item
        this.#groups[this.count + item - first] = groups[row]
      }
    }
    appendRows(this.#values, items, rows, 0, total)
    this.count += total
  }

  /** The values, and their rows by group: those of group g are `rows[starts[g] .. starts[g + 1])`. */
  byGroup(groupCount: number): Grouped {
    if (this.#grouped !== undefined && this.#grouped.starts.length === groupCount + 1) return this.#grouped
    const starts = new Int32Array(groupCount + 1)
    for (let i = 0; i < this.count; i++) starts[this.#groups[i] + 1]++
    for (let group = 0; group < groupCount; group++) starts[group + 1] += starts[group]
    const next = starts.slice()
    const rows = new Int32Array(this.count)
    for (let i = 0; i < this.count; i++) rows[next[this.#groups[i]]++] = i
    this.#grouped = { values: viewBuilder(this.#values), rows, starts }
    return this.#grouped
  }

  clear(): void {
    this.count = 0
    this.#grouped = undefined
    this.#values = createBuilder(this.#type)
    this.#groups = new Int32Array(256)
  }

  /** With the rows by group, which are needed to read the values. */
  get sizeBytes(): number {
    return (builderMemory(this.#values) + this.#groups.byteLength) * growingFactor + this.count * Int32Array.BYTES_PER_ELEMENT
  }

  #reserve(rows: number): void {
    this.#grouped = undefined
    const needed = this.count + rows
    if (needed <= this.#groups.length) return
    const grown = new Int32Array(Math.max(needed, this.#groups.length * 2))
    grown.set(this.#groups)
    this.#groups = grown
  }
}

/** The bag's values as one array a group. */
export function listsOf(bag: ValueBag, item: Type, groupCount: number, order: Int32Array, from: number, to: number): Column {
  const { values, rows, starts } = bag.byGroup(groupCount)
  const builder = new ListBuilder(types.array(item) as Type & { kind: 'array' }, to - from)
  for (let i = from; i < to; i++) {
    const group = order[i]
    appendRows(builder.items, values, rows, starts[group], starts[group + 1])
    builder.endRow()
  }
  return builder.finish()
}
