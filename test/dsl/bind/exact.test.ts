import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addExact,
  exactToFloat64,
  exactToInt64,
  formatExact,
  multiplyExact,
  negateExact,
  parseExact,
} from '../../../src/dsl/bind/exact.ts'
import { at } from './fixtures.ts'

const exact = (text: string) => parseExact(text, at)

describe('exact constants', () => {
  it('read every spelling of a number', () => {
    expect(['12', '1.50', '.5', '5.', '1e3', '1.5e-2', '0xfF', '1E+2'].map((text) => formatExact(exact(text)))).toEqual([
      '12',
      '1.50',
      '0.5',
      '5',
      '1000',
      '0.015',
      '255',
      '100',
    ])
    expect(['12', '1.', '1e3'].map((text) => exact(text).fraction)).toEqual([false, true, true])
  })

  it('refuse what is none', () => {
    for (const text of ['', '.', '1x', '1e', '--1'])
      expect(() => exact(text)).toThrow(expect.objectContaining({ code: 'PLAN_CONSTANT' }))
  })

  it('compute without rounding', () => {
    expect(exactToFloat64(addExact(exact('0.1'), exact('0.2')), at)).toBe(0.3)
    expect(formatExact(multiplyExact(exact('0.1'), negateExact(exact('0.03'))))).toBe('-0.003')
  })

  it('become the nearest double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (double) => {
        expect(exactToFloat64(exact(String(double)), at)).toBe(double + 0)
      }),
    )
  })

  it('become int64 exactly or not at all', () => {
    expect(exactToInt64(exact('9223372036854775807'), at)).toBe(9223372036854775807n)
    expect(exactToInt64(negateExact(exact('9223372036854775808')), at)).toBe(-9223372036854775808n)
    expect(exactToInt64(exact('2.0'), at)).toBe(2)
    for (const text of ['9223372036854775808', '1.5'])
      expect(() => exactToInt64(exact(text), at)).toThrow(expect.objectContaining({ code: 'PLAN_TYPE_MISMATCH' }))
  })
})
