import { appendRows } from '../../data/append.ts'
import { BytesBuilder, type ColumnBuilder, createBuilder } from '../../data/builder.ts'
import { builderMemory, viewBuilder } from '../../data/builder-view.ts'
import type { Column } from '../../data/column.ts'
import { canonicalValue } from '../../data/compare.ts'
import { valueAt } from '../../data/read.ts'
import { type Type, types as typeNames } from '../../data/type.ts'
import type { GroupKeys } from './group-keys.ts'
import { encodeKeys } from './key-encoding.ts'
import { TextTable } from './text-table.ts'

/** Keys of several columns, none, or one nested column: what is compared are their encoded bytes. */
export class EncodedKeys implements GroupKeys {
  readonly #table: TextTable
  readonly #keys: readonly ColumnBuilder[]
  #newRows = new Int32Array(0)

  constructor(types: readonly Type[], seed: number) {
    this.#table = new TextTable(new BytesBuilder(typeNames.bytes), seed)
    this.#keys = types.map((type) => createBuilder(type))
  }

  get count(): number {
    return this.#table.keys.length
  }

  get sizeBytes(): number {
    return this.#keys.reduce(
      (sum, builder) => sum + builderMemory(builder),
      builderMemory(this.#table.keys) + this.#table.sizeBytes,
    )
  }

  look(columns: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean): void {
    const encoded = encodeKeys(columns, rowCount)
    const { offsets, data } = encoded
    this.#table.guess(encoded, rowCount, groups)
    if (this.#newRows.length < rowCount) this.#newRows = new Int32Array(rowCount)
    let added = 0
    for (let row = 0; row < rowCount; row++) {
      if (groups[row] >= 0) continue
      if (!insert) groups[row] = this.#table.find(data, offsets[row], offsets[row + 1])
      else {
        const next = this.count
        groups[row] = this.#table.number(data, offsets[row], offsets[row + 1])
        if (groups[row] === next) this.#newRows[added++] = row
      }
    }
    if (added > 0) for (let i = 0; i < columns.length; i++) keep(this.#keys[i], columns[i], this.#newRows, added)
  }

  columns(): readonly Column[] {
    return this.#keys.map(viewBuilder)
  }

  compare(a: number, b: number): number {
    return this.#table.compare(a, b)
  }
}

/** Floats of keys, in arrays and structs too: −0 and the bit patterns of NaN are made one. */
function keep(builder: ColumnBuilder, column: Column, rows: Int32Array, count: number): void {
  if (builder.store === 'list' || builder.store === 'struct') {
    for (let i = 0; i < count; i++) builder.appendValue(canonicalValue(column.type, valueAt(column, rows[i])))
    return
  }
  const before = builder.length
  appendRows(builder, column, rows, 0, count)
  if (builder.store === 'lane' && builder.values instanceof Float64Array) {
    const { values } = builder
    for (let row = before; row < builder.length; row++) values[row] = Number.isNaN(values[row]) ? Number.NaN : values[row] + 0
  }
}
