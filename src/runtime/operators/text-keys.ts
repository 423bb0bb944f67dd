import { BytesBuilder } from '../../data/builder.ts'
import { builderMemory, viewBuilder } from '../../data/builder-view.ts'
import type { BytesColumn, Column } from '../../data/column.ts'
import type { Type } from '../../data/type.ts'
import type { GroupKeys } from './group-keys.ts'
import { TextTable } from './text-table.ts'

/** Keys of one text column. Whoever makes the texts may have numbered them already: `texts` is open to others. */
export class TextKeys implements GroupKeys {
  readonly texts: TextTable
  #nullGroup = -1

  constructor(type: Type, seed: number) {
    this.texts = new TextTable(new BytesBuilder(type), seed)
  }

  get count(): number {
    return this.texts.keys.length
  }

  get sizeBytes(): number {
    return builderMemory(this.texts.keys) + this.texts.sizeBytes
  }

  look([column]: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean): void {
    const { offsets, data, nulls } = column as BytesColumn
    const { texts } = this
    texts.guess(column as BytesColumn, rowCount, groups)
    for (let row = 0; row < rowCount; row++) {
      if (nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0) {
        if (this.#nullGroup < 0 && insert) this.#nullGroup = texts.skip()
        groups[row] = this.#nullGroup
      } else if (groups[row] < 0) {
        groups[row] = insert
          ? texts.number(data, offsets[row], offsets[row + 1])
          : texts.find(data, offsets[row], offsets[row + 1])
      }
    }
  }

  columns(): readonly Column[] {
    return [viewBuilder(this.texts.keys)]
  }

  compare(a: number, b: number): number {
    return this.texts.compare(a, b)
  }
}
