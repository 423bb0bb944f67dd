import { roundThree } from './rounding.ts'

/**
 * A superaccumulator: a fixed-point number wide enough for every sum of doubles (Kulisch). Limb i counts multiples of 2^(32·i − 1088)
 * and may be negative; the two slots behind the limbs hold the additions since the last carry and, for the owner, a counter.
 */
export const limbCount = 68
const base = 2 ** 32
/** Additions change a limb by less than 2^33, so that this many stay within safe integers. */
const additionsBeforeCarry = 2 ** 19

export function newLimbs(): Float64Array {
  return new Float64Array(limbCount + 2)
}

const bits = new DataView(new ArrayBuffer(8))

/** Adds x · 2^shift, for a finite x and a shift of at most 31. */
export function addToLimbs(limbs: Float64Array, x: number, shift: number): void {
  if (x === 0) return
  bits.setFloat64(0, x)
  const head = bits.getUint32(0)
  const lowBits = bits.getUint32(4)
  const exponent = (head >>> 20) & 0x7ff
  const highBits = exponent === 0 ? head & 0xfffff : (head & 0xfffff) | 0x100000
  const position = (exponent === 0 ? 1 : exponent) - 1075 + 1088 + shift
  const limb = position >> 5
  const left = position & 31
  // Shifts by 32 are shifts by 0 in JavaScript.
  const lowCarry = left === 0 ? 0 : lowBits >>> (32 - left)
  const highCarry = left === 0 ? 0 : highBits >>> (32 - left)
  const sign = head >>> 31 === 0 ? 1 : -1
  limbs[limb] += sign * ((lowBits << left) >>> 0)
  limbs[limb + 1] += sign * (lowCarry + ((highBits << left) >>> 0))
  limbs[limb + 2] += sign * highCarry
  if (++limbs[limbCount] >= additionsBeforeCarry) normaliseLimbs(limbs)
}

/** Adds the number in `other`, which is normalised on the way. */
export function combineLimbs(limbs: Float64Array, other: Float64Array): void {
  normaliseLimbs(limbs)
  normaliseLimbs(other)
  for (let i = 0; i < limbCount; i++) limbs[i] += other[i]
}

/** Carries, so that all limbs but the last lie in 0 .. 2^32 − 1; the last one has the sign. */
export function normaliseLimbs(limbs: Float64Array): void {
  let carry = 0
  for (let i = 0; i < limbCount - 1; i++) {
    const value = limbs[i] + carry
    carry = Math.floor(value / base)
    limbs[i] = value - carry * base
  }
  limbs[limbCount - 1] += carry
  limbs[limbCount] = 1
}

/** The nearest double, ties to even; an infinity when it lies beyond the largest. Normalises, and may negate. */
export function roundLimbs(limbs: Float64Array): number {
  normaliseLimbs(limbs)
  const negative = limbs[limbCount - 1] < 0
  if (negative) {
    for (let i = 0; i < limbCount; i++) limbs[i] = -limbs[i]
    normaliseLimbs(limbs)
  }
  let top = limbCount - 1
  while (top > 2 && limbs[top] === 0) top--
  let sticky = 0
  for (let i = top - 3; i >= 0; i--) if (limbs[i] !== 0) sticky = 0.5
  // Three limbs hold more bits than a double; half a unit of the last one stands for all below it.
  const value = roundThree(limbs[top] * 2 ** 64, limbs[top - 1] * base, limbs[top - 2] + sticky)
  const exponent = 32 * (top - 2) - 1088
  // 2^exponent itself may be too small for a double where the product is not.
  const scaled = exponent < -900 ? value * 2 ** (exponent + 200) * 2 ** -200 : value * 2 ** exponent
  return negative ? -scaled : scaled
}

/** The whole number of units of 2^-1088. */
export function toUnits(limbs: Float64Array): bigint {
  let units = 0n
  for (let i = limbCount - 1; i >= 0; i--) units = (units << 32n) + BigInt(limbs[i])
  return units
}
