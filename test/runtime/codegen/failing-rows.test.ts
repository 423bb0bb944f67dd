import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchFromRows, rowsOf } from '../../../src/data/read.ts'
import { types, type Value } from '../../../src/data/type.ts'
import type { UserFunction } from '../../../src/ir/user-function.ts'
import type { FailedRow } from '../../../src/runtime/row-errors.ts'
import { call, column, constant, element, parallelDo, project, rowOf, schemaOf, segment, unnest } from './harness.ts'

const int = types.int64
const pair = schemaOf(int, types.string)
/** Rows of a number and a text with a lone surrogate here and there, which no column can hold. */
const inputs = fc.array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.constantFrom('a', 'b c', 'x y z', 'é', '')), {
  maxLength: 40,
})

const refuse = (n: number, least: number): number => {
  if (n < least) throw new Error(`below ${least}`)
  return n
}
const fns = [
  ({ c0, c1 }: { c0: number; c1: string }) => ({ c0: refuse(c0, -2), c1: c0 === 1 ? '\ud800' : c1 }),
  ({ c0, c1 }: { c0: number; c1: string }) => c1.split(' ').map((word) => ({ c0: c0 + word.length, c1: word })),
  ({ c0 }: { c0: number }) => refuse(c0, 1) > 0,
  function* ({ c0, c1 }: { c0: number; c1: string }) {
    for (const word of c1.split(' ')) yield { c0: refuse(c0, word === 'z' ? 2 : -9), c1: word }
  },
] as unknown as readonly UserFunction[]
const row = rowOf(pair)

const quotient = call('divide', types.float64, constant(12, int), column(0, int))

interface Segment {
  name: string
  steps: Parameters<typeof segment>[0]
  /** What is made of a row, or undefined for a value that fails; one throw is the whole row. */
  fields: typeof pair
  expected(n: number, text: string): (Value[] | undefined)[]
}

/** Each of these rows or values by itself: it is there, or it has failed. */
const attempt = (make: () => Value[]): Value[] | undefined => {
  try {
    return make()
  } catch {
    return undefined
  }
}
const divided = (n: number): number => {
  if (n === 0) throw new RangeError()
  return 12 / n + 0
}

const segments: readonly Segment[] = [
  {
    name: 'a projection',
    steps: [project(column(1, types.string), quotient)],
    fields: schemaOf(types.string, types.float64),
    expected: (n, text) => [attempt(() => [text, divided(n)])],
  },
  {
    name: 'a map',
    steps: [parallelDo('map', 0, row, row)],
    fields: pair,
    expected: (n, text) => [n < -2 || n === 1 ? undefined : [n, text]],
  },
  {
    name: 'a flatMap and a filter',
    steps: [parallelDo('flatMap', 1, row, row), parallelDo('filter', 2, row, row)],
    fields: pair,
    expected: (n, text) => text.split(' ').map((word) => (n + word.length < 1 ? undefined : [n + word.length, word])),
  },
  {
    name: 'a generator that throws late',
    steps: [parallelDo('flatMap', 3, row, row)],
    fields: pair,
    expected: (n, text) => (text.includes('z') && n < 2 ? [undefined] : text.split(' ').map((word) => [n, word])),
  },
  {
    name: 'an unnest and an expression',
    steps: [
      unnest(
        call(
          'split',
          { kind: 'array', item: types.string, nullableItems: false },
          column(1, types.string),
          constant(' ', types.string),
        ),
      ),
      project(
        column(2, types.string),
        call('divide', types.float64, constant(12, int), call('length', int, column(2, types.string))),
      ),
    ],
    fields: schemaOf(types.string, types.float64),
    expected: (_, text) => text.split(' ').map((word) => attempt(() => [word, divided([...word].length)])),
  },
]

describe.each([
  ['generated', false],
  ['interpreted', true],
])('a segment that is %s leaves out what fails', (_, interpreted) => {
  it.each(segments)('in $name', async ({ steps, fields, expected }) => {
    await fc.assert(
      fc.asyncProperty(inputs, fc.integer({ min: 1, max: 9 }), async (rows, target) => {
        const failed: FailedRow[] = []
        const options = {
          fields,
          fns,
          input: pair,
          interpreted,
          target: { rows: target, bytes: 64 },
          leaveOut: (one: FailedRow) => failed.push(one),
        }
        const { operator, batches } = segment(steps, options)
        await operator.push(0, batchFromRows(pair, rows))
        await operator.finish(0)
        const all = rows.flatMap(([n, text]) => expected(n, text))
        expect(batches.flatMap(rowsOf)).toEqual(all.filter((one) => one !== undefined))
        expect(failed).toHaveLength(all.filter((one) => one === undefined).length)
      }),
    )
  })

  it('and ends where the operator behind it fails', () => {
    const steps = [parallelDo('flatMap', 0, row, element(int))]
    const endless = [
      function* () {
        for (let n = 0; ; n++) yield n
      },
    ] as unknown as readonly UserFunction[]
    const broken = new Error('behind')
    const options = {
      fields: schemaOf(int),
      fns: endless,
      input: pair,
      interpreted,
      leaveOut: () => expect.fail('no row has failed'),
      emit: () => {
        throw broken
      },
    }
    expect(() => segment(steps, options).operator.push(0, batchFromRows(pair, [[1, 'a']]))).toThrow(broken)
  })
})
