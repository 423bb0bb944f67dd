import { describe, expect, it } from 'vitest'
import { type Type, types, type Value } from '../../../src/data/type.ts'
import { callAggregate, inf, maxInt, minInt, nan } from './call.ts'

const { bool, int64, float64, string, array } = types
const cases: readonly (readonly [string, readonly Type[], readonly (readonly Value[])[], Value | string])[] = [
  ['count', [], [[], []], 2],
  ['count', [int64], [[1], [null]], 1],
  ['count', [int64], [], 0],
  ['countif', [bool], [[true], [false], [null]], 1],
  ['sum', [int64], [[1], [null], [2]], 3],
  ['sum', [int64], [], null],
  ['sum', [int64], [[maxInt], [maxInt], [minInt], [minInt]], -2],
  ['sum', [int64], [[maxInt], [1]], 'RUN_OVERFLOW'],
  ['sum', [float64], [[0.1], [0.2], [0.3]], 0.6],
  ['sum', [float64], [[1e308], [1e308], [-1e308]], 1e308],
  ['sum', [float64], [[1e308], [1e308]], 'RUN_OVERFLOW'],
  ['sum', [float64], [[-0]], 0],
  ['sum', [float64], [[inf], [-inf]], nan],
  ['sum', [string], [['a']], 'no signature'],
  ['avg', [int64], [[1], [2]], 1.5],
  ['avg', [int64], [[maxInt], [maxInt]], 2 ** 63],
  ['avg', [int64], [[2n ** 53n], [2n ** 53n + 1n], [2n ** 53n + 2n]], 2 ** 53],
  ['avg', [float64], [[1e308], [1e308]], 1e308],
  ['avg', [float64], [[null]], null],
  ['min', [string], [['\uffff'], ['😀'], [null]], '\uffff'],
  ['max', [string], [['\uffff'], ['😀']], '😀'],
  ['min', [float64], [[1], [nan]], nan],
  ['max', [float64], [[nan], [1]], nan],
  ['max', [float64], [[-0], [-0]], 0],
  ['min', [int64], [], null],
  ['max', [bool], [[false], [true]], true],
  ['min', [array(int64)], [[[1]]], 'no signature'],
  ['any_value', [array(int64)], [[[2]], [[1, 5]], [null]], [1, 5]],
  ['string_agg', [string], [['b'], ['a'], [null]], 'a,b'],
  [
    'string_agg',
    [string, string],
    [
      ['b', '; '],
      ['a', '; '],
    ],
    'a; b',
  ],
  [
    'string_agg',
    [string, string],
    [
      ['b', null],
      ['a', null],
    ],
    'a,b',
  ],
  ['string_agg', [string], [], null],
  ['array_agg', [int64], [[2], [null], [1]], [null, 1, 2]],
  ['array_agg', [float64], [[1], [nan], [-0]], [nan, 0, 1]],
  ['array_agg', [int64], [], null],
  ['logical_and', [bool], [[true], [null]], true],
  ['logical_and', [bool], [[true], [false]], false],
  ['logical_or', [bool], [[false], [true]], true],
  ['logical_or', [bool], [[null]], null],
]

describe('aggregate functions', () => {
  for (const [name, args, rows, result] of cases) {
    const shown = rows.map((row) => row.map((value) => (value === null ? 'null' : String(value))).join(' ')).join(', ')
    it(`${name} of ${shown || 'no rows'} (${args.map((type) => type.kind).join()})`, () => {
      expect(callAggregate(name, args, rows)).toEqual(result)
      expect(callAggregate(name, args, rows.toReversed())).toEqual(result)
    })
  }
})
