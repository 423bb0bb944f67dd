const firstSlots = 1024
/** Words of a NaN that is no key, as keys have one NaN only: they stand for a number that was given to something else. */
const noKey = { low: 1, high: 0x7ff80001 } as const

/**
 * Finds the number of a 64-bit key, given as two words, by open addressing. As in `TextTable`, a slot is one word, number + 1 in its low bits and in
 * the others those bits of the hash that are no part of the place; the words of each key stand in an array of their own, by number. What an empty
 * slot leads to is number −1.
 */
export class NumberTable {
  /** Numbers given so far. */
  count = 0
  readonly #seed: number
  #slots = new Int32Array(firstSlots)
  #mask = firstSlots - 1
  /** Of key i from 2 · (i + 1) on. */
  #words = new Int32Array(512)
  #used = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  get sizeBytes(): number {
    return this.#slots.byteLength + this.#words.byteLength
  }

  /**
   * Sets `groups[row]` where key `keys[2 · row]`, `keys[2 · row + 1]` stands in its first slot or the one after it, else to −1: in a loop without
   * calls, so that the cache misses of many rows overlap.
   */
  guess(keys: Int32Array, rowCount: number, groups: Int32Array): void {
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    const seed = this.#seed
    for (let row = 0; row < rowCount; row++) {
      const low = keys[row * 2]
      const high = keys[row * 2 + 1]
      const hash = hashWords(seed, low, high)
      groups[row] = -1
      const first = slots[hash & mask]
      let at = (first & mask) << 1
      if (((first ^ hash) & ~mask) === 0 && words[at] === low && words[at + 1] === high) {
        groups[row] = (first & mask) - 1
        continue
      }
      const second = slots[(hash + 1) & mask]
      at = (second & mask) << 1
      if (((second ^ hash) & ~mask) === 0 && words[at] === low && words[at + 1] === high) groups[row] = (second & mask) - 1
    }
  }

  /** The number of a key, −1 when it is not there. */
  find(low: number, high: number): number {
    return (this.#slots[this.#slotOf(low, high)] & this.#mask) - 1
  }

  /** The number of a key; a new key gets the next one. */
  number(low: number, high: number): number {
    const slot = this.#slotOf(low, high)
    const entry = this.#slots[slot]
    if (entry !== 0) return (entry & this.#mask) - 1
    const number = this.#append(low, high)
    this.#slots[slot] = (hashWords(this.#seed, low, high) & ~this.#mask) | (number + 1)
    this.#used++
    if (this.#used * 10 >= this.#mask * 7) this.#grow()
    return number
  }

  /** Gives the next number to a key that this table does not find. */
  skip(): number {
    return this.#append(noKey.low, noKey.high)
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

  #append(low: number, high: number): number {
    const at = ++this.count << 1
    if (at === this.#words.length) {
      const words = new Int32Array(at * 2)
      words.set(this.#words)
      this.#words = words
    }
    this.#words[at] = low
    this.#words[at + 1] = high
    return this.count - 1
  }

  /** Small tables grow fourfold: moving an entry costs as much as finding it, and they are soon outgrown. */
  #grow(): void {
    const size = this.#slots.length * (this.#slots.length < 2 ** 17 ? 4 : 2)
    const slots = new Int32Array(size)
    const mask = size - 1
    const words = this.#words
    for (let entry = 1; entry <= this.count; entry++) {
      const low = words[entry * 2]
      const high = words[entry * 2 + 1]
      if (low === noKey.low && high === noKey.high) continue
      const hash = hashWords(this.#seed, low, high)
      let slot = hash & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = (hash & ~mask) | entry
    }
    this.#slots = slots
    this.#mask = mask
  }
}

function hashWords(seed: number, low: number, high: number): number {
  let hash = Math.imul(low ^ seed, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39)
  return hash ^ (hash >>> 16)
}
