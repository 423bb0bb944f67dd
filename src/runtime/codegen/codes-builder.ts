import { NullableBuilder } from '../../data/builder.ts'
import { viewBuilder } from '../../data/builder-view.ts'
import type { DictionaryColumn } from '../../data/column.ts'
import type { Type, Value } from '../../data/type.ts'
import type { TextNumbering, TextNumbers } from '../operator.ts'

const encoder = new TextEncoder()

/** Builds a text column whose values are numbered by the operator that gets it: a dictionary with that operator's texts. */
export class CodesBuilder extends NullableBuilder {
  readonly store = 'codes'
  codes: Int32Array
  texts: TextNumbers
  readonly #numbering: TextNumbering
  /** Arrays that were handed over, in the order in which they come back by `recycle`, and one that did. */
  readonly #away: Int32Array[] = []
  #free: Int32Array | undefined
  #keysBefore: number

  constructor(type: Type, numbering: TextNumbering, rows: number) {
    super(type)
    this.#numbering = numbering
    this.texts = numbering.texts()
    this.#keysBefore = this.texts.keys.dataLength
    this.codes = new Int32Array(rows)
  }

  /** Bytes of new texts, which the operator knows nothing of yet. */
  get newBytes(): number {
    return this.texts.keys.dataLength - this.#keysBefore
  }
  /** Has the operator started afresh? Rows that were numbered before have to leave first. */
  get isStale(): boolean {
    return this.texts !== this.#numbering.texts()
  }
  follow(): void {
    this.texts = this.#numbering.texts()
    this.#keysBefore = this.texts.keys.dataLength
  }
  reserve(rows: number): void {
    if (this.length + rows <= this.codes.length) return
    const grown = new Int32Array(this.length + rows)
    grown.set(this.codes)
    this.codes = grown
  }
  appendValue(value: Value): void {
    this.reserve(1)
    if (value === null) this.markNull(this.length)
    else {
      const bytes = typeof value === 'string' ? encoder.encode(value) : (value as Uint8Array)
      this.codes[this.length] = this.texts.number(bytes, 0, bytes.length)
    }
    this.length++
  }
  finish(): DictionaryColumn {
    const { type, length, texts } = this
    const codes = this.codes.subarray(0, length)
    const column: DictionaryColumn = {
      store: 'dictionary',
      type,
      length,
      nulls: this.takeNulls(),
      codes,
      values: viewBuilder(texts.keys),
      owner: texts,
    }
    this.#away.push(this.codes)
    this.codes = this.#free ?? new Int32Array(this.codes.length)
    this.#free = undefined
    this.length = 0
    this.#keysBefore = texts.keys.dataLength
    return column
  }
  /** The oldest column that was handed over is not needed any more. */
  recycle(): void {
    this.#free = this.#away.shift()
  }
}
