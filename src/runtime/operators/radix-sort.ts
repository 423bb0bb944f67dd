import type { KeyWords } from './key-words.ts'

/**
 * Sorts `rows[from .. to)` by their words, 16 bits at a time from the last ones on, rows with equal words as they stood. Digits that all rows share cost
 * a count and no move. `spare` has room for as many rows.
 */
export function radixSort({ hi, lo }: KeyWords, rows: Int32Array, spare: Int32Array, from: number, to: number): void {
  const bits = to - from < 20_000 ? 8 : 16
  const starts = new Int32Array((1 << bits) + 1)
  let isMoved = false
  for (let digit = 0; digit < 64; digit += bits) {
    const word = digit < 32 ? lo : hi
    const shift = digit & 31
    starts.fill(0)
    const source = isMoved ? spare : rows
    if (!countDigits(word, shift, starts, source, from, to)) continue
    moveRows(word, shift, starts, source, isMoved ? rows : spare, from, to)
    isMoved = !isMoved
  }
  if (isMoved) rows.set(spare.subarray(from, to), from)
}

/** Makes `starts` the place of the first row of each digit. False when all rows have the same digit. */
function countDigits(word: Int32Array, shift: number, starts: Int32Array, rows: Int32Array, from: number, to: number): boolean {
  const mask = starts.length - 2
  for (let i = from; i < to; i++) starts[((word[rows[i]] >>> shift) & mask) + 1]++
  if (starts[((word[rows[from]] >>> shift) & mask) + 1] === to - from) return false
  starts[0] = from
  for (let digit = 0; digit < mask; digit++) starts[digit + 1] += starts[digit]
  return true
}

function moveRows(
  word: Int32Array,
  shift: number,
  starts: Int32Array,
  source: Int32Array,
  target: Int32Array,
  from: number,
  to: number,
): void {
  const mask = starts.length - 2
  for (let i = from; i < to; i++) {
    const row = source[i]
    target[starts[(word[row] >>> shift) & mask]++] = row
  }
}
