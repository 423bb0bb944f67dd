const bits = new DataView(new ArrayBuffer(8))

/**
 * a + b + c rounded once to the nearest double, unless a partial sum overflows: then not finite.
 * Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008): the tail is
 * rounded to odd, which keeps the information whether it was exact.
 */
export function roundThree(a: number, b: number, c: number): number {
  const u = b + c
  const bc = u - b
  const uTail = b - (u - bc) + (c - bc)
  const t = a + u
  const au = t - a
  const tTail = a - (t - au) + (u - au)
  return t + addToOdd(tTail, uTail)
}

/** a + b, rounded to the neighbour with an odd significand when it is not exact. */
function addToOdd(a: number, b: number): number {
  const s = a + b
  const ab = s - a
  const e = a - (s - ab) + (b - ab)
  if (e === 0) return s
  bits.setFloat64(0, s)
  const low = bits.getUint32(4)
  if ((low & 1) === 1) return s
  // s is even and so not odd-rounded: step to the neighbour on the side of the error.
  if (e > 0 === s > 0) bits.setUint32(4, low + 1)
  else {
    bits.setUint32(4, low - 1)
    if (low === 0) bits.setUint32(0, bits.getUint32(0) - 1)
  }
  return bits.getFloat64(0)
}

/** The double nearest to `dividend / divisor · 2^exponent`, ties to even, for a divisor above 0. */
export function nearestDouble(dividend: bigint, divisor: bigint, exponent = 0): number {
  if (dividend < 0n) return -nearestDouble(-dividend, divisor, exponent)
  if (dividend === 0n) return 0
  const shift = Math.max(0, 66 + bitLength(divisor) - bitLength(dividend))
  const scaled = dividend << BigInt(shift)
  const quotient = scaled / divisor
  const exact = quotient * divisor === scaled
  const size = bitLength(quotient)
  // Doubles below 2^-1022 have fewer than 53 bits: none reaches below 2^-1074.
  const precision = Math.min(53, size + exponent - shift + 1074)
  if (precision < 0) return 0
  const dropped = size - precision
  const kept = quotient >> BigInt(dropped)
  const rest = quotient - (kept << BigInt(dropped))
  const half = 1n << BigInt(dropped - 1)
  const up = rest > half || (rest === half && (!exact || (kept & 1n) === 1n))
  const power = dropped + exponent - shift
  const rounded = Number(up ? kept + 1n : kept)
  return power < -900 ? rounded * 2 ** (power + 200) * 2 ** -200 : rounded * 2 ** power
}

function bitLength(value: bigint): number {
  const hex = value.toString(16)
  return hex.length * 4 - Math.clz32(Number.parseInt(hex[0], 16)) + 28
}
