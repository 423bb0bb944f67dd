import type { BytesBuilder } from '../../data/builder.ts'
import { bufferOf } from './text-buffer.ts'

const encoder = new TextEncoder()
/** Longer texts gain nothing from being joined. */
const joinedLimit = 2 ** 19
let scratch = bufferOf(new Uint8Array(2 ** 16))

/**
 * Encodes texts as rows `from .. to` of a column behind its `dataLength`; gives the place behind them, or −1 − i when text i is not well formed.
 * `offsets` hold the places that ASCII texts have, and are put right for others.
 *
 * All texts are joined and written by two native calls: 25 ns for words of seven letters, against 60 for loops over `charCodeAt`.
 */
export function encodeTexts(builder: BytesBuilder, texts: readonly string[], from: number, to: number): number {
  if (from === to) return builder.dataLength
  const length = builder.offsets[to] - builder.offsets[from]
  return (length <= joinedLimit ? encodeJoined(builder, texts, length) : undefined) ?? encodeEach(builder, texts, from, to)
}

/** Undefined when texts are not ASCII: bytes do not tell then where one ends. */
function encodeJoined(builder: BytesBuilder, texts: readonly string[], length: number): number | undefined {
  if (scratch.length < length * 3) scratch = bufferOf(new Uint8Array(length * 3))
  if (scratch.utf8Write(texts.join(''), 0, length * 3) !== length) return undefined
  builder.reserveBytes(length)
  builder.data.set(scratch.subarray(0, length), builder.dataLength)
  return builder.dataLength + length
}

function encodeEach(builder: BytesBuilder, texts: readonly string[], from: number, to: number): number {
  let at = builder.dataLength
  for (let row = from; row < to; row++) {
    const text = texts[row - from]
    if (!text.isWellFormed()) return from - row - 1
    builder.dataLength = at
    builder.reserveBytes(text.length * 3)
    at += encoder.encodeInto(text, builder.data.subarray(at)).written
    builder.offsets[row + 1] = at
  }
  return at
}
