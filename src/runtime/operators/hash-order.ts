/**
 * The numbers 0 .. count − 1 ordered by (hi, lo) as unsigned words, then by `compareTies`.
 * Radix sort by 16 bits of `hi` twice; the few that agree there are ordered by insertion.
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
  radixPass(hi, 0, scratch, order)
  radixPass(hi, 16, order, scratch)
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

function radixPass(keys: Int32Array, shift: number, from: Int32Array, to: Int32Array): void {
  const starts = new Int32Array(65_537)
  for (let i = 0; i < from.length; i++) starts[((keys[i] >>> shift) & 0xffff) + 1]++
  for (let digit = 0; digit < 65_536; digit++) starts[digit + 1] += starts[digit]
  for (let i = 0; i < from.length; i++) to[starts[(keys[from[i]] >>> shift) & 0xffff]++] = from[i]
}

function compare(lo: Int32Array, hi: Int32Array, a: number, b: number, compareTies: (a: number, b: number) => number): number {
  return (hi[a] >>> 0) - (hi[b] >>> 0) || (lo[a] >>> 0) - (lo[b] >>> 0) || compareTies(a, b)
}
