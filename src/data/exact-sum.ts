import { runError } from '../base/errors.ts'
import { addToLimbs, combineLimbs, limbCount, newLimbs, normaliseLimbs, roundLimbs, toUnits } from './limbs.ts'
import { nearestDouble, roundThree } from './rounding.ts'

/** Lanes of a group that leaves them for more than one row in five cost more than they save. */
const spillsBeforeSwitch = 64
const spillShare = 5

/**
 * Exact sums of float64, one for each of many groups. The result is the true sum rounded once, so it does not depend on the order of the
 * rows, on how they were split, or on rows that came and went again. It is never −0.
 *
 * A group is a floating-point expansion of three lanes (TwoSum, Knuth; Shewchuk 1997). What does not fit into them, and sums beyond the
 * largest double, go to a superaccumulator of 32-bit limbs (Kulisch) which a group gets when it needs one. Infinities and NaN are counted.
 */
export class ExactSums {
  /** Rows of each group, weights included. */
  rows: Float64Array
  // Invariant: the sum of a group's finite rows is high + middle + low + its limbs. A NaN in `high` stands for 0 and says: limbs only.
  #high: Float64Array
  #middle: Float64Array
  #low: Float64Array
  /** NaN, +∞ and −∞ rows of each group, three numbers a group; made with the first of them. */
  #specials: Float64Array | undefined
  readonly #limbs = new Map<number, Float64Array>()

  constructor(groups: number) {
    this.rows = new Float64Array(groups)
    this.#high = new Float64Array(groups)
    this.#middle = new Float64Array(groups)
    this.#low = new Float64Array(groups)
  }

  /** Makes room for groups `0 .. groups`; new ones are empty. */
  reserve(groups: number): void {
    if (groups <= this.rows.length) return
    const size = Math.max(groups, this.rows.length * 2, 16)
    this.rows = grown(this.rows, size)
    this.#high = grown(this.#high, size)
    this.#middle = grown(this.#middle, size)
    this.#low = grown(this.#low, size)
    if (this.#specials !== undefined) this.#specials = grown(this.#specials, size * 3)
  }

  /** Bytes that it holds. */
  get sizeBytes(): number {
    return this.rows.length * 32 + (this.#specials?.byteLength ?? 0) + this.#limbs.size * (limbCount * 8 + 64)
  }

  add(group: number, x: number): void {
    this.rows[group]++
    this.#fold(group, x)
  }

  /** Adds `x` `weight` times; a negative weight takes rows back. */
  addWeighted(group: number, x: number, weight: number): void {
    this.rows[group] += weight
    if (!Number.isFinite(x)) return this.#countSpecial(group, x, weight)
    const signed = weight < 0 ? -x : x
    let left = Math.abs(weight)
    for (let bit = 0; left > 0; bit++, left = Math.floor(left / 2)) {
      if (left % 2 === 0) continue
      const times = signed * 2 ** bit
      if (Number.isFinite(times)) this.#fold(group, times)
      else addToLimbs(this.#limbsOf(group), signed, bit)
    }
  }

  /** Adds row `i` of `values` to group `groups[i]`, for the rows that `nulls` (a column's bits) says are valid. */
  addColumn(groups: Int32Array, values: Float64Array, nulls: Uint8Array | undefined, rowCount: number): void {
    const { rows } = this
    const high = this.#high
    const middle = this.#middle
    for (let i = 0; i < rowCount; i++) {
      if (nulls !== undefined && (nulls[i >> 3] & (1 << (i & 7))) === 0) continue
      const group = groups[i]
      const x = values[i]
      rows[group]++
      // The first steps of `#fold`, by hand: the early exits pay.
      const a = high[group]
      const s = a + x
      const ax = s - a
      const e = a - (s - ax) + (x - ax)
      if (e === 0) {
        high[group] = s
        continue
      }
      const b = middle[group]
      const t = b + e
      const be = t - b
      const f = b - (t - be) + (e - be)
      if (f === 0) {
        high[group] = s
        middle[group] = t
        continue
      }
      this.#fold(group, x)
    }
  }

  /** Adds what `serialise` wrote to `bytes[start .. end)`. */
  mergeSerialised(group: number, bytes: Uint8Array, start = 0, end = bytes.length): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
    const length = end - start
    const at = (index: number) => view.getFloat64(index * 8, true)
    this.rows[group] += at(0)
    for (let lane = 1; lane < 4 && lane * 8 < length; lane++) if (at(lane) !== 0) this.#fold(group, at(lane))
    if (length <= 32) return
    const kinds = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let kind = 0; kind < 3; kind++) if (at(4 + kind) !== 0) this.#countSpecial(group, kinds[kind], at(4 + kind))
    if (length <= 56) return
    const limbs = this.#limbsOf(group)
    normaliseLimbs(limbs)
    const first = at(7)
    for (let i = 8; i * 8 < length; i++) limbs[first + i - 8] += at(i)
  }

  /**
   * The state of a group as bytes: doubles, little-endian. Rows and the lanes up to the last that is not 0; then, when there are any, the
   * counts of NaN, +∞ and −∞; then the index of the first limb and the limbs. Equal sums need not have equal bytes.
   */
  serialise(group: number): Uint8Array {
    const high = this.#high[group]
    const lanes = [Number.isNaN(high) ? 0 : high, this.#middle[group], this.#low[group]]
    const specials = this.#specialsOf(group)
    const limbs = this.#limbs.get(group)
    const numbers = [this.rows[group], ...lanes]
    if (limbs !== undefined) {
      normaliseLimbs(limbs)
      let first = 0
      while (first < limbCount && limbs[first] === 0) first++
      let last = limbCount
      while (last > first && limbs[last - 1] === 0) last--
      numbers.push(...specials, first, ...limbs.subarray(first, last))
    } else if (specials.some((count) => count !== 0)) numbers.push(...specials)
    else while (numbers.length > 2 && numbers[numbers.length - 1] === 0) numbers.pop()
    const bytes = new Uint8Array(numbers.length * 8)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < numbers.length; i++) view.setFloat64(i * 8, numbers[i], true)
    return bytes
  }

  /** The sum of a group, rounded to nearest; 0 for no rows. Finite rows whose sum is no double are `RUN_OVERFLOW`. */
  result(group: number): number {
    const special = this.#special(group)
    if (special !== undefined) return special
    const limbs = this.#limbs.get(group)
    let sum =
      limbs === undefined
        ? roundThree(this.#high[group], this.#middle[group], this.#low[group])
        : roundLimbs(this.#allLimbs(group))
    // Lanes just below the largest double may overflow on the way to a sum that does not.
    if (!Number.isFinite(sum) && limbs === undefined) sum = roundLimbs(this.#allLimbs(group))
    if (!Number.isFinite(sum)) throw runError('RUN_OVERFLOW', 'sum of float64 is greater than the largest double')
    return sum + 0
  }

  /** The mean of a group: the exact sum divided by the number of rows, rounded once. NaN for no rows. */
  average(group: number): number {
    const special = this.#special(group)
    if (special !== undefined) return special
    const rows = this.rows[group]
    if (rows <= 0) return Number.NaN
    const high = this.#high[group]
    if (this.#middle[group] === 0 && this.#low[group] === 0 && !this.#limbs.has(group)) return high / rows + 0
    return nearestDouble(toUnits(this.#allLimbs(group)), BigInt(rows), -1088) + 0
  }

  #fold(group: number, x: number): void {
    const a = this.#high[group]
    const s = a + x
    const ax = s - a
    const e = a - (s - ax) + (x - ax)
    if (e === 0) {
      this.#high[group] = s
      return
    }
    if (e - e !== 0) return this.#foldSlowly(group, x)
    const b = this.#middle[group]
    const t = b + e
    const be = t - b
    const f = b - (t - be) + (e - be)
    this.#high[group] = s
    this.#middle[group] = t
    if (f === 0) return
    const c = this.#low[group]
    const u = c + f
    const cf = u - c
    const g = c - (u - cf) + (f - cf)
    this.#low[group] = u
    if (g !== 0) this.#spill(group, g)
  }

  /** Rows that make a lane overflow, that are not finite, or whose group has no lanes any more. */
  #foldSlowly(group: number, x: number): void {
    if (Number.isFinite(x)) addToLimbs(this.#limbsOf(group), x, 0)
    else this.#countSpecial(group, x, 1)
  }

  #spill(group: number, rest: number): void {
    const limbs = this.#limbsOf(group)
    addToLimbs(limbs, rest, 0)
    const spills = ++limbs[limbCount + 1]
    if (spills < spillsBeforeSwitch || spills * spillShare < this.rows[group]) return
    for (const lane of [this.#high, this.#middle, this.#low]) {
      addToLimbs(limbs, lane[group], 0)
      lane[group] = 0
    }
    this.#high[group] = Number.NaN
  }

  #limbsOf(group: number): Float64Array {
    let limbs = this.#limbs.get(group)
    if (limbs === undefined) this.#limbs.set(group, (limbs = newLimbs()))
    return limbs
  }

  /** Lanes and limbs of a group together, in a fresh array. */
  #allLimbs(group: number): Float64Array {
    const all = newLimbs()
    const limbs = this.#limbs.get(group)
    if (limbs !== undefined) combineLimbs(all, limbs)
    for (const lane of [this.#high, this.#middle, this.#low]) if (!Number.isNaN(lane[group])) addToLimbs(all, lane[group], 0)
    return all
  }

  #countSpecial(group: number, x: number, weight: number): void {
    this.#specials ??= new Float64Array(this.rows.length * 3)
    this.#specials[group * 3 + (Number.isNaN(x) ? 0 : x > 0 ? 1 : 2)] += weight
  }

  #specialsOf(group: number): readonly number[] {
    return this.#specials === undefined ? [0, 0, 0] : [...this.#specials.subarray(group * 3, group * 3 + 3)]
  }

  #special(group: number): number | undefined {
    if (this.#specials === undefined) return undefined
    const [nan, plus, minus] = this.#specialsOf(group)
    if (nan !== 0 || (plus !== 0 && minus !== 0)) return Number.NaN
    return plus !== 0 ? Number.POSITIVE_INFINITY : minus !== 0 ? Number.NEGATIVE_INFINITY : undefined
  }
}

function grown(array: Float64Array, size: number): Float64Array {
  const larger = new Float64Array(size)
  larger.set(array)
  return larger
}
