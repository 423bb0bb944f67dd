import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { maxValueBytes } from '../../../src/ir/functions/size-limit.ts'
import { callScalar, i, list, s, type Typed, y } from './call.ts'

const half = 'x'.repeat(maxValueBytes / 2)
/** Items of 8 bytes, half as many as an array may have. */
const items = list(
  types.int64,
  Array.from({ length: maxValueBytes / 16 }, () => 1),
)

const tooLarge: readonly (readonly [name: string, args: readonly Typed[]])[] = [
  ['concat', [s(half), s(half), s('y')]],
  ['concat', [y(Buffer.alloc(maxValueBytes)), y(Buffer.alloc(1))]],
  ['concat', [items, items]],
  ['array_concat', [items, items]],
  ['array', [s(half), s(half)]],
  ['array_to_string', [list(types.string, ['x', 'y', 'z']), s(half)]],
  ['repeat', [s('ü'), i(maxValueBytes / 2 + 1)]],
  ['lpad', [s('x'), i(maxValueBytes), s('ü')]],
  ['rpad', [s('x'), i(maxValueBytes + 1)]],
  ['replace', [s('xx'), s('x'), s(`${half}y`)]],
  ['regexp_replace', [s('xx'), s('x'), s(`${half}y`)]],
]

describe('the size of a value that a function makes', () => {
  for (const [name, args] of tooLarge) {
    it(`is limited for ${name} of ${args[0].type.kind}`, () => {
      expect(callScalar(name, args)).toBe('RUN_ARGUMENT')
    })
  }

  it('is limited for structs that share their parts', () => {
    let type = types.int64
    let value = callScalar('abs', [i(1)])
    const doubled = () => {
      const pair = types.struct(['a', 'b'].map((field) => ({ name: field, type, nullable: false })))
      value = callScalar(
        'struct',
        [
          { type, value },
          { type, value },
        ],
        pair,
      )
      type = pair
    }
    while (value !== 'RUN_ARGUMENT') doubled()
    expect(type.kind).toBe('struct')
  })

  it('may be 64 MB', () => {
    expect(callScalar('concat', [s(half), s(half)])).toHaveLength(maxValueBytes)
    expect(callScalar('lpad', [s(''), i(maxValueBytes)])).toHaveLength(maxValueBytes)
  })
})
