import type { BytesBuilder } from '../../data/builder.ts'
import type { BytesColumn } from '../../data/column.ts'
import type { PiecePlace, TextNumbers } from '../operator.ts'
import { numberPieces } from './text-pieces.ts'
import { hashBytes, hashWords, inlineSize, keyMasks, wordAt } from './text-words.ts'

const firstSlots = 1024
/** In place of the size: the words hold hash and size of a longer key, or, with the other one, no key at all. */
const longKey = 0xff
const noKey = 0xfe

/**
 * Finds the number of a byte string by open addressing. A slot is one word, number + 1 in its low bits and in the others those bits of the hash
 * that are no part of the place; four words of each key stand in an array of their own, by number. So a table is small, and keys that came
 * early, which are the frequent ones, lie together.
 *
 * Keys are kept by `keys` too, in the order of their numbers. The hash is seeded, and is not the one that partitions and orders groups.
 */
export class TextTable implements TextNumbers {
  readonly keys: BytesBuilder
  readonly #seed: number
  #slots = new Int32Array(firstSlots)
  #mask = firstSlots - 1
  /** Of key i from 4 · (i + 1) on: what an empty slot leads to equals no key. */
  #words = emptyWords(256)
  #used = 0

  constructor(keys: BytesBuilder, seed: number) {
    this.keys = keys
    this.#seed = seed
  }

  get sizeBytes(): number {
    return this.#slots.byteLength + this.#words.byteLength
  }

  /**
   * Sets `groups[row]` where the key stands in its first slot or the one after it, else to −1. This settles most rows, in a loop without calls,
   * so that the cache misses of many rows overlap. Takes no notice of nulls.
   */
  guess({ offsets, data }: BytesColumn, rowCount: number, groups: Int32Array): void {
    const [mask0, mask1, mask2, mask3] = keyMasks
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const safeEnd = data.length - inlineSize - 1
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    const seed = this.#seed
    for (let row = 0; row < rowCount; row++) {
      const start = offsets[row]
      const size = offsets[row + 1] - start
      groups[row] = -1
      if (size > inlineSize || start > safeEnd) continue
      const word0 = view.getInt32(start, true) & mask0[size]
      const word1 = view.getInt32(start + 4, true) & mask1[size]
      const word2 = view.getInt32(start + 8, true) & mask2[size]
      const word3 = (view.getInt32(start + 12, true) & mask3[size]) | (size << 24)
      const hash = hashWords(seed, word0, word1, word2, word3)
      const first = slots[hash & mask]
      let at = (first & mask) << 2
      if (
        ((first ^ hash) & ~mask) === 0 &&
        words[at] === word0 &&
        words[at + 1] === word1 &&
        words[at + 2] === word2 &&
        words[at + 3] === word3
      ) {
        groups[row] = (first & mask) - 1
        continue
      }
      const second = slots[(hash + 1) & mask]
      at = (second & mask) << 2
      if (
        ((second ^ hash) & ~mask) === 0 &&
        words[at] === word0 &&
        words[at + 1] === word1 &&
        words[at + 2] === word2 &&
        words[at + 3] === word3
      ) {
        groups[row] = (second & mask) - 1
      }
    }
  }

  /** The number of a key, −1 when it is not there. */
  find(data: Uint8Array, start: number, end: number): number {
    const size = end - start
    const slot =
      size > inlineSize
        ? this.#slotOfLong(hashBytes(this.#seed, data, start, end), data, start, size)
        : this.#slotOf(
            wordAt(data, start, end),
            wordAt(data, start + 4, end),
            wordAt(data, start + 8, end),
            wordAt(data, start + 12, end) | (size << 24),
          )
    return (this.#slots[slot] & this.#mask) - 1
  }

  /** The number of a key; a new key gets the next one, and is appended to `keys`. */
  number(data: Uint8Array, start: number, end: number): number {
    const size = end - start
    if (size <= inlineSize) {
      const word3 = wordAt(data, start + 12, end) | (size << 24)
      return this.numberWords(
        wordAt(data, start, end),
        wordAt(data, start + 4, end),
        wordAt(data, start + 8, end),
        word3,
        data,
        start,
      )
    }
    const hash = hashBytes(this.#seed, data, start, end)
    const slot = this.#slotOfLong(hash, data, start, size)
    const entry = this.#slots[slot]
    return entry !== 0 ? (entry & this.#mask) - 1 : this.#add(slot, hash, hash, 0, 0, longWord(size), data, start, size)
  }

  /** `number` for a key of up to `inlineSize` bytes whose words, the last one with the size, are known. */
  numberWords(word0: number, word1: number, word2: number, word3: number, data: Uint8Array, start: number): number {
    const slot = this.#slotOf(word0, word1, word2, word3)
    const entry = this.#slots[slot]
    if (entry !== 0) return (entry & this.#mask) - 1
    return this.#add(
      slot,
      hashWords(this.#seed, word0, word1, word2, word3),
      word0,
      word1,
      word2,
      word3,
      data,
      start,
      word3 >>> 24,
    )
  }

  numberPieces(
    data: Uint8Array,
    offsets: Int32Array,
    place: PiecePlace,
    to: number,
    separator: number,
    codes: Int32Array,
    count: number,
    limit: number,
  ): number {
    return numberPieces(this, data, offsets, place, to, separator, codes, count, limit)
  }

  /** Gives the next number to a null. */
  skip(): number {
    this.keys.appendNull()
    const at = this.keys.length << 2
    if (at >= this.#words.length) this.#words = grownWords(this.#words)
    return this.keys.length - 1
  }

  /** Orders two different keys by their bytes. */
  compare(a: number, b: number): number {
    const { data, offsets } = this.keys
    const size = Math.min(offsets[a + 1] - offsets[a], offsets[b + 1] - offsets[b])
    for (let i = 0; i < size; i++) {
      const order = data[offsets[a] + i] - data[offsets[b] + i]
      if (order !== 0) return order
    }
    return offsets[a + 1] - offsets[a] - (offsets[b + 1] - offsets[b])
  }

  /** Where a key of up to `inlineSize` bytes is, or where it would go. */
  #slotOf(word0: number, word1: number, word2: number, word3: number): number {
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    const hash = hashWords(this.#seed, word0, word1, word2, word3)
    let slot = hash & mask
    for (let entry = slots[slot]; entry !== 0; entry = slots[slot]) {
      const at = (entry & mask) << 2
      if (
        ((entry ^ hash) & ~mask) === 0 &&
        words[at] === word0 &&
        words[at + 1] === word1 &&
        words[at + 2] === word2 &&
        words[at + 3] === word3
      )
        break
      slot = (slot + 1) & mask
    }
    return slot
  }

  #slotOfLong(hash: number, data: Uint8Array, start: number, size: number): number {
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    let slot = hash & mask
    for (let entry = slots[slot]; entry !== 0; entry = slots[slot]) {
      const at = (entry & mask) << 2
      if (words[at] === hash && words[at + 3] === longWord(size) && this.#isKey((entry & mask) - 1, data, start, size)) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  #add(
    slot: number,
    hash: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
    data: Uint8Array,
    start: number,
    size: number,
  ): number {
    this.keys.appendBytes(data, start, start + size)
    const at = this.keys.length << 2
    if (at >= this.#words.length) this.#words = grownWords(this.#words)
    const words = this.#words
    words[at] = word0
    words[at + 1] = word1
    words[at + 2] = word2
    words[at + 3] = word3
    this.#slots[slot] = (hash & ~this.#mask) | this.keys.length
    this.#used++
    if (this.#used * 10 >= this.#mask * 7) this.#grow()
    return this.keys.length - 1
  }

  #isKey(group: number, data: Uint8Array, start: number, size: number): boolean {
    const { data: keyData, offsets } = this.keys
    const keyStart = offsets[group]
    if (offsets[group + 1] - keyStart !== size) return false
    for (let i = 0; i < size; i++) if (data[start + i] !== keyData[keyStart + i]) return false
    return true
  }

  // A long key's first word is its hash already.
  #hashOf(word0: number, word1: number, word2: number, word3: number): number {
    return word3 >>> 24 === longKey ? word0 : hashWords(this.#seed, word0, word1, word2, word3)
  }

  /** Early keys go first again, so that the frequent ones stand where they are looked for. */
  #grow(): void {
    // Small tables grow fourfold: moving an entry costs as much as finding it, and they are soon outgrown.
    const count = this.#slots.length * (this.#slots.length < 2 ** 17 ? 4 : 2)
    const slots = new Int32Array(count)
    const mask = count - 1
    const words = this.#words
    const last = this.keys.length << 2
    for (let at = 4; at <= last; at += 4) {
      // A null has a number and no words.
      if (words[at + 3] === noKey << 24) continue
      const hash = this.#hashOf(words[at], words[at + 1], words[at + 2], words[at + 3])
      let slot = hash & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = (hash & ~mask) | (at >> 2)
    }
    this.#slots = slots
    this.#mask = mask
  }
}

function emptyWords(keys: number): Int32Array {
  const words = new Int32Array(keys << 2)
  for (let at = 3; at < words.length; at += 4) words[at] = noKey << 24
  return words
}

function grownWords(words: Int32Array): Int32Array {
  const grown = emptyWords(words.length >> 1)
  grown.set(words)
  return grown
}

const longWord = (size: number): number => (longKey << 24) | (size & 0xffffff)
