import { arraysAt, KernelMemory, kernelBytes } from '../wasm/kernel-memory.ts'

const firstSlots = 1024
/** Words of a NaN that is no key, as keys have one NaN only: they stand for a number that was given to something else. */
const noKey = { low: 1, high: 0x7ff80001 } as const

/**
 * Finds the number of a 64-bit key by open addressing. As in `TextTable`, a slot is one word, number + 1 in its low bits and in the others those bits
 * of the hash that are no part of the place; the two words of each key stand in an array of their own, by number. An empty slot is number −1.
 *
 * Once the slots take more than `kernelFrom` bytes both arrays stand in a memory of WebAssembly, first the slots, then the words.
 */
export class NumberTable {
  /** Numbers given so far. */
  count = 0
  readonly #seed: number
  readonly #kernelFrom: number
  #memory: KernelMemory | undefined
  #slots = new Int32Array(firstSlots)
  #mask = firstSlots - 1
  /** Of key i from 2 · (i + 1) on. */
  #words = new Int32Array(512)
  #used = 0

  constructor(seed: number, kernelFrom: number = kernelBytes) {
    this.#seed = seed
    this.#kernelFrom = kernelFrom
  }

  get sizeBytes(): number {
    return this.#memory?.sizeBytes ?? this.#slots.byteLength + this.#words.byteLength
  }

  /** Sets `groups[row]` to the number of each key; a new key gets the next one if `insert` says so, else −1. Keys have one NaN and no −0. */
  look(keys: Float64Array, rowCount: number, groups: Int32Array, insert: boolean): void {
    for (let row = 0; ; this.#grow()) {
      this.#reserveWords(Math.min(this.#room, rowCount - row))
      row =
        this.#memory === undefined
          ? this.#numberRows(keys, groups, row, rowCount, insert)
          : this.#runKernel(this.#memory, keys, groups, row, rowCount, insert)
      if (row === rowCount) return
    }
  }

  /** The number of one key, −1 when it is not there. */
  find(low: number, high: number): number {
    return (this.#slots[this.#slotOf(low, high)] & this.#mask) - 1
  }

  /** The number of one key; a new key gets the next one. */
  number(low: number, high: number): number {
    if (this.#room === 0) this.#grow()
    const slot = this.#slotOf(low, high)
    const entry = this.#slots[slot]
    if (entry !== 0) return (entry & this.#mask) - 1
    this.#append(low, high)
    this.#slots[slot] = (hashWords(this.#seed, low, high) & ~this.#mask) | this.count
    this.#used++
    return this.count - 1
  }

  /** Gives the next number to a key that this table does not find. */
  skip(): number {
    this.#append(noKey.low, noKey.high)
    return this.count - 1
  }

  /** The keys from number `from` on, as doubles; holds until the next one is added. */
  keysFrom(from: number): Float64Array {
    const { buffer, byteOffset } = this.#words
    return new Float64Array(buffer, byteOffset + (from + 1) * 8, this.count - from)
  }

  /** How many more keys there is room for. */
  get #room(): number {
    return Math.floor(this.#mask * 0.7) - this.#used
  }

  /** The twin of the kernel: the last row reached, which is earlier than `to` when there is no more room. */
  #numberRows(keys: Float64Array, groups: Int32Array, row: number, to: number, insert: boolean): number {
    const keyWords = new Int32Array(keys.buffer, keys.byteOffset, to * 2)
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    const seed = this.#seed
    const first = this.count
    const last = first + this.#room
    let count = first
    for (; row < to; row++) {
      const low = keyWords[row * 2]
      const high = keyWords[row * 2 + 1]
      const hash = hashWords(seed, low, high)
      let slot = hash & mask
      let entry = slots[slot]
      for (; entry !== 0; entry = slots[slot]) {
        if (((entry ^ hash) & ~mask) === 0) {
          const at = (entry & mask) << 1
          if (words[at] === low && words[at + 1] === high) break
        }
        slot = (slot + 1) & mask
      }
      if (entry === 0 && insert) {
        if (count === last) break
        count++
        entry = (hash & ~mask) | count
        slots[slot] = entry
        words[count * 2] = low
        words[count * 2 + 1] = high
      }
      groups[row] = (entry & mask) - 1
    }
    this.count = count
    this.#used += count - first
    return row
  }

  #runKernel(memory: KernelMemory, keys: Float64Array, groups: Int32Array, from: number, to: number, insert: boolean): number {
    const { row, count } = memory.numberKeys(keys, groups, from, to, {
      slotsAt: arraysAt,
      mask: this.#mask,
      wordsAt: arraysAt + this.#slots.byteLength,
      seed: this.#seed,
      count: this.count,
      room: this.#room,
      insert,
    })
    this.#used += count - this.count
    this.count = count
    return row
  }

  /** Where a key is, or where it would go. */
  #slotOf(low: number, high: number): number {
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    let slot = hashWords(this.#seed, low, high) & mask
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (slots[slot] & mask) << 1
      if (words[at] === low && words[at + 1] === high) break
    }
    return slot
  }

  #append(low: number, high: number): void {
    this.#reserveWords(1)
    this.count++
    this.#words[this.count * 2] = low
    this.#words[this.count * 2 + 1] = high
  }

  #reserveWords(keys: number): void {
    const needed = (this.count + keys + 1) * 2
    if (needed > this.#words.length) this.#place(this.#slots.length, Math.max(needed, this.#words.length * 2))
  }

  /** Small tables grow fourfold: moving an entry costs as much as finding it, and they are soon outgrown. */
  #grow(): void {
    const size = this.#slots.length * (this.#slots.length < 2 ** 17 ? 4 : 2)
    this.#place(size, this.#words.length)
    const slots = this.#slots.fill(0)
    const words = this.#words
    const mask = size - 1
    for (let entry = 1; entry <= this.count; entry++) {
      const low = words[entry * 2]
      const high = words[entry * 2 + 1]
      // Where numbers were skipped all keys are doubles.
      if (low === noKey.low && high === noKey.high && this.#used < this.count) continue
      const hash = hashWords(this.#seed, low, high)
      let slot = hash & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = (hash & ~mask) | entry
    }
    this.#mask = mask
  }

  /** Makes arrays of these lengths: slots that are as many as before keep what they hold, words always do. */
  #place(slotCount: number, wordCount: number): void {
    const [slots, words, inside] = [this.#slots, this.#words, this.#memory]
    const memory = inside ?? (slotCount * 4 > this.#kernelFrom ? KernelMemory.open() : undefined)
    if (memory === undefined) {
      if (slotCount !== slots.length) this.#slots = new Int32Array(slotCount)
      if (wordCount !== words.length) {
        this.#words = new Int32Array(wordCount)
        this.#words.set(words)
      }
      return
    }
    // A memory that grows takes its bytes away from views of them.
    const { byteOffset, length } = words
    memory.reserve((slotCount + wordCount) * 4)
    this.#memory = memory
    this.#slots = memory.ints(arraysAt, slotCount)
    this.#words = memory.ints(arraysAt + slotCount * 4, wordCount)
    if (inside === undefined) {
      this.#words.set(words)
      if (slotCount === slots.length) this.#slots.set(slots)
    } else if (byteOffset !== this.#words.byteOffset) this.#words.set(memory.ints(byteOffset, length))
  }
}

function hashWords(seed: number, low: number, high: number): number {
  let hash = Math.imul(low ^ seed, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39)
  return hash ^ (hash >>> 16)
}
