/**
 * The numbers 0 .. count − 1 ordered by (hi, lo) as unsigned words, then by `compareTies`.
 * Radix sort by `hi`; the few that agree there are ordered by insertion.
 */
export function orderByHash(
  lo: Int32Array,
  hi: Int32Array,
  count: number,
  compareTies: (a: number, b: number) => number,
): Int32Array {
  if (count < 64) return orderFew(lo, hi, count, compareTies)
  const order = new Int32Array(count)
  const scratch = new Int32Array(count)
  for (let i = 0; i < count; i++) scratch[i] = i
  // Small sets are not worth 65,536 counters.
  const bits = count < 2 ** 14 ? 8 : 16
  for (let shift = 0; shift < 32; shift += 2 * bits) {
    radixPass(hi, shift, bits, scratch, order)
    radixPass(hi, shift + bits, bits, order, scratch)
  }
  for (let i = 1; i < count; i++) {
    const item = scratch[i]
    let at = i
    while (at > 0 && hi[scratch[at - 1]] === hi[item] && compare(lo, hi, scratch[at - 1], item, compareTies) > 0) {
      scratch[at] = scratch[at - 1]
      at--
    }
    scratch[at] = item
  }
  return scratch
}

function orderFew(lo: Int32Array, hi: Int32Array, count: number, compareTies: (a: number, b: number) => number): Int32Array {
  const order = Array.from({ length: count }, (_, i) => i)
  return Int32Array.from(order.sort((a, b) => compare(lo, hi, a, b, compareTies)))
}

function radixPass(keys: Int32Array, shift: number, bits: number, from: Int32Array, to: Int32Array): void {
  const digits = 1 << bits
  const starts = new Int32Array(digits + 1)
  for (let i = 0; i < from.length; i++) starts[((keys[i] >>> shift) & (digits - 1)) + 1]++
  for (let digit = 0; digit < digits; digit++) starts[digit + 1] += starts[digit]
  for (let i = 0; i < from.length; i++) to[starts[(keys[from[i]] >>> shift) & (digits - 1)]++] = from[i]
}

function compare(lo: Int32Array, hi: Int32Array, a: number, b: number, compareTies: (a: number, b: number) => number): number {
  return (hi[a] >>> 0) - (hi[b] >>> 0) || (lo[a] >>> 0) - (lo[b] >>> 0) || compareTies(a, b)
}
