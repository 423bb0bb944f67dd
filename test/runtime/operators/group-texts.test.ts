import fc from 'fast-check'
import { expect, it } from 'vitest'
import { valueAt } from '../../../src/data/read.ts'
import { types } from '../../../src/data/type.ts'
import { GroupTexts } from '../../../src/runtime/operators/accumulators/group-texts.ts'

const groups = 20
const order = Int32Array.from({ length: groups }, (_, group) => group)

it('holds the last text of each group, whatever was there before', () => {
  const change = fc.record({ group: fc.nat(groups - 1), text: fc.string({ maxLength: 2000 }) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const texts = new GroupTexts()
      const expected: (string | null)[] = Array.from({ length: groups }, () => null)
      texts.reserve(groups)
      for (const { group, text } of changes) {
        const bytes = Buffer.from(text)
        texts.set(group, bytes, 0, bytes.length)
        expected[group] = bytes.toString()
        expect(texts.compare(group, bytes, 0, bytes.length)).toBe(0)
      }
      const column = texts.column(types.string, order, 0, groups)
      expect(Array.from(order, (group) => valueAt(column, group))).toEqual(expected)
    }),
  )
})

it('uses the room of texts that were replaced', () => {
  const texts = new GroupTexts()
  texts.reserve(1)
  for (let size = 1; size < 10_000; size++) texts.set(0, new Uint8Array(size), 0, size)
  expect(texts.sizeBytes).toBeLessThan(60_000)
})
