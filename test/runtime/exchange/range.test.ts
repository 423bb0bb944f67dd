import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inlineBackend } from '../../../src/backends/inline/index.ts'
import { threadsBackend } from '../../../src/backends/threads/index.ts'
import { batchFromRows } from '../../../src/data/read.ts'
import { type Schema, types, type Value } from '../../../src/data/type.ts'
import type { PhysicalPlan, PhysicalSortKey } from '../../../src/ir/physical.ts'
import { rangeBounds, samplePositions } from '../../../src/runtime/exchange/range-bounds.ts'
import { rowKeyOf } from '../../../src/runtime/exchange/row-key.ts'
import { orderBySortKeys } from '../../../src/runtime/operators/row-order.ts'
import { resultToRows } from '../../../src/runtime/results.ts'
import { anyValueOf, everyType, schemaOf } from '../../data/random-batch.ts'
import { naiveSort, printed } from '../naive-sort.ts'
import { makePlan, node, requestFor } from '../plans.ts'

/** Each list of rows is made by a stage of one task; `partitions` tasks merge the ranges; their rows come to the caller in order. */
function sortPlan(fields: Schema, lists: readonly Value[][][], by: readonly PhysicalSortKey[], partitions: number): PhysicalPlan {
  const producers = lists.map((rows, i) => ({
    tasks: 1,
    nodes: [
      node(i * 2, [], fields, { operator: 'values', spec: { rows } }),
      node(i * 2 + 1, [i * 2], fields, { operator: 'send', spec: { exchange: i } }),
    ],
  }))
  return makePlan(
    [...producers, ...consumersOf(fields, lists.length, partitions)],
    [
      ...lists.map(() => ({ partitioning: { by: 'range' as const, keys: by, count: partitions }, fields })),
      { partitioning: { by: 'gather', count: 1 }, fields },
    ],
    'serial',
  )
}

/** The stages behind `exchanges` range exchanges. */
function consumersOf(fields: Schema, exchanges: number, partitions: number): Parameters<typeof makePlan>[0] {
  const ids = Array.from({ length: exchanges }, (_, i) => i)
  return [
    {
      tasks: partitions,
      nodes: [
        node(900, [], fields, { operator: 'receive', spec: { exchanges: ids, ordered: true } }),
        node(901, [900], fields, { operator: 'send', spec: { exchange: exchanges } }),
      ],
    },
    {
      tasks: 1,
      placement: 'coordinator',
      nodes: [
        node(902, [], fields, { operator: 'receive', spec: { exchanges: [exchanges], ordered: true } }),
        node(903, [902], fields, { operator: 'collect', spec: { output: 0 } }),
      ],
    },
  ]
}

/** Rows of two random types and an integer, from small pools, so that many are equal. */
const cases = fc.tuple(fc.constantFrom(...everyType), fc.constantFrom(...everyType)).chain(([a, b]) => {
  const fields = schemaOf(a, b, types.int64)
  const pool = fields.map((field) => fc.array(anyValueOf(field.type), { minLength: 1, maxLength: 8 }))
  const key = (column: number) => fc.record({ column: fc.constant(column), desc: fc.boolean(), nullsFirst: fc.boolean() })
  const rows = fc
    .tuple(...pool)
    .chain((values) =>
      fc.array(fc.tuple(...values.map((some) => fc.constantFrom(...some))) as fc.Arbitrary<Value[]>, { maxLength: 150 }),
    )
  return fc.record({
    fields: fc.constant(fields),
    lists: fc.array(rows, { minLength: 1, maxLength: 9 }),
    by: fc.oneof(fc.tuple(key(0)), fc.tuple(key(1), key(0))),
    partitions: fc.integer({ min: 1, max: 6 }),
    memoryBytes: fc.constantFrom(0, 2 ** 26),
  })
})

describe('range exchanges', () => {
  it('put rows of any type in one order, whatever there is of memory', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ fields, lists, by, partitions, memoryBytes }) => {
        const result = await inlineBackend.run(requestFor(sortPlan(fields, lists, by, partitions), { memoryBytes }))
        const rows = resultToRows(result.outputs[0])
        result.close()
        expect(printed(fields, rows)).toEqual(printed(fields, naiveSort(by, fields, lists.flat())))
      }),
      { numRuns: 60 },
    )
  })

  const by = [{ column: 0, desc: true, nullsFirst: false }]
  /** Tens of thousands of rows of 20 producers, 200 bytes each. */
  const wide = schemaOf(types.string, types.int64)
  const lists = Array.from({ length: 20 }, (_, list) =>
    Array.from({ length: 2000 }, (_, i): Value[] => [
      `${'common '.repeat(25)}${(i * 7919 + list * 104_729) % 997}`,
      i * 20 + list,
    ]),
  )

  it('merge in several passes where memory does not hold a block of each producer', async () => {
    const plan = sortPlan(wide, lists, by, 3)
    const [little, much] = await Promise.all(
      [300_000, 2 ** 28].map(async (memoryBytes) => {
        const result = await threads.run(requestFor(plan, { memoryBytes }))
        const rows = resultToRows(result.outputs[0])
        result.close()
        return rows
      }),
    )
    expect(little).toEqual(much)
    expect(much).toEqual(naiveSort(by, wide, lists.flat()))
  })
})

const threads = threadsBackend(new URL('../../backends/threads-worker.ts', import.meta.url))

describe('keys of rows', () => {
  it('compare as their rows do, and are whole only where that tells all', () => {
    fc.assert(
      fc.property(cases, ({ fields, lists, by }) => {
        const rows = lists.flat().slice(0, 30)
        const { columns } = batchFromRows(fields, rows)
        const order = orderBySortKeys(by, fields.length)
        const keys = rows.map((_, row) => rowKeyOf(order.keys, columns, row))
        for (const [a, left] of keys.entries()) {
          for (const [b, right] of keys.entries()) {
            const found = Math.sign(Buffer.compare(left.bytes, right.bytes))
            if (found !== 0 || (left.isWhole && right.isWhole))
              expect(found).toBe(Math.sign(order.across(columns, a, columns, b)))
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('bounds of ranges', () => {
  /** Rows of each range, when producer p holds the sorted numbers of `lists[p]`. */
  function sizesOf(lists: readonly number[][], count: number): number[] {
    const keyOf = (value: number): string => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes.toString('base64')
    }
    const producers = lists.map((list, producer) => ({
      rowCount: list.length,
      samples: samplePositions(list.length, producer, lists.length).map((position) => ({
        key: keyOf(list[position]),
        isWhole: true,
        position,
      })),
    }))
    const bounds = rangeBounds(producers, count)
    const sizes = new Array(count).fill(0)
    for (const [producer, list] of lists.entries()) {
      for (const [position, value] of list.entries()) {
        const isBelow = bounds.findIndex(({ key, split }) => {
          const order = Buffer.compare(Buffer.from(keyOf(value), 'base64'), Buffer.from(key, 'base64'))
          if (order !== 0 || split === undefined) return order < 0
          return producer < split.producer || (producer === split.producer && position < split.position)
        })
        sizes[isBelow < 0 ? count - 1 : isBelow]++
      }
    }
    return sizes
  }
  const maxToMedian = (sizes: number[]): number => {
    const sorted = sizes.toSorted((a, b) => a - b)
    return sorted[sorted.length - 1] / sorted[sorted.length >> 1]
  }
  const spread = (n: number): number => Math.imul(n + 1, 0x9e3779b1) >>> 0
  const sorted = (list: number[]): number[] => list.sort((a, b) => a - b)
  const rowsOf = (producer: number, numberOf: (n: number) => number, count = 2000): number[] =>
    sorted(Array.from({ length: count }, (_, i) => numberOf(producer * 2000 + i)))

  it.each([
    ['different keys', spread],
    ['half of them equal', (n: number) => (n % 2 === 0 ? 7 : spread(n))],
    ['all equal', () => 7],
    ['in order already', (n: number) => n],
    ['a few different keys', (n: number) => spread(n) % 5],
  ])('make ranges of one size: %s', (_title, numberOf) => {
    for (const producerCount of [1, 3, 16, 60]) {
      const lists = Array.from({ length: producerCount }, (_, producer) => rowsOf(producer, numberOf))
      expect(maxToMedian(sizesOf(lists, 8))).toBeLessThan(1.1)
    }
  })

  it('make ranges of one size of producers of many sizes', () => {
    const lists = Array.from({ length: 30 }, (_, producer) => rowsOf(producer, spread, 10 + ((producer * 37) % 30) * 200))
    expect(maxToMedian(sizesOf(lists, 8))).toBeLessThan(1.2)
  })
})
