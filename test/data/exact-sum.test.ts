import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactSums } from '../../src/data/exact-sum.ts'

const view = new DataView(new ArrayBuffer(8))

/** A double as a whole number of 2^-1074. */
function units(x: number): bigint {
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const exponent = (bits >> 52n) & 0x7ffn
  const significand = exponent === 0n ? bits & (2n ** 52n - 1n) : (bits & (2n ** 52n - 1n)) | (2n ** 52n)
  const size = exponent === 0n ? significand : significand << (exponent - 1n)
  return x < 0 ? -size : size
}

function neighbour(x: number, step: bigint): number {
  view.setFloat64(0, x)
  view.setBigUint64(0, view.getBigUint64(0) + step)
  return view.getFloat64(0)
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b
}

/** Is `x` the double nearest to `dividend / divisor` units, ties to even? By the definition: no neighbour is nearer. */
function expectNearest(x: number, dividend: bigint, divisor = 1n): void {
  expect(Object.is(x, -0)).toBe(false)
  const far = distance(units(x) * divisor, dividend)
  const magnitude = Math.abs(x)
  for (const other of x === 0 ? [Number.MIN_VALUE, -Number.MIN_VALUE] : [neighbour(magnitude, 1n), neighbour(magnitude, -1n)]) {
    if (!Number.isFinite(other)) continue
    const signed = x < 0 ? -other : other
    const otherFar = distance(units(signed) * divisor, dividend)
    view.setFloat64(0, x)
    if (far > otherFar || (far === otherFar && (view.getUint8(7) & 1) === 1)) throw new Error(`${signed} is nearer than ${x}`)
  }
}

const decades = fc
  .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -30, max: 30 }))
  .map(([x, e]) => x * 10 ** e)
const denormal = fc.integer({ min: -1000, max: 1000 }).map((n) => n * Number.MIN_VALUE)
const money = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100)
const powers = fc.tuple(fc.integer({ min: -1074, max: 1023 }), fc.boolean()).map(([e, sign]) => (sign ? -1 : 1) * 2 ** e)
const huge = fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 1e308, -1e308, 2 ** 1023, -(2 ** 1023))
const finite = fc.oneof(
  decades,
  denormal,
  money,
  powers,
  huge,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(-0),
)
const columns = fc.oneof(
  ...[money, decades, denormal, powers, huge, finite].map((one) => fc.array(one, { minLength: 1, maxLength: 200 })),
  fc.array(decades, { minLength: 300, maxLength: 600 }),
)

function sumOf(values: readonly number[]): ExactSums {
  const sums = new ExactSums(1)
  for (const x of values) sums.add(0, x)
  return sums
}

function outcome(read: () => number): number | string {
  try {
    return read()
  } catch (error) {
    return (error as { code: string }).code
  }
}

const limit = units(Number.MAX_VALUE) + units(2 ** 970) / 2n

function expectSum(sums: ExactSums, values: readonly number[]): void {
  const exact = values.reduce((sum, x) => sum + units(x), 0n)
  const result = outcome(() => sums.result(0))
  if (typeof result === 'string') {
    expect(result).toBe('RUN_OVERFLOW')
    expect((exact < 0n ? -exact : exact) >= limit).toBe(true)
  } else expectNearest(result, exact)
}

describe('ExactSums', () => {
  it('rounds the true sum once', () => {
    fc.assert(
      fc.property(columns, (values) => expectSum(sumOf(values), values)),
      { numRuns: 400 },
    )
  })

  it('rounds the true mean once, also where the sum is no double', () => {
    fc.assert(
      fc.property(columns, (values) => {
        const exact = values.reduce((sum, x) => sum + units(x), 0n)
        expectNearest(sumOf(values).average(0), exact, BigInt(values.length))
      }),
      { numRuns: 400 },
    )
  })

  it('gives the same bits for every order and every partition', () => {
    fc.assert(
      fc.property(columns, fc.integer({ min: 1, max: 64 }), fc.infiniteStream(fc.nat()), (values, parts, random) => {
        const dice = () => random.next().value as number
        const shuffled = values.map((x) => ({ x, at: dice() })).sort((a, b) => a.at - b.at)
        const partial = new ExactSums(parts)
        for (const { x } of shuffled) partial.add(dice() % parts, x)
        const states = Array.from({ length: parts }, (_, part) => partial.serialise(part))
        states.sort(() => (dice() % 2) - 0.5)
        const whole = new ExactSums(1)
        for (const state of states) whole.mergeSerialised(0, state)
        expect(outcome(() => whole.result(0))).toBe(outcome(() => sumOf(values).result(0)))
        expect(whole.average(0)).toBe(sumOf(values).average(0))
        expect(whole.rows[0]).toBe(values.length)
      }),
      { numRuns: 300 },
    )
  })

  it('forgets rows that were taken back', () => {
    fc.assert(
      fc.property(columns, columns, (kept, gone) => {
        const sums = sumOf(kept)
        for (const x of gone) sums.addWeighted(0, x, 3)
        for (const x of gone) sums.addWeighted(0, x, -3)
        expectSum(sums, kept)
        expect(sums.rows[0]).toBe(kept.length)
      }),
      { numRuns: 200 },
    )
  })

  it('takes a weight as that many rows', () => {
    fc.assert(
      fc.property(finite, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (x, weight) => {
        const sums = new ExactSums(1)
        sums.addWeighted(0, x, weight)
        const exact = units(x) * BigInt(weight)
        const result = outcome(() => sums.result(0))
        if (typeof result === 'number') expectNearest(result, exact)
        else expect((exact < 0n ? -exact : exact) >= limit).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('goes beyond the largest double and back', () => {
    expect(sumOf([1e308, 1e308, -1e308]).result(0)).toBe(1e308)
    expect(sumOf([1e308, 1e308, 1e308, -1e308, -1e308, -1e308, 5e-324]).result(0)).toBe(5e-324)
    expect(() => sumOf([1e308, 1e308]).result(0)).toThrowError(expect.objectContaining({ code: 'RUN_OVERFLOW' }))
    expect(sumOf([1e308, 1e308]).average(0)).toBe(1e308)
  })

  it('sums infinities and NaN as IEEE does, and forgets them again', () => {
    expect(sumOf([1, Infinity]).result(0)).toBe(Infinity)
    expect(sumOf([1, -Infinity]).average(0)).toBe(-Infinity)
    expect(sumOf([Infinity, -Infinity]).result(0)).toBeNaN()
    const sums = sumOf([2, Number.NaN, 1e300, Infinity, 1e-300, -1e300])
    expect(sums.result(0)).toBeNaN()
    const merged = new ExactSums(1)
    merged.mergeSerialised(0, sums.serialise(0))
    merged.addWeighted(0, Number.NaN, -1)
    expect(merged.result(0)).toBe(Infinity)
    merged.addWeighted(0, Infinity, -1)
    merged.addWeighted(0, 1e-300, -1)
    expect(merged.result(0)).toBe(2)
    expect(merged.rows[0]).toBe(3)
  })

  it('is never negative zero', () => {
    expect(Object.is(sumOf([-0, -0]).result(0), 0)).toBe(true)
    expect(Object.is(sumOf([1, -1]).result(0), 0)).toBe(true)
    expect(Object.is(sumOf([-5e-324, -0]).average(0), 0)).toBe(true)
  })

  it('adds a column to its groups, past nulls, as row by row', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(6), fc.oneof(finite, fc.constantFrom(Number.NaN, Infinity)), fc.boolean()), { maxLength: 300 }),
        (rows) => {
          const byColumn = new ExactSums(1)
          byColumn.reserve(7)
          const byRow = new ExactSums(7)
          const nulls = new Uint8Array((rows.length + 7) >> 3)
          rows.forEach(([group, x, valid], i) => {
            if (!valid) return
            nulls[i >> 3] |= 1 << (i & 7)
            byRow.add(group, x)
          })
          byColumn.addColumn(
            Int32Array.from(rows, ([group]) => group),
            Float64Array.from(rows, ([, x]) => x),
            nulls,
            rows.length,
          )
          for (let group = 0; group < 7; group++) {
            expect(outcome(() => byColumn.result(group))).toBe(outcome(() => byRow.result(group)))
            expect(byColumn.rows[group]).toBe(byRow.rows[group])
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
