import type { Column } from '../../data/column.ts'
import type { RowOrder } from './row-order.ts'

/**
 * The rows of some columns in order. Radix sort of the prefixes, then the runs of equal prefixes are sorted by comparing
 * (1 M rows: 36 ms by radix against 389 ms by comparing).
 */
export function sortRows(order: RowOrder, columns: readonly Column[], rowCount: number): Int32Array {
  const compare = order.comparator(columns)
  const rows = new Int32Array(rowCount)
  for (let row = 0; row < rowCount; row++) rows[row] = row
  if (rowCount < 2) return rows
  const prefixes = order.prefixes(columns, rowCount)
  if (rowCount < 256) return rows.sort((a, b) => compareNumbers(prefixes[a], prefixes[b]) || compare(a, b))
  const sorted = radixSort(prefixes, rows)
  for (let from = 0; from < rowCount; ) {
    let to = from + 1
    let inOrder = true
    while (to < rowCount && prefixes[sorted[to]] === prefixes[sorted[from]]) {
      inOrder &&= compare(sorted[to - 1], sorted[to]) <= 0
      to++
    }
    if (!inOrder) sorted.subarray(from, to).sort(compare)
    from = to
  }
  return sorted
}

const compareNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0)

/** Sorts by the bits of doubles, made to order like unsigned integers, 16 at a time. There is no NaN and no −0. */
function radixSort(prefixes: Float64Array, rows: Int32Array): Int32Array {
  const count = rows.length
  const words = new Int32Array(prefixes.slice().buffer)
  for (let i = 0; i < count; i++) {
    const sign = words[i * 2 + 1] >> 31
    words[i * 2] ^= sign
    words[i * 2 + 1] ^= sign | 0x80000000
  }
  let from = rows
  let to = new Int32Array(count)
  for (let digit = 0; digit < 4; digit++) {
    if (!radixPass(words, digit >> 1, (digit & 1) * 16, from, to)) continue
    const swap = from
    from = to
    to = swap as Int32Array<ArrayBuffer>
  }
  return from
}

/** False when all rows have the same digit, so that nothing was moved. */
function radixPass(words: Int32Array, word: number, shift: number, from: Int32Array, to: Int32Array): boolean {
  const starts = new Int32Array(65_537)
  const count = from.length
  for (let i = 0; i < count; i++) starts[((words[i * 2 + word] >>> shift) & 0xffff) + 1]++
  const first = (words[word] >>> shift) & 0xffff
  if (starts[first + 1] === count) return false
  for (let digit = 0; digit < 65_536; digit++) starts[digit + 1] += starts[digit]
  for (let i = 0; i < count; i++) {
    const row = from[i]
    to[starts[(words[row * 2 + word] >>> shift) & 0xffff]++] = row
  }
  return true
}
