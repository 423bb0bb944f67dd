import { describe, expect, it } from 'vitest'
import { parseDate, parseTimestamp } from '../../../src/data/civil.ts'
import { formatType, type Type, types, type Value } from '../../../src/data/type.ts'
import { canCast } from '../../../src/ir/functions/cast.ts'
import { callMayFail, findFunction } from '../../../src/ir/functions/catalogue.ts'
import type { ScalarFunction } from '../../../src/ir/functions/define.ts'
import { callScalar, inf, maxInt, minInt, nan } from './call.ts'

const { bool, int64, float64, string, bytes, date, timestamp, array, struct } = types
const fails = 'RUN_CAST'
const cases: readonly (readonly [Type, Value, Type, Value | string])[] = [
  [bool, true, int64, 1],
  [bool, false, string, 'false'],
  [int64, 0, bool, false],
  [int64, minInt, bool, true],
  [int64, 2n ** 53n + 1n, float64, 2 ** 53],
  [int64, maxInt, string, '9223372036854775807'],
  [float64, 2.5, int64, 3],
  [float64, -2.5, int64, -3],
  [float64, -0.2, int64, 0],
  [float64, 2 ** 62, int64, 2n ** 62n],
  [float64, 2 ** 63, int64, fails],
  [float64, -(2 ** 63), int64, minInt],
  [float64, nan, int64, fails],
  [float64, inf, int64, fails],
  [float64, 3, string, '3'],
  [float64, 0.1, string, '0.1'],
  [float64, -0, string, '0'],
  [float64, 1e21, string, '1e+21'],
  [float64, nan, string, 'nan'],
  [float64, inf, string, 'inf'],
  [float64, -inf, string, '-inf'],
  [string, 'TRUE', bool, true],
  [string, 'yes', bool, fails],
  [string, '-42', int64, -42],
  [string, '+7', int64, 7],
  [string, '-0', int64, 0],
  [string, '9223372036854775807', int64, maxInt],
  [string, '9223372036854775808', int64, fails],
  [string, '0000000000000000000001', int64, 1],
  [string, '1.0', int64, fails],
  [string, ' 1', int64, fails],
  [string, '', int64, fails],
  [string, '0x10', int64, fails],
  [string, '1e3', float64, 1000],
  [string, '.5', float64, 0.5],
  [string, '5.', float64, 5],
  [string, '-Infinity', float64, -inf],
  [string, 'nan', float64, nan],
  [string, '1e999', float64, fails],
  [string, '', float64, fails],
  [string, '1 ', float64, fails],
  [string, '.', float64, fails],
  [string, 'é', bytes, Uint8Array.of(0xc3, 0xa9)],
  [bytes, Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), string, '\ufeffa'],
  [bytes, Uint8Array.of(0xff), string, fails],
  [string, '2024-02-29', date, parseDate('2024-02-29') ?? null],
  [string, '2024-2-29', date, fails],
  [string, '2024-02-29 01:02:03+01', timestamp, parseTimestamp('2024-02-29T00:02:03Z') ?? null],
  [string, 'now', timestamp, fails],
  [date, -1, string, '1969-12-31'],
  [date, -1, timestamp, -86_400_000_000],
  [timestamp, -1, date, -1],
  [timestamp, -1, string, '1969-12-31T23:59:59.999999Z'],
  [array(int64), [1, null], array(string), ['1', null]],
  [array(string), ['1', 'x'], array(int64), fails],
  [
    struct([{ name: 'a', type: int64, nullable: true }]),
    { a: 1 },
    struct([{ name: 'b', type: string, nullable: true }]),
    { b: '1' },
  ],
]

describe('cast', () => {
  for (const [from, value, to, result] of cases) {
    it(`from ${formatType(from)} ${String(value)} to ${formatType(to)}`, () => {
      expect(callScalar('cast', [{ type: from, value }], to)).toEqual(result)
      expect(callScalar('safe_cast', [{ type: from, value }], to)).toEqual(result === fails ? null : result)
      expect(callScalar('cast', [{ type: from, value: null }], to)).toBeNull()
      expect(canCast(from, to)).toBe(true)
      const cast = findFunction('cast') as ScalarFunction
      if (result === fails) expect(callMayFail(cast, { args: [from], returns: to })).toBe(true)
    })
  }

  it('is refused between types that have nothing in common', () => {
    for (const [from, to] of [
      [bool, date],
      [int64, timestamp],
      [float64, bool],
      [date, int64],
      [array(int64), string],
      [string, array(string)],
    ] as const) {
      expect(canCast(from, to), `${formatType(from)} to ${formatType(to)}`).toBe(false)
    }
  })

  it('never fails where every value has its counterpart', () => {
    const cast = findFunction('cast') as ScalarFunction
    for (const [from, to] of [
      [int64, float64],
      [int64, string],
      [date, timestamp],
      [string, bytes],
      [array(int64), array(float64)],
    ] as const) {
      expect(callMayFail(cast, { args: [from], returns: to })).toBe(false)
    }
  })
})
