/** Keys up to this size are four words, zeros behind them, the last byte being the size. */
export const inlineSize = 15

/** Bits of the words 0 to 3 that belong to a key of each size. */
export const keyMasks: readonly Int32Array[] = [0, 1, 2, 3].map((word) =>
  Int32Array.from({ length: inlineSize + 1 }, (_, size) => {
    const bytes = Math.min(4, Math.max(0, size - word * 4))
    return bytes === 4 ? -1 : (1 << (bytes * 8)) - 1
  }),
)

export function hashWords(seed: number, word0: number, word1: number, word2: number, word3: number): number {
  let hash = Math.imul(word0 ^ seed, 0x9e3779b1) ^ Math.imul(word1, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15) ^ word2, 0x2c1b3c6d) ^ Math.imul(word3, 0x297a2d39)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

export function hashBytes(seed: number, data: Uint8Array, start: number, end: number): number {
  let hash = seed
  for (let at = start; at < end; at += 16) {
    hash = hashWords(
      hash,
      wordAt(data, at, end),
      wordAt(data, at + 4, end),
      wordAt(data, at + 8, end),
      wordAt(data, at + 12, end),
    )
  }
  return hash
}

/** Four bytes from `at`, little endian, zeros behind `end`. */
export function wordAt(data: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24)
  let word = 0
  for (let i = 0; at + i < end; i++) word |= data[at + i] << (i * 8)
  return word
}
