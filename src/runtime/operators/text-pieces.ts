import type { PiecePlace } from '../operator.ts'
import { inlineSize, keyMasks } from './text-words.ts'

/** What gives numbers to keys of any size, and to those whose words are known already. */
interface KeyNumbers {
  number(data: Uint8Array, start: number, end: number): number
  numberWords(word0: number, word1: number, word2: number, word3: number, data: Uint8Array, start: number): number
}

/**
 * `TextNumbers.numberPieces` over a table.
 *
 * The words in which a separator is looked for are those of the key, so that a piece is read once.
 */
export function numberPieces(
  table: KeyNumbers,
  data: Uint8Array,
  offsets: Int32Array,
  place: PiecePlace,
  to: number,
  separator: number,
  codes: Int32Array,
  count: number,
  limit: number,
): number {
  const [mask0, mask1, mask2, mask3] = keyMasks
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const pattern = Math.imul(separator, 0x01010101)
  // Whole words can be read up to here.
  const safeEnd = data.length - inlineSize - 1
  let { row } = place
  for (let { at } = place; row < to; at = offsets[++row]) {
    const end = offsets[row + 1]
    for (;;) {
      if (count === limit) {
        place.row = row
        place.at = at
        return count
      }
      // How many bytes there are before the next separator: of those only the last word has more, which are cleared.
      let size = inlineSize + 1
      let word0 = 0
      let word1 = 0
      let word2 = 0
      let word3 = 0
      if (at <= safeEnd) {
        word0 = view.getInt32(at, true)
        let hit = separatorsIn(word0, pattern)
        if (hit !== 0) {
          word0 &= (hit >>> 7) - 1
          size = (31 - Math.clz32(hit)) >> 3
        } else {
          word1 = view.getInt32(at + 4, true)
          hit = separatorsIn(word1, pattern)
          if (hit !== 0) {
            word1 &= (hit >>> 7) - 1
            size = (63 - Math.clz32(hit)) >> 3
          } else {
            word2 = view.getInt32(at + 8, true)
            hit = separatorsIn(word2, pattern)
            if (hit !== 0) {
              word2 &= (hit >>> 7) - 1
              size = (95 - Math.clz32(hit)) >> 3
            } else {
              word3 = view.getInt32(at + 12, true)
              hit = separatorsIn(word3, pattern)
              if (hit !== 0) {
                word3 &= (hit >>> 7) - 1
                size = (127 - Math.clz32(hit)) >> 3
              }
            }
          }
        }
        if (at + size > end) {
          size = end - at
          word0 &= mask0[size]
          word1 &= mask1[size]
          word2 &= mask2[size]
          word3 &= mask3[size]
        }
      }
      if (size <= inlineSize) {
        codes[count++] = table.numberWords(word0, word1, word2, word3 | (size << 24), data, at)
        at += size
      } else {
        // A long piece, or one so near the end of the array that whole words cannot be read.
        const start = at
        while (at < end && data[at] !== separator) at++
        codes[count++] = table.number(data, start, at)
      }
      if (at >= end) break
      at++
    }
  }
  place.row = to
  return count
}

/** The lowest bit that is set marks the first of the four bytes that is the separator; 0 when none is (zero-byte test of "Hacker's Delight", 6-1). */
function separatorsIn(word: number, pattern: number): number {
  const differs = word ^ pattern
  const hits = (differs - 0x01010101) & ~differs & 0x80808080
  return hits & -hits
}
