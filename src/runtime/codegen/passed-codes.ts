import { NullableBuilder } from '../../data/builder.ts'
import type { DictionaryColumn } from '../../data/column.ts'

/** Takes the codes of a dictionary as they are: for a text column that a segment only passes on. */
export class PassedCodes extends NullableBuilder {
  readonly store = 'passed'
  codes: Int32Array
  #dictionary: DictionaryColumn

  constructor(dictionary: DictionaryColumn, rows: number) {
    super(dictionary.type)
    this.#dictionary = dictionary
    this.codes = new Int32Array(rows)
  }

  /** Goes on with another batch; false when its codes mean other texts. */
  accepts(dictionary: DictionaryColumn): boolean {
    if (dictionary.owner !== this.#dictionary.owner) return false
    // The texts so far and perhaps more.
    this.#dictionary = dictionary
    return true
  }
  reserve(rows: number): void {
    if (this.length + rows <= this.codes.length) return
    const grown = new Int32Array(this.length + rows)
    grown.set(this.codes)
    this.codes = grown
  }
  finish(): DictionaryColumn {
    const column = this.lend()
    this.codes = new Int32Array(this.codes.length)
    return column
  }
  /** As `finish`, for a column that holds until the next row is written. */
  lend(): DictionaryColumn {
    const { type, length } = this
    const { values, owner } = this.#dictionary
    const codes = this.codes.subarray(0, length)
    const column: DictionaryColumn = { store: 'dictionary', type, length, nulls: this.takeNulls(), codes, values, owner }
    this.length = 0
    return column
  }
}
