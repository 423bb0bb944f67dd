import { describe, expect, it } from 'vitest'
import { fromJsValue, toJsValue } from '../../src/data/js-value.ts'
import { types } from '../../src/data/type.ts'

const { bool, int64, float64, string, bytes, date, timestamp, array, struct } = types
const point = struct([
  { name: 'x', type: float64, nullable: false },
  { name: 'label', type: string, nullable: true },
])
const failing = (code: string) => expect.objectContaining({ code })

describe('values of functions', () => {
  it('go out and back as they were', () => {
    for (const [type, value] of [
      [bool, true],
      [int64, 42],
      [float64, 1.5],
      [string, 'née 😀'],
      [bytes, Uint8Array.of(1, 2)],
      [date, -1],
      [timestamp, 1_700_000_000_123_000],
      [timestamp, -62_135_596_800_000_000n],
      [array(int64), [1, null]],
      [point, { x: 1, label: null }],
    ] as const) {
      expect(fromJsValue(type, toJsValue(type, value))).toEqual(value)
      expect(fromJsValue(type, toJsValue(type, null))).toBeNull()
    }
  })

  it('look like plain JavaScript', () => {
    expect(toJsValue(date, 0)).toBe('1970-01-01')
    expect(toJsValue(timestamp, -1)).toEqual(new Date(-1))
    expect(toJsValue(array(point), [{ x: 1, label: 'a' }])).toEqual([{ x: 1, label: 'a' }])
  })

  it('keep a field that is called __proto__ a field', () => {
    const type = struct([{ name: '__proto__', type: int64, nullable: false }])
    const out = toJsValue(type, Object.fromEntries([['__proto__', 1]]))
    expect(Object.keys(out as object)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(fromJsValue(type, out))).toBe(Object.prototype)
  })

  it('never round an int64', () => {
    expect(() => toJsValue(int64, 2n ** 53n)).toThrowError(failing('RUN_OVERFLOW'))
    expect(fromJsValue(int64, 2n ** 53n)).toBe(2n ** 53n)
    expect(fromJsValue(int64, 7n)).toBe(7)
    expect(Object.is(fromJsValue(int64, -0), 0)).toBe(true)
    expect(() => fromJsValue(int64, 2n ** 63n)).toThrowError(failing('RUN_OVERFLOW'))
    for (const value of [1.5, 2 ** 53, Number.NaN, '1'])
      expect(() => fromJsValue(int64, value)).toThrowError(failing('DATA_SHAPE_CHANGED'))
  })

  it('take undefined and absent fields as null', () => {
    expect(fromJsValue(string, undefined)).toBeNull()
    expect(fromJsValue(point, { x: 1 })).toEqual({ x: 1, label: null })
    expect(() => fromJsValue(string, null, false)).toThrowError(failing('DATA_SHAPE_CHANGED'))
  })

  it('must have the shape of their type', () => {
    for (const [type, value] of [
      [bool, 1],
      [float64, 1n],
      [string, 1],
      [bytes, 'a'],
      [date, '2026-02-30'],
      [date, new Date()],
      [timestamp, 1],
      [timestamp, new Date(Number.NaN)],
      [array(int64), { length: 0 }],
      [array(int64, false), [null]],
      [point, []],
      [point, new Map()],
      [point, { label: 'a' }],
      [point, { x: 1, z: 2 }],
      [point, () => 1],
    ] as const) {
      expect(() => fromJsValue(type, value), `${type.kind} ${String(value)}`).toThrowError(failing('DATA_SHAPE_CHANGED'))
    }
    expect(() => fromJsValue(array(point), [{ x: 'a' }], true, 'points')).toThrowError(
      "points[0].x: expected float64, found string 'a'",
    )
  })

  it('cannot be texts without UTF-8 form', () => {
    expect(() => fromJsValue(string, '\ud800')).toThrowError(failing('DATA_INVALID_UTF8'))
  })
})
