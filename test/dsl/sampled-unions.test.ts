import { expect, it } from 'vitest'
import { scratch } from '../../src/index.ts'

const schema = { k: 'string?', n: 'int64?' } as const
const rows = [
  { k: 'a', n: null },
  { k: null, n: null },
]

it('a closure without a declared result can be tried on a union of one collection with itself', async () => {
  const source = scratch().of(rows, schema)
  const tripled = source.flatten(source.orderBy('k'), source).map(({ k }) => ({ k: k ?? '' }))
  expect((await tripled.distinct().toArray()).toSorted((a, b) => (a.k < b.k ? -1 : 1))).toEqual([{ k: '' }, { k: 'a' }])
  const counts = source
    .flatten(source.orderBy('k'))
    .flatten(source)
    .keyBy(({ k }) => k ?? '')
    .groupByKey()
    .map(([k, values]) => `${k}${[...values].length}`, { returns: 'string' })
  expect((await counts.toArray()).toSorted()).toEqual(['3', 'a3'])
})

it('the values of keyBy are the rows that it is given, whatever is in those that were tried', async () => {
  const grouped = scratch()
    .of(rows, schema)
    .keyBy(({ k }) => k ?? '')
    .groupByKey()
    .map(([k, values]) => `${k}${[...values].map(({ n }) => n)}`, { returns: 'string' })
  expect((await grouped.toArray()).toSorted()).toEqual(['', 'a'])
})
