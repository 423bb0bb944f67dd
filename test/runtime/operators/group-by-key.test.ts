import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valueKey } from '../../../src/data/compare.ts'
import { rowsOf } from '../../../src/data/read.ts'
import type { Schema, Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import type { PhysicalForm } from '../../../src/ir/physical.ts'
import { anyValueOf, schemaOf } from '../../data/random-batch.ts'
import { allRows, cut, feedsOf, runOperator } from '../harness.ts'

const fields = schemaOf(types.string, types.float64, types.int64)
const form = (keys: number[], values: number[], clustered: boolean, element = values.length === 1): PhysicalForm => ({
  operator: 'groupByKey',
  spec: { keys, values, element, clustered },
})

/** Key → sorted values, as texts. */
function groupsOf(rows: readonly Value[][], keys: readonly number[], values: readonly number[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const row of rows) {
    const key = keys.map((k) => valueKey(fields[k].type, row[k])).join(' ')
    groups.set(key, [...(groups.get(key) ?? []), values.map((v) => valueKey(fields[v].type, row[v])).join(' ')].sort())
  }
  return groups
}

const rowsAndSizes = fc.record({
  rows: fc
    .tuple(...fields.map((field) => fc.array(anyValueOf(field.type), { minLength: 1, maxLength: 4 })))
    .chain((pools) =>
      fc.array(fc.tuple(...pools.map((pool) => fc.constantFrom(...pool))) as fc.Arbitrary<Value[]>, { maxLength: 80 }),
    ),
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
  memoryBytes: fc.constantFrom(0, 3_000, undefined),
})

describe('groupByKey', () => {
  it('makes one clustered group a key, with all its values, also when it spills', async () => {
    await fc.assert(
      fc.asyncProperty(rowsAndSizes, fc.constantFrom<number[]>([1], [0, 1]), async ({ rows, sizes, memoryBytes }, keys) => {
        const values = [0, 1, 2].filter((column) => !keys.includes(column))
        const output = [...keys, ...values].map((column) => fields[column])
        const result = await runOperator(
          form(keys, values, true),
          { inputs: [fields], fields: output, memoryBytes },
          feedsOf(cut(fields, rows, sizes)),
        )
        const groups: Value[][][] = []
        let isOpen = false
        for (const batch of result.batches) {
          const starts = batch.groupStarts as Int32Array
          expect(starts[0]).toBe(0)
          for (const [row, value] of rowsOf(batch).entries()) {
            if (starts.includes(row) && !(row === 0 && isOpen)) groups.push([])
            ;(groups.at(-1) as Value[][]).push(value)
          }
          isOpen = batch.header.openGroup === true
        }
        const back = (row: Value[]) => [0, 1, 2].map((column) => row[[...keys, ...values].indexOf(column)])
        const expected = groupsOf(rows, keys, values)
        expect(groups.length).toBe(expected.size)
        for (const group of groups) {
          const [[key, found]] = groupsOf(group.map(back), keys, values)
          expect(found).toEqual(expected.get(key))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('makes arrays of elements and of rows', async () => {
    const element: Schema = [fields[0], { name: 'values', type: types.array(types.int64), nullable: false }]
    const rowType = types.struct([fields[1], fields[2]])
    const whole: Schema = [fields[0], { name: 'values', type: types.array(rowType), nullable: false }]
    await fc.assert(
      fc.asyncProperty(rowsAndSizes, async ({ rows, sizes }) => {
        for (const memoryBytes of [undefined, 100_000]) {
          const result = await runOperator(
            form([0], [2], false),
            { inputs: [fields], fields: element, memoryBytes },
            feedsOf(cut(fields, rows, sizes)),
          )
          const expected = groupsOf(rows, [0], [2])
          const found = new Map(
            allRows(result.batches).map(([key, values]) => [
              valueKey(types.string, key),
              (values as Value[]).map((value) => valueKey(types.int64, value)).sort(),
            ]),
          )
          expect(found).toEqual(expected)
          const structs = await runOperator(
            form([0], [1, 2], false),
            { inputs: [fields], fields: whole, memoryBytes },
            feedsOf(cut(fields, rows, sizes)),
          )
          const count = allRows(structs.batches).reduce((sum, [, values]) => sum + (values as Value[]).length, 0)
          expect(count).toBe(rows.length)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('refuses an array that does not fit, and streams the same group clustered', async () => {
    const rows: Value[][] = Array.from({ length: 30_000 }, (_, i) => ['the', i, i])
    const output: Schema = [fields[0], { name: 'values', type: types.array(types.int64), nullable: false }]
    const options = { inputs: [fields], memoryBytes: 200_000 }
    const run = runOperator(form([0], [2], false), { ...options, fields: output }, feedsOf(cut(fields, rows, [1000])))
    await expect(run).rejects.toMatchObject({ code: 'RESOURCE_GROUP_TOO_LARGE' })
    const clustered = await runOperator(
      form([0], [2], true),
      { ...options, fields: [fields[0], fields[2]] },
      feedsOf(cut(fields, rows, [1000])),
    )
    expect(clustered.batches.length).toBeGreaterThan(1)
    expect(clustered.batches.map((batch) => batch.header.openGroup === true)).toEqual(
      clustered.batches.map((_, i) => i < clustered.batches.length - 1),
    )
    expect(allRows(clustered.batches).length).toBe(30_000)
  })
})
