import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/data/batch.ts'
import { concatColumns } from '../../../src/data/gather.ts'
import { makeBatch } from '../../../src/data/read.ts'
import type { Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import { anyValueOf, everyType, schemaOf } from '../../data/random-batch.ts'
import { allRows, cut, feedsOf, runOperator } from '../harness.ts'
import { naiveSort, printed } from '../naive-sort.ts'

/** The same rows, the texts as a dictionary that holds each of them twice. */
function coded(batch: Batch): Batch {
  const [texts, ...others] = batch.columns
  const values = concatColumns([texts, texts], texts.type)
  const codes = Int32Array.from({ length: batch.rowCount }, (_, row) => row + (row % 2) * batch.rowCount)
  const { type, length, nulls } = texts
  return makeBatch([{ store: 'dictionary', type, length, nulls, codes, values }, ...others], batch.rowCount)
}

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

/** Texts and numbers whose first bytes say little: common beginnings, zeros at the end, nulls, equal values. */
const ties = fc.record({
  texts: fc.array(
    fc.oneof(
      { arbitrary: fc.constant(null), weight: 1 },
      {
        arbitrary: fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('', '\0', '\0\0', 'b', 'b\0', 'zebra', 'é')),
        weight: 8,
      },
    ),
    { minLength: 1, maxLength: 12 },
  ),
  numbers: fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { minLength: 1, maxLength: 4 }),
  rowCount: fc.integer({ min: 0, max: 1500 }),
  step: fc.integer({ min: 1, max: 1000 }),
  first: fc.constantFrom(0, 1, 2),
  desc: fc.boolean(),
  nullsFirst: fc.boolean(),
  memoryBytes: fc.constantFrom(0, 1e9),
  isCoded: fc.boolean(),
})

describe('sort and topK', () => {
  it('tell rows apart that agree in many bytes', async () => {
    const fields = schemaOf(types.string, types.int64, types.date)
    await fc.assert(
      fc.asyncProperty(ties, async ({ texts, numbers, rowCount, step, first, desc, nullsFirst, memoryBytes, isCoded }) => {
        const textOf = (i: number) => {
          const found = texts[(i * 7) % texts.length]
          return found === null ? null : 'a'.repeat(found[0]) + found[1]
        }
        const rows: Value[][] = Array.from({ length: rowCount }, (_, n) => {
          const i = (n * step) % 7919
          const number = numbers[(i * 3) % numbers.length]
          const value = number === null ? null : Number.isSafeInteger(Number(number)) ? Number(number) : number
          return [textOf(i), value, i % 5 === 0 ? null : i % 3]
        })
        const by = [{ column: first, desc, nullsFirst }]
        const batches = cut(fields, rows, [400, 77])
        const result = await runOperator(
          { operator: 'sort', spec: { by } },
          { inputs: [fields], fields, memoryBytes },
          feedsOf(isCoded ? batches.map(coded) : batches),
        )
        expect(printed(fields, allRows(result.batches))).toEqual(printed(fields, naiveSort(by, fields, rows)))
      }),
      { numRuns: 150 },
    )
  })

  it('agree with sorting plain rows, in memory and from 100 runs on disk', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ fields, rows, by, sizes, count, offset }) => {
        const expected = printed(fields, naiveSort(by, fields, rows))
        const options = { inputs: [fields], fields }
        const whole = await runOperator({ operator: 'sort', spec: { by } }, options, feedsOf(cut(fields, rows, sizes)))
        expect(printed(fields, allRows(whole.batches))).toEqual(expected)
        const spilled = await runOperator(
          { operator: 'sort', spec: { by } },
          { ...options, memoryBytes: 0 },
          feedsOf(cut(fields, rows, sizes)),
        )
        expect(printed(fields, allRows(spilled.batches))).toEqual(expected)
        const top = await runOperator(
          { operator: 'topK', spec: { by, count, offset } },
          options,
          feedsOf(cut(fields, rows, sizes)),
        )
        expect(printed(fields, allRows(top.batches))).toEqual(expected.slice(offset, offset + count))
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
      const expected = naiveSort(by, fields, rows)
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
