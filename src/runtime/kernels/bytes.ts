/** Loops over byte ranges that kernels call; UTF-8 order of bytes is the order of code points. */

export function bytesEqual(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false
  return true
}

export function compareBytes(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i] - b[bStart + i]
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}

export function startsWithBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  return aEnd - aStart >= bEnd - bStart && bytesEqual(a, aStart, aStart + bEnd - bStart, b, bStart, bEnd)
}

export function endsWithBytes(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): boolean {
  return aEnd - aStart >= bEnd - bStart && bytesEqual(a, aEnd - (bEnd - bStart), aEnd, b, bStart, bEnd)
}

/** First place of `b` in `a` at or after `aStart`, or −1. */
export function findBytes(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): number {
  const size = bEnd - bStart
  if (size === 0) return aStart
  const first = b[bStart]
  const last = aEnd - size
  for (let i = aStart; i <= last; i++) {
    if (a[i] !== first) continue
    let j = 1
    while (j < size && a[i + j] === b[bStart + j]) j++
    if (j === size) return i
  }
  return -1
}

/** Code points of a range: bytes that do not continue another. */
export function countCodePoints(data: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end; i++) if ((data[i] & 0xc0) !== 0x80) count++
  return count
}

/** Place of the code point that is `count` after `start`, at most `end`. */
export function skipCodePoints(data: Uint8Array, start: number, end: number, count: number): number {
  let at = start
  for (let left = count; left > 0 && at < end; left--) {
    at++
    while (at < end && (data[at] & 0xc0) === 0x80) at++
  }
  return at
}

/** Place of the code point that is `count` before `end`, at least `start`. */
export function skipBack(data: Uint8Array, start: number, end: number, count: number): number {
  let at = end
  for (let left = count; left > 0 && at > start; left--) {
    at--
    while (at > start && (data[at] & 0xc0) === 0x80) at--
  }
  return at
}

const mapped = (from: number, to: number, by: number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (byte >= from && byte <= to ? byte + by : byte))
/** ASCII bytes in lower and in upper case. */
export const lowerBytes = mapped(65, 90, 32)
export const upperBytes = mapped(97, 122, -32)
