import { expect, expectTypeOf, it } from 'vitest'
import { defineScalar, isScalarDefinition } from '../../src/dsl/define-function.ts'

it('types the arguments and the result by their texts', () => {
  defineScalar({
    args: ['string', 'array<int64>', 'timestamp'],
    returns: 'float64',
    fn: (text, counts, time) => {
      expectTypeOf(text).toEqualTypeOf<string>()
      expectTypeOf(counts).toEqualTypeOf<number[]>()
      expectTypeOf(time).toEqualTypeOf<Date>()
      return counts.length
    },
  })
  // @ts-expect-error a string is no float64
  defineScalar({ args: ['string'], returns: 'float64', fn: (text) => text })
})
it('gives null for a null argument without calling the function', () => {
  const upper = defineScalar({ args: ['string'], returns: 'string', fn: (text) => text.toUpperCase() })
  const call = upper.fn as (text: string | null) => string | null
  expect([call('a'), call(null)]).toEqual(['A', null])
})
it('is recognised by other copies of the package, and nothing else is', () => {
  expect(isScalarDefinition(defineScalar({ args: [], returns: 'int64', fn: () => 1 }))).toBe(true)
  for (const other of [null, undefined, 1, {}, () => 1]) expect(isScalarDefinition(other)).toBe(false)
})
it('refuses a description without a function', () => {
  expect(() => defineScalar({ args: [], returns: 'int64' } as never)).toThrow("defineScalar needs a function, 'fn'")
})
