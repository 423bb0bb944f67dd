import { describe, expect, it } from 'vitest'
import type { Column, LaneColumn } from '../../src/data/column.ts'
import { hashRows, partitionOf } from '../../src/data/key.ts'
import { batchFromRows } from '../../src/data/read.ts'
import type { Type, Value } from '../../src/data/type.ts'
import { types } from '../../src/data/type.ts'
import { schemaOf } from './random-batch.ts'

const columnOf = (type: Type, values: readonly Value[]): Column =>
  batchFromRows(
    schemaOf(type),
    values.map((value) => [value]),
  ).columns[0]

function hashes(columns: readonly Column[]): string[] {
  const rows = columns[0].length
  const lo = new Int32Array(rows)
  const hi = new Int32Array(rows)
  hashRows(columns, rows, 42, lo, hi)
  return [...lo].map((low, row) => `${hi[row]}:${low}`)
}

describe('hashRows', () => {
  it('hashes equal keys alike whatever stores them', () => {
    const texts = columnOf(types.string, ['a', 'bb', null, 'a'])
    const dictionary: Column = {
      store: 'dictionary',
      type: types.string,
      length: 4,
      nulls: texts.nulls,
      codes: Int32Array.of(1, 0, 0, 2),
      values: columnOf(types.string, ['bb', 'a', 'a']),
    }
    expect(hashes([dictionary])).toEqual(hashes([texts]))
    expect(hashes([texts, dictionary])).toEqual(hashes([texts, texts]))
    const narrow = columnOf(types.int64, [5, -3, 0])
    const wide = { ...narrow, values: BigInt64Array.of(5n, -3n, 0n) } as LaneColumn
    expect(hashes([wide])).toEqual(hashes([narrow]))
    const [zero, minusZero, nan, otherNan] = hashes([
      { store: 'lane', type: types.float64, length: 4, values: Float64Array.of(0, -0, Number.NaN, -Number.NaN) },
    ])
    expect(minusZero).toBe(zero)
    expect(otherNan).toBe(nan)
  })

  it('tells many short keys apart, and spreads them over partitions', () => {
    const words = Array.from({ length: 200_000 }, (_, i) => i.toString(36))
    const numbers = Array.from({ length: 200_000 }, (_, i) => i * 4096)
    for (const column of [columnOf(types.string, words), columnOf(types.int64, numbers)]) {
      const lo = new Int32Array(column.length)
      const hi = new Int32Array(column.length)
      hashRows([column], column.length, 7, lo, hi)
      expect(new Set([...lo].map((low, row) => `${low}:${hi[row]}`)).size).toBe(column.length)
      const counts = new Array(16).fill(0)
      const slots = new Array(16).fill(0)
      for (let row = 0; row < column.length; row++) {
        counts[partitionOf(hi[row], 16)]++
        slots[lo[row] & 15]++
      }
      for (const count of [...counts, ...slots]) expect(Math.abs(count / 12_500 - 1)).toBeLessThan(0.06)
    }
  })
})
