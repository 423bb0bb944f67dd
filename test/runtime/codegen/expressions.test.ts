import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../src/base/errors.ts'
import { createBuilder } from '../../../src/data/builder.ts'
import { makeBatch, rowsOf } from '../../../src/data/read.ts'
import { type Type, types, type Value } from '../../../src/data/type.ts'
import { evaluateExpr } from '../../../src/ir/evaluate.ts'
import type { Expr } from '../../../src/ir/expr.ts'
import { maxValueBytes } from '../../../src/ir/functions/size-limit.ts'
import type { SegmentStep } from '../../../src/ir/physical.ts'
import { call, column, constant, filter, project, runAlike, runSegment, schemaOf, unnest } from './harness.ts'
import { columnTypes, randomBatch, randomExpr, randomFrom, schema } from './random.ts'

const resultTypes: readonly Type[] = [
  types.bool,
  types.int64,
  types.float64,
  types.string,
  types.date,
  types.timestamp,
  types.array(types.string),
]

/** The rows, or the code of the error that ends them. */
async function attempt(run: () => Promise<unknown> | unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

const evaluateAll = (rows: readonly (readonly Value[])[], exprs: readonly Expr[]): Value[][] =>
  rows.map((row) => exprs.map((expr) => evaluateExpr(expr, (index) => row[index])))

describe('expressions of segments', () => {
  it('project what evaluating row by row gives, generated and interpreted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
        const random = randomFrom(seed)
        const batch = randomBatch(random, 12)
        const exprs = [0, 1].map(() => randomExpr(random, resultTypes[random(resultTypes.length)], 3))
        const fields = schemaOf(...exprs.map((expr) => expr.type))
        const expected = await attempt(() => evaluateAll(rowsOf(batch), exprs))
        for (const interpreted of [false, true]) {
          const found = await attempt(() => runAlike([project(...exprs)], [batch], { fields, interpreted }))
          expect(
            found,
            JSON.stringify(exprs, (_, x) => (typeof x === 'bigint' ? `${x}n` : x)),
          ).toEqual(expected)
        }
      }),
      { numRuns: 600 },
    )
  }, 60_000)

  it('keep the rows for which a condition is true, before and after an unnest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
        const random = randomFrom(seed)
        const batch = randomBatch(random, 12)
        const predicate = randomExpr(random, types.bool, 3)
        const items = randomExpr(random, types.array(types.string), 2)
        const outer = random(2) === 0
        const steps: SegmentStep[] = [filter(predicate), unnest(items, types.string, { outer, ordinalName: 'at' })]
        const fields = [...schema, ...schemaOf(types.string, types.int64)]
        const expected = await attempt(() =>
          rowsOf(batch).flatMap((row) => {
            if (evaluateAll([row], [predicate])[0][0] !== true) return []
            const list = (evaluateAll([row], [items])[0][0] ?? []) as readonly Value[]
            return list.length === 0 && outer ? [[...row, null, null]] : list.map((item, i) => [...row, item, i])
          }),
        )
        for (const interpreted of [false, true]) {
          const target = { rows: 2 + random(5), bytes: 1 + random(100) }
          expect(await attempt(() => runAlike(steps, [batch], { fields, interpreted, target }))).toEqual(expected)
        }
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it('refuse the same texts for their size, counted in bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -1, max: 1 }), fc.constantFrom('x', 'ü', '😀'), async (over, sign) => {
        const half = sign.repeat(maxValueBytes / 2 / Buffer.byteLength(sign))
        const builder = createBuilder(types.string)
        builder.appendValue(half)
        const batch = makeBatch([builder.finish()], 1)
        const rest = constant('y'.repeat(maxValueBytes / 2 + over), types.string)
        const exprs = [call('byte_length', types.int64, call('concat', types.string, column(0, types.string), rest))]
        const expected = await attempt(() => evaluateAll(rowsOf(batch), exprs))
        expect(expected).toEqual(over > 0 ? 'RUN_ARGUMENT' : [[maxValueBytes + over]])
        for (const interpreted of [false, true]) {
          const options = { fields: schemaOf(types.int64), interpreted }
          expect(await attempt(() => runSegment([project(...exprs)], [batch], options))).toEqual(expected)
        }
      }),
      { numRuns: 6 },
    )
  })

  it('passes columns on unchanged when steps only choose them', async () => {
    const batch = randomBatch(randomFrom(5), 9)
    const rows = await runSegment(
      [project(column(4, types.string), column(1, types.int64)), project(column(1, types.int64))],
      [batch],
      {
        fields: schemaOf(columnTypes[1]),
      },
    )
    expect(rows).toEqual(rowsOf(batch).map((row) => [row[1]]))
  })
})
