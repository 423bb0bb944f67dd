import { describe, expect, it } from 'vitest'
import { noPlace } from '../../../src/base/place.ts'
import { type Type, types } from '../../../src/data/type.ts'
import { toValue } from '../../../src/dsl/bind/param-values.ts'

const value = (given: unknown, type: Type) => toValue(given, type, noPlace)

describe('toValue', () => {
  it('keeps every microsecond of a far timestamp: what is no safe integer is a bigint', () => {
    expect(value(new Date('2026-01-01T00:00:00Z'), types.timestamp)).toBe(1_767_225_600_000_000)
    expect(value(new Date('9999-12-31T23:59:59.999Z'), types.timestamp)).toBe(253_402_300_799_999_000n)
    expect(value(new Date('1969-12-31T23:59:59.999Z'), types.date)).toBe(-1)
  })

  it.each([
    [new Date(Number.NaN), types.timestamp, 'expected timestamp, found an invalid Date'],
    [new Date(Number.NaN), types.date, 'expected date, found an invalid Date'],
    [new Date('+012000-01-01'), types.date, 'expected date, found the Date +012000-01-01T00:00:00.000Z'],
    ['a\ud800', types.string, "expected string, found the text 'a\ud800', which has half of a character"],
  ])('refuses %o', (given, type, message) => {
    expect(() => value(given, type)).toThrow(expect.objectContaining({ code: 'PLAN_TYPE_MISMATCH', message }))
  })
})
