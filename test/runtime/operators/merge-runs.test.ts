import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchFromRows, rowsOf } from '../../../src/data/read.ts'
import type { Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import { mergeRuns } from '../../../src/runtime/operators/merge-runs.ts'
import { orderByKeyHash, orderBySortKeys } from '../../../src/runtime/operators/row-order.ts'
import { schemaOf } from '../../data/random-batch.ts'

const fields = schemaOf(types.string, types.int64)

/** Runs in which one of them often has the next row many times in a row: few keys, of which few bytes differ, and stretches of numbers. */
const runs = fc.array(
  fc
    .array(
      fc.record({
        text: fc.constantFrom('', 'a', 'common key 1', 'common key 2', 'x'.repeat(700)),
        first: fc.integer({ min: 0, max: 300 }),
        count: fc.constantFrom(1, 2, 30, 200),
        step: fc.constantFrom(0, 1, 3),
      }),
      { maxLength: 4 },
    )
    .map((stretches) =>
      stretches
        .flatMap(({ text, first, count, step }) => Array.from({ length: count }, (_, i): Value[] => [text, first + i * step]))
        .sort(byTextAndNumber),
    ),
  { minLength: 1, maxLength: 5 },
)
function byTextAndNumber([a, m]: readonly Value[], [b, n]: readonly Value[]): number {
  return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string)) || (m as number) - (n as number)
}

function merged(
  sorted: readonly Value[][][],
  order: Parameters<typeof mergeRuns>[1],
  sizes: readonly number[],
  batchRows: number,
) {
  const opened = sorted.map((rows) => {
    let at = 0
    let nth = 0
    return {
      next() {
        if (at >= rows.length) return undefined
        const some = rows.slice(at, (at += sizes[nth++ % sizes.length]))
        return batchFromRows(fields, some)
      },
      close() {},
    }
  })
  const found: Value[][] = []
  for (const batch of mergeRuns(opened, order, fields, { batchRows, lent: true })) {
    expect(batch.rowCount).toBeLessThanOrEqual(batchRows)
    found.push(...rowsOf(batch))
  }
  return found
}

const cut = fc.tuple(fc.array(fc.constantFrom(1, 7, 50, 400), { minLength: 1, maxLength: 4 }), fc.constantFrom(1, 9, 64, 5000))

describe('merging sorted runs', () => {
  it('gives what sorting gives, however long one run has the next row', () => {
    const order = orderBySortKeys([{ column: 0, desc: false, nullsFirst: true }], fields.length)
    fc.assert(
      fc.property(runs, cut, (sorted, [sizes, batchRows]) => {
        expect(merged(sorted, order, sizes, batchRows)).toEqual(sorted.flat().sort(byTextAndNumber))
      }),
      { numRuns: 200 },
    )
  })

  it('gives rows that are equal in the order of the runs', () => {
    // Ordered by the text alone, by its hash.
    const order = orderByKeyHash([0], 7)
    fc.assert(
      fc.property(runs, cut, (sorted, [sizes, batchRows]) => {
        const texts = [...new Set(sorted.flat().map(([text]) => text))]
        const places = new Map(
          merged(
            texts.map((text) => [[text, 0]]),
            order,
            [1],
            1000,
          ).map(([text], place) => [text, place]),
        )
        const byPlace = ([a]: Value[], [b]: Value[]) => (places.get(a) as number) - (places.get(b) as number)
        const ordered = sorted.map((rows) => rows.toSorted(byPlace))
        expect(merged(ordered, order, sizes, batchRows)).toEqual(ordered.flat().sort(byPlace))
      }),
      { numRuns: 200 },
    )
  })
})
