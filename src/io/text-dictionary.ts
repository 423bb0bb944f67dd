import { BytesBuilder, NullableBuilder } from '../data/builder.ts'
import { viewBuilder } from '../data/builder-view.ts'
import type { Column, DictionaryColumn } from '../data/column.ts'
import type { Type } from '../data/type.ts'

/** A column with more different texts than these is none to number. */
const maxTexts = 256
/** Four slots a text, so that most stand in their first one. */
const slotBits = 10
const slotMask = (1 << slotBits) - 1
/** Which bytes of a word belong to a text of each size. */
const masks = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1)

/**
 * Numbers the few different texts of a column, batch after batch, so that operators have codes in place of bytes. Numbers never change, and texts
 * are only added: columns of one dictionary have it as their owner.
 */
export class TextDictionary extends NullableBuilder {
  codes = new Int32Array(0)
  readonly #texts: BytesBuilder
  #view: Column
  readonly #slots = new Int32Array(slotMask + 1)
  /** First and last four bytes of each text, which is all of it up to eight bytes. */
  readonly #firsts = new Int32Array(maxTexts)
  readonly #lasts = new Int32Array(maxTexts)

  constructor(type: Type) {
    super(type)
    this.#texts = new BytesBuilder(type, maxTexts)
    this.#view = viewBuilder(this.#texts)
  }

  get count(): number {
    return this.#texts.length
  }

  /** Starts a column of so many rows; `fresh` when the last one is still in use. */
  begin(rows: number, fresh: boolean): void {
    if (fresh || this.codes.length < rows) this.codes = new Int32Array(rows)
    this.length = rows
    this.nulls = undefined
  }

  /** The number of a text, −1 when it would be one too many. Four bytes behind the text can be read. */
  number(data: Uint8Array, view: DataView, start: number, end: number): number {
    const size = (end - start) | 0
    const first = size >= 4 ? view.getInt32(start, true) : view.getInt32(start, true) & masks[size]
    const last = size > 4 ? view.getInt32(end - 4, true) : 0
    const offsets = this.#texts.offsets
    const slots = this.#slots
    let slot = Math.imul(Math.imul(first, 0x9e3779b1) ^ (last + size), 0x85ebca77) >>> (32 - slotBits)
    for (;;) {
      const code = (slots[slot] - 1) | 0
      if (code < 0) break
      const isEqual = this.#firsts[code] === first && this.#lasts[code] === last && offsets[code + 1] - offsets[code] === size
      if (isEqual && (size <= 8 || this.#isText(code, data, start, size))) return code
      slot = (slot + 1) & slotMask
    }
    const code = this.#texts.length
    if (code === maxTexts) return -1
    this.#texts.appendBytes(data, start, end)
    this.#firsts[code] = first
    this.#lasts[code] = last
    slots[slot] = code + 1
    return code
  }

  column(): DictionaryColumn {
    const { type, length } = this
    // The same values while no text is added, so that they are known to be the same.
    if (this.#view.length < this.count) this.#view = viewBuilder(this.#texts)
    const codes = this.codes.subarray(0, length)
    return { store: 'dictionary', type, length, nulls: this.takeNulls(), codes, values: this.#view, owner: this }
  }

  #isText(code: number, data: Uint8Array, start: number, size: number): boolean {
    const { data: known, offsets } = this.#texts
    const from = offsets[code]
    for (let i = 4; i < size - 4; i++) if (known[from + i] !== data[start + i]) return false
    return true
  }
}
