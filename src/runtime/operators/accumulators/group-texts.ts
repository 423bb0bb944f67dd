import { BytesBuilder } from '../../../data/builder.ts'
import { type Column, checkTextBytes } from '../../../data/column.ts'
import type { Type } from '../../../data/type.ts'

/** From here on the bytes grow by half: while they are copied the old ones are there too. */
const largeBytes = 2 ** 20

/** One text or none a group, one behind the other in one array: an object for each would take four times a short text. */
export class GroupTexts {
  #data = new Uint8Array(4096)
  #used = 0
  /** Bytes of texts that were replaced by longer ones. */
  #wasted = 0
  #starts = new Int32Array(256)
  /** One more than the size, 0 for none. */
  #sizes = new Int32Array(256)

  get sizeBytes(): number {
    return this.#data.length + this.#starts.byteLength + this.#sizes.byteLength
  }

  /** Makes room for groups `0 .. groups`. */
  reserve(groups: number): void {
    if (groups <= this.#sizes.length) return
    const length = Math.max(groups, this.#sizes.length * 2)
    this.#starts = grown(this.#starts, length)
    this.#sizes = grown(this.#sizes, length)
  }

  has(group: number): boolean {
    return this.#sizes[group] !== 0
  }

  /** Compares the text of a group with bytes `start .. end`. */
  compare(group: number, other: Uint8Array, start: number, end: number): number {
    const data = this.#data
    const from = this.#starts[group]
    const size = this.#sizes[group] - 1
    const length = Math.min(size, end - start)
    for (let i = 0; i < length; i++) if (data[from + i] !== other[start + i]) return data[from + i] - other[start + i]
    return size - (end - start)
  }

  set(group: number, source: Uint8Array, start: number, end: number): void {
    const size = end - start
    const before = this.#sizes[group] - 1
    if (size > before) {
      // Before room is made, which keeps what has a size.
      this.#sizes[group] = 0
      this.#wasted += Math.max(0, before)
      if (this.#used + size > this.#data.length) this.#makeRoom(size)
      this.#starts[group] = this.#used
      this.#used += size
    } else this.#wasted += before - size
    this.#sizes[group] = size + 1
    const data = this.#data
    const at = this.#starts[group]
    // Below some 40 bytes a loop beats the call that `set` makes.
    if (size < 40) for (let i = 0; i < size; i++) data[at + i] = source[start + i]
    else data.set(source.subarray(start, end), at)
  }

  column(type: Type, order: Int32Array, from: number, to: number): Column {
    const builder = new BytesBuilder(type, to - from)
    for (let i = from; i < to; i++) {
      const start = this.#starts[order[i]]
      const size = this.#sizes[order[i]]
      if (size === 0) builder.appendNull()
      else builder.appendBytes(this.#data, start, start + size - 1)
    }
    return builder.finish()
  }

  /** Into a larger array, or one of the same length where much of it is wasted. */
  #makeRoom(more: number): void {
    const old = this.#data
    const needed = this.#used - this.#wasted + more
    checkTextBytes(needed)
    const roomy = old.length < largeBytes ? old.length * 2 : old.length + (old.length >> 1)
    const data = new Uint8Array(Math.max(needed, this.#wasted * 2 > this.#used ? old.length : roomy))
    let at = 0
    for (let group = 0; group < this.#sizes.length; group++) {
      const size = this.#sizes[group] - 1
      if (size <= 0) continue
      const start = this.#starts[group]
      data.set(old.subarray(start, start + size), at)
      this.#starts[group] = at
      at += size
    }
    this.#data = data
    this.#used = at
    this.#wasted = 0
  }
}

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length)
  out.set(array)
  return out
}
