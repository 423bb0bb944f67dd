import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareValues, valueKey } from '../../../src/data/compare.ts'
import type { Schema, Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import type { Expr } from '../../../src/ir/expr.ts'
import type { PhysicalForm } from '../../../src/ir/physical.ts'
import { anyValueOf, schemaOf } from '../../data/random-batch.ts'
import { allRows, cut, feedsOf, runOperator } from '../harness.ts'

const column = (ordinal: number): Expr => ({ e: 'column', column: ordinal, type: types.int64, nullable: true })
/** Third column of the left row < third of the right row. */
const residual: Expr = { e: 'call', fn: 'less', args: [column(2), column(5)], type: types.bool, nullable: true }

function naive(
  kind: 'inner' | 'left',
  keys: readonly number[],
  fields: Schema,
  left: readonly Value[][],
  right: readonly Value[][],
  filtered: boolean,
): Value[][] {
  const isEqual = (a: Value, b: Value, key: number) =>
    a !== null && b !== null && !Number.isNaN(a) && !Number.isNaN(b) && compareValues(fields[key].type, a, b) === 0
  return left.flatMap((row) => {
    const pairs = right
      .filter((other) => keys.every((key) => isEqual(row[key], other[key], key)))
      .filter((other) => !filtered || (row[2] !== null && other[2] !== null && compareValues(types.int64, row[2], other[2]) < 0))
      .map((other) => [...row, ...other])
    return pairs.length === 0 && kind === 'left' ? [[...row, ...fields.map(() => null)]] : pairs
  })
}

const sorted = (fields: Schema, rows: readonly Value[][]) =>
  rows.map((row) => row.map((value, i) => valueKey(fields[i].type, value)).join(' | ')).sort()

const join = (kind: 'inner' | 'left', keys: readonly number[], filtered: boolean): PhysicalForm => ({
  operator: 'join',
  spec: { kind, probeKeys: keys, buildKeys: keys, ...(filtered ? { residual } : {}) },
})

describe('join', () => {
  const cases = fc.constantFrom(types.string, types.float64, types.date).chain((type) => {
    const fields = schemaOf(type, types.int64, types.int64)
    const rows = fc
      .tuple(...fields.map((field) => fc.array(anyValueOf(field.type), { minLength: 1, maxLength: 4 })))
      .chain((pools) => {
        const row = fc.tuple(...pools.map((pool) => fc.constantFrom(...pool))) as fc.Arbitrary<Value[]>
        return fc.tuple(fc.array(row, { maxLength: 40 }), fc.array(row, { maxLength: 40 }))
      })
    return fc.record({
      fields: fc.constant(fields),
      sides: rows,
      sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
      kind: fc.constantFrom('inner' as const, 'left' as const),
      keys: fc.constantFrom([0], [0, 1], []),
      filtered: fc.boolean(),
    })
  })

  it('agrees with comparing every row with every other', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ fields, sides: [left, right], sizes, kind, keys, filtered }) => {
        const output = [...fields, ...fields]
        const result = await runJoin(join(kind, keys, filtered), fields, left, right, sizes)
        expect(sorted(output, allRows(result.batches))).toEqual(sorted(output, naive(kind, keys, fields, left, right, filtered)))
      }),
      { numRuns: 80 },
    )
  })

  it('gives the same rows when the build side spills, again and again', async () => {
    const fields = schemaOf(types.string, types.int64, types.int64)
    const right: Value[][] = Array.from({ length: 20_000 }, (_, i) => [i % 50 === 0 ? null : `key ${i % 7000}`, i, i])
    const left: Value[][] = Array.from({ length: 5000 }, (_, i) => [`key ${i * 2}`, i, i])
    for (const kind of ['inner', 'left'] as const) {
      const whole = await runJoin(join(kind, [0], false), fields, left, right, [4000])
      const spilled = await runJoin(join(kind, [0], false), fields, left, right, [4000], 100_000)
      expect(spilled.spilledBytes).toBeGreaterThan(0)
      expect(sorted([...fields, ...fields], allRows(spilled.batches))).toEqual(
        sorted([...fields, ...fields], allRows(whole.batches)),
      )
    }
  })

  it('says so when the rows of one key do not fit', async () => {
    const fields = schemaOf(types.string, types.int64, types.int64)
    const right: Value[][] = Array.from({ length: 30_000 }, (_, i) => ['same', i, i])
    await expect(runJoin(join('inner', [0], false), fields, [], right, [1000], 200_000)).rejects.toMatchObject({
      code: 'RESOURCE_MEMORY',
    })
  })

  /** The build side first, with its end, then the probe side. */
  function runJoin(form: PhysicalForm, fields: Schema, left: Value[][], right: Value[][], sizes: number[], memoryBytes?: number) {
    const feeds = [...feedsOf(cut(fields, right, sizes), 1), { finish: 1 }, ...feedsOf(cut(fields, left, sizes), 0)]
    return runOperator(form, { inputs: [fields, fields], fields: [...fields, ...fields], memoryBytes }, feeds)
  }
})
