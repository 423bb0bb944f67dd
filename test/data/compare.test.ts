import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalValue, compareBytes, compareStrings, compareValues, valueKey } from '../../src/data/compare.ts'
import { type Type, types, type Value } from '../../src/data/type.ts'

const { bool, int64, float64, string, bytes, array, struct } = types
const point = struct([
  { name: 'x', type: float64, nullable: true },
  { name: 's', type: string, nullable: true },
])
const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed())
const floats = fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, 1))
const nullable = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null, freq: 4 })
const samples: readonly (readonly [Type, fc.Arbitrary<Value>])[] = [
  [bool, nullable(fc.boolean())],
  [int64, nullable(fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n })))],
  [float64, nullable(floats)],
  [string, nullable(text)],
  [bytes, nullable(fc.uint8Array({ maxLength: 3 }))],
  [array(float64), nullable(fc.array(nullable(floats), { maxLength: 3 }))],
  [point, nullable(fc.record({ x: nullable(floats), s: nullable(fc.constantFrom('', 'a')) }))],
]
const sign = (order: number): number => Math.sign(order) + 0

describe('compareValues', () => {
  for (const [type, values] of samples) {
    it(`is a total order of ${type.kind}, and equal exactly where keys are`, () => {
      fc.assert(
        fc.property(values, values, values, (a, b, c) => {
          const order = sign(compareValues(type, a, b))
          expect(sign(compareValues(type, b, a))).toBe(sign(-order))
          expect(compareValues(type, a, a)).toBe(0)
          if (order <= 0 && compareValues(type, b, c) <= 0) expect(compareValues(type, a, c)).toBeLessThanOrEqual(0)
          expect(valueKey(type, a) === valueKey(type, b)).toBe(order === 0)
          expect(compareValues(type, a, canonicalValue(type, a))).toBe(0)
        }),
      )
    })
  }

  it('puts null before NaN before numbers, and prefixes first', () => {
    const values = [2, Number.NaN, null, -Infinity, 0]
    expect(values.toSorted((a, b) => compareValues(float64, a, b))).toEqual([null, Number.NaN, -Infinity, 0, 2])
    expect(compareValues(array(int64), [], [null])).toBeLessThan(0)
    expect(compareValues(array(int64), [1], [1, 0])).toBeLessThan(0)
  })
})

describe('compareStrings', () => {
  it('orders texts as their UTF-8 bytes', () => {
    const encoder = new TextEncoder()
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(sign(compareStrings(a, b))).toBe(sign(compareBytes(encoder.encode(a), encoder.encode(b))))
      }),
    )
    expect(compareStrings('\uffff', '😀')).toBeLessThan(0)
  })
})

describe('canonicalValue', () => {
  it('has no negative zero, however deep', () => {
    expect(canonicalValue(array(point), [{ x: -0, s: null }])).toEqual([{ x: 0, s: null }])
  })
})
