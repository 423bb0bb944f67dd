import { describe, expect, it } from 'vitest'
import { functionFailed } from '../../src/runtime/user-calls.ts'

describe('functionFailed', () => {
  it.each([
    [new Error('boo'), 'boo'],
    ['plain', 'plain'],
    [undefined, 'undefined'],
    [Object.create(null), '[object Object]'],
    [Object.assign(new Error('boo'), { message: Symbol('x') }), 'Symbol(x)'],
  ])('names what was thrown, also what has no text: %#', (thrown, text) => {
    expect(functionFailed(thrown, { label: 'map at a.ts:1:1' })).toMatchObject({
      code: 'RUN_FUNCTION_FAILED',
      message: `map at a.ts:1:1 threw '${text}'`,
    })
  })
})
