import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareValues, valueKey } from '../../../src/data/compare.ts'
import type { Schema, Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import type { PhysicalSortKey } from '../../../src/ir/physical.ts'
import { anyValueOf, everyType, schemaOf } from '../../data/random-batch.ts'
import { allRows, cut, feedsOf, runOperator } from '../harness.ts'

/** The meaning: sort keys, then all other columns ascending with nulls first. */
function naive(by: readonly PhysicalSortKey[], fields: Schema, rows: readonly Value[][]): Value[][] {
  const rest = fields
    .map((_, column) => ({ column, desc: false, nullsFirst: true }))
    .filter(({ column }) => !by.some((key) => key.column === column))
  return [...rows].sort((a, b) => {
    for (const { column, desc, nullsFirst } of [...by, ...rest]) {
      const [x, y] = [a[column], b[column]]
      if (x === null || y === null) {
        if (x !== y) return (x === null) === nullsFirst ? -1 : 1
        continue
      }
      const order = compareValues(fields[column].type, x, y)
      if (order !== 0) return desc ? -order : order
    }
    return 0
  })
}

const keyed = (fields: Schema, rows: readonly Value[][]) =>
  rows.map((row) => row.map((value, i) => valueKey(fields[i].type, value)).join(' | '))

const cases = fc.tuple(fc.constantFrom(...everyType), fc.constantFrom(...everyType)).chain(([a, b]) => {
  const fields = schemaOf(a, b, types.int64)
  const pool = fields.map((field) => fc.array(anyValueOf(field.type), { minLength: 1, maxLength: 6 }))
  const key = (column: number) => fc.record({ column: fc.constant(column), desc: fc.boolean(), nullsFirst: fc.boolean() })
  return fc.record({
    fields: fc.constant(fields),
    rows: fc
      .tuple(...pool)
      .chain((values) =>
        fc.array(fc.tuple(...values.map((some) => fc.constantFrom(...some))) as fc.Arbitrary<Value[]>, { maxLength: 400 }),
      ),
    by: fc.oneof(fc.tuple(key(0)), fc.tuple(key(1), key(0))),
    sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
    count: fc.nat(30),
    offset: fc.nat(5),
  })
})

describe('sort and topK', () => {
  it('agree with sorting plain rows, in memory and from 100 runs on disk', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ fields, rows, by, sizes, count, offset }) => {
        const expected = keyed(fields, naive(by, fields, rows))
        const options = { inputs: [fields], fields }
        const whole = await runOperator({ operator: 'sort', spec: { by } }, options, feedsOf(cut(fields, rows, sizes)))
        expect(keyed(fields, allRows(whole.batches))).toEqual(expected)
        const spilled = await runOperator(
          { operator: 'sort', spec: { by } },
          { ...options, memoryBytes: 0 },
          feedsOf(cut(fields, rows, sizes)),
        )
        expect(keyed(fields, allRows(spilled.batches))).toEqual(expected)
        const top = await runOperator(
          { operator: 'topK', spec: { by, count, offset } },
          options,
          feedsOf(cut(fields, rows, sizes)),
        )
        expect(keyed(fields, allRows(top.batches))).toEqual(expected.slice(offset, offset + count))
      }),
      { numRuns: 60 },
    )
  })

  it('sort many rows by numbers and texts, and topK drops what cannot be among the first', async () => {
    const fields = schemaOf(types.float64, types.string)
    const rows: Value[][] = Array.from({ length: 40_000 }, (_, i) => [
      ((i * 7919) % 1000) - 500,
      `text ${(i * 104_729) % 40_000}`,
    ])
    for (const by of [[{ column: 0, desc: true, nullsFirst: false }], [{ column: 1, desc: false, nullsFirst: true }]]) {
      const expected = naive(by, fields, rows)
      const options = { inputs: [fields], fields }
      const sorted = await runOperator(
        { operator: 'sort', spec: { by } },
        { ...options, memoryBytes: 400_000 },
        feedsOf(cut(fields, rows, [3000])),
      )
      expect(sorted.spilledBytes).toBeGreaterThan(0)
      expect(allRows(sorted.batches)).toEqual(expected)
      const top = await runOperator(
        { operator: 'topK', spec: { by, count: 10, offset: 3 } },
        { ...options, memoryBytes: 1_500_000 },
        feedsOf(cut(fields, rows, [3000])),
      )
      expect(allRows(top.batches)).toEqual(expected.slice(3, 13))
    }
  })
})

describe('limit', () => {
  it('takes its rows from the middle and tells upstream to stop', async () => {
    const fields = schemaOf(types.int64)
    const rows: Value[][] = Array.from({ length: 20 }, (_, i) => [i])
    const result = await runOperator(
      { operator: 'limit', spec: { count: 5, offset: 4 } },
      { inputs: [fields], fields },
      feedsOf(cut(fields, rows, [3])),
    )
    expect(allRows(result.batches)).toEqual([[4], [5], [6], [7], [8]])
    expect(result.isDone).toBe(true)
  })
})
