import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/data/batch.ts'
import { batchFromRows, makeBatch, rowsOf } from '../../../src/data/read.ts'
import { type Schema, types, type Value } from '../../../src/data/type.ts'
import type { UserFunction } from '../../../src/ir/user-function.ts'
import {
  call,
  column,
  constant,
  element,
  filter,
  parallelDo,
  project,
  type RunOptions,
  rowOf,
  runAlike,
  runSegment,
  schemaOf,
  segment,
} from './harness.ts'

const lineAndCount: Schema = [
  { name: 'line', type: types.string, nullable: false },
  { name: 'count', type: types.int64, nullable: true },
]
const rows = rowOf(lineAndCount)
const text = element(types.string)
const number = element(types.float64)
const input = batchFromRows(lineAndCount, [
  ['to be or', 1],
  ['ÄÖ €', null],
  ['', 3],
])
const fns = (...list: ((...args: never[]) => unknown)[]): UserFunction[] => list

/** Runs generated and interpreted; both must agree. */
async function both(steps: Parameters<typeof runSegment>[0], batches: readonly Batch[], options: RunOptions): Promise<Value[][]> {
  const generated = await runAlike(steps, batches, options)
  expect(await runAlike(steps, batches, { ...options, interpreted: true })).toEqual(generated)
  return generated
}
async function failure(
  steps: Parameters<typeof runSegment>[0],
  batches: readonly Batch[],
  options: RunOptions,
): Promise<unknown> {
  const errors: string[] = []
  for (const interpreted of [false, true]) {
    await runSegment(steps, batches, { ...options, interpreted }).catch((error) => errors.push(`${error.code}: ${error.message}`))
  }
  expect(errors[1]?.replace('value: the text', 'the text')).toBe(errors[0])
  return errors[0]
}

describe('closures of segments', () => {
  it('run in a row without columns between them', async () => {
    const seen: unknown[] = []
    const steps = [
      parallelDo('flatMap', 0, rows, text, ['line']),
      parallelDo('filter', 1, text, text),
      parallelDo('map', 2, text, { ...text, fields: [{ name: 'value', type: types.js, nullable: true }] }),
      parallelDo('map', 3, text, text),
    ]
    const list = fns(
      (row: { line: string }) => {
        seen.push(row)
        return row.line.split(' ')
      },
      (word: string) => word !== '',
      (word: string) => new Date(word.length),
      (date: Date) => `${date.getTime()}`,
    )
    expect(await both(steps, [input], { fields: schemaOf(types.string), fns: list })).toEqual([['2'], ['2'], ['2'], ['2'], ['1']])
    expect(seen[0]).toEqual({ line: 'to be or' })
  })

  it('give rows from objects, with undefined as null and names that objects inherit', async () => {
    const shape = rowOf([
      { name: 'constructor', type: types.string, nullable: true },
      { name: '__proto__', type: types.int64, nullable: true },
      { name: "'];process.exit()//", type: types.timestamp, nullable: true },
    ])
    const list = fns(({ line, count }: { line: string; count: number | null }) =>
      line === '' ? {} : { ['__proto__']: count === null ? undefined : 2 ** 40, "'];process.exit()//": new Date(5) },
    )
    expect(await both([parallelDo('map', 0, rows, shape)], [input], { fields: shape.fields, fns: list })).toEqual([
      [null, 2 ** 40, 5000],
      [null, null, 5000],
      [null, null, null],
    ])
  })

  it('take and give [key, value] pairs of keyed collections', async () => {
    const pair = {
      fields: [
        { name: 'key', type: types.string, nullable: false },
        { name: 'n', type: types.float64, nullable: false },
        { name: 's', type: types.string, nullable: false },
      ],
      element: false,
      keys: [0],
      keyElement: true,
    }
    const steps = [
      parallelDo('map', 0, rows, pair),
      filter(call('greater', types.bool, column(1, types.float64), constant(2, types.float64))),
      parallelDo('map', 1, pair, text),
    ]
    const list = fns(
      ({ line }: { line: string }) => [line.slice(0, 1), { n: line.length, s: line }],
      ([key, { n, s }]: [string, { n: number; s: string }]) => `${key}:${n}:${s}`,
    )
    expect(await both(steps, [input], { fields: schemaOf(types.string), fns: list })).toEqual([['t:8:to be or'], ['Ä:4:ÄÖ €']])
  })

  it('may emit any number of results, and read generators to their end', async () => {
    const emitted = [parallelDo('do', 0, rows, number)]
    const twice = fns(({ count }: { count: number | null }, emit: (x: number) => void) => {
      for (let i = 0; i < (count ?? 0); i++) emit(i)
    })
    expect(
      await both(emitted, [input], { fields: schemaOf(types.float64), fns: twice, target: { rows: 2, bytes: 100 } }),
    ).toEqual([[0], [0], [1], [2]])
    const many = fns(function* ({ line }: { line: string }) {
      for (let i = 0; i < (line === '' ? 3000 : 0); i++) yield i
    })
    const found = await both([parallelDo('flatMap', 0, rows, number)], [input], { fields: schemaOf(types.float64), fns: many })
    expect(found.length).toBe(3000)
    expect(found[2999]).toEqual([2999])
  })

  it('report what a function throws with its label and the row', async () => {
    const batch = { ...input, header: { ...input.header, source: { split: 2, firstRow: 40 } } }
    const boom = fns(({ count }: { count: number }) => {
      if (count === 3) throw new TypeError('no such thing')
      return 1
    })
    expect(await failure([parallelDo('map', 0, rows, number)], [batch], { fields: schemaOf(types.float64), fns: boom })).toBe(
      "RUN_FUNCTION_FAILED: map at words.ts:12:6 threw 'no such thing' (row 43 of split 2)",
    )
  })

  it('report results of another shape than declared', async () => {
    const one = (fn: (...args: never[]) => unknown, shape = number): Promise<unknown> =>
      failure([parallelDo('map', 0, rows, shape)], [input], { fields: shape.fields, fns: [fn] })
    expect(await one(() => 'x')).toBe(
      "DATA_SHAPE_CHANGED: result of map at words.ts:12:6: value: expected float64, found string 'x'",
    )
    expect(await one(() => null)).toMatch(/DATA_SHAPE_CHANGED.*found null/)
    expect(await one(() => Promise.resolve(1))).toMatch(/DATA_SHAPE_CHANGED/)
    expect(await one(() => 5, rows)).toMatch(/DATA_SHAPE_CHANGED.*expected an object/)
    expect(await one(() => '\ud800', text)).toMatch(/DATA_INVALID_UTF8/)
    expect(
      await failure([parallelDo('flatMap', 0, rows, number)], [input], { fields: schemaOf(types.float64), fns: fns(() => 5) }),
    ).toMatch(/expected an iterable, found number 5/)
  })

  it('report the first bad row, also when its text is looked at after a later row has failed', async () => {
    const batch = batchFromRows(
      text.fields,
      ['a', '\ud83d', 'c', 'boom'].map((value) => [value === '\ud83d' ? 'half' : value]),
    )
    const half = fns((value: string) => {
      if (value === 'boom') throw new Error('late')
      return value === 'half' ? '\ud800' : value
    })
    expect(await failure([parallelDo('map', 0, text, text)], [batch], { fields: text.fields, fns: half })).toMatch(
      /DATA_INVALID_UTF8.*map at words.ts:12:6.*lone surrogate/,
    )
  })

  it('refuse async functions before the first row', () => {
    const run = (): unknown =>
      segment([parallelDo('map', 0, rows, number)], { fields: schemaOf(types.float64), fns: fns(async () => 1) })
    expect(run).toThrow(/map at words.ts:12:6 is an async function/)
  })

  it('run after projections whose columns they read', async () => {
    const shape = rowOf([{ name: 'l', type: types.string, nullable: false }])
    const steps = [project(call('upper', types.string, column(0, types.string))), parallelDo('map', 0, shape, text)]
    expect(await both(steps, [input], { fields: schemaOf(types.string), fns: fns(({ l }: { l: string }) => `<${l}>`) })).toEqual([
      ['<TO BE OR>'],
      ['<ÄÖ €>'],
      ['<>'],
    ])
  })
})

describe('groups', () => {
  const pairs: Schema = [
    { name: 'key', type: types.string, nullable: false },
    { name: 'value', type: types.float64, nullable: false },
  ]
  const shape = { fields: pairs, element: true, keys: [0], keyElement: true, grouped: true }
  const batchOf = (list: Value[][], starts: number[], openGroup: boolean): Batch => {
    const batch = batchFromRows(pairs, list)
    return makeBatch(batch.columns, batch.rowCount, {
      header: { ...batch.header, openGroup },
      groupStarts: Int32Array.from(starts),
    })
  }
  const first = batchOf(
    [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ],
    [0, 2],
    true,
  )
  const second = batchOf([['b', 4]], [0], true)
  const third = batchOf(
    [
      ['b', 5],
      ['c', 6],
    ],
    [0, 1],
    false,
  )
  const options = { fields: schemaOf(types.string), clustered: true }

  it('come as a key and its values, also when they go over several batches', async () => {
    const list = fns(([key, values]: [string, Iterable<number>]) => `${key}=${[...values].join('+')}`)
    const steps = [parallelDo('map', 0, shape, text)]
    expect(await both(steps, [first, second, third], { ...options, fns: list })).toEqual([['a=1+2'], ['b=3+4+5'], ['c=6']])
    expect(await both(steps, [first], { ...options, fns: list })).toEqual([['a=1+2'], ['b=3']])
  })

  it('can be read once', async () => {
    const list = fns(([, values]: [string, Iterable<number>]) => `${[...values, ...values].length}`)
    expect(await failure([parallelDo('map', 0, shape, text)], [third], { ...options, fns: list })).toMatch(/RUN_ITERABLE_REUSED/)
  })

  it('fail when an open one does not fit in memory', async () => {
    const list = fns(() => '')
    const found = await failure([parallelDo('map', 0, shape, text)], [first, second], {
      ...options,
      fns: list,
      grant: () => 'spill',
    })
    expect(found).toMatch(/RESOURCE_GROUP_TOO_LARGE/)
  })

  it('made as arrays look the same', async () => {
    const arrays = {
      fields: [pairs[0], { name: 'values', type: types.array(types.float64), nullable: false }],
      element: true,
      keys: [0],
      keyElement: true,
      grouped: true,
    }
    const batch = batchFromRows(arrays.fields, [['a', [1, 2]]])
    const list = fns(([key, values]: [string, Iterable<number>]) => `${key}=${[...values].join('+')}`)
    expect(await both([parallelDo('map', 0, arrays, text)], [batch], { fields: schemaOf(types.string), fns: list })).toEqual([
      ['a=1+2'],
    ])
    expect(rowsOf(batch)).toEqual([['a', [1, 2]]])
  })
})
