import { expect, it } from 'vitest'
import { scratch } from '../../src/index.ts'

it('finds the type of a function whose sampled input makes more opaque values than results keep in memory', async () => {
  const rows = scratch()
    .of([1])
    .flatMap(() => Array.from({ length: 1_000_000 }, (_, i) => i))
    .map((v) => ({ v: v % 2 }))
    .distinct()
    .orderBy('v')
  expect(await rows.toArray()).toEqual([{ v: 0 }, { v: 1 }])
})
