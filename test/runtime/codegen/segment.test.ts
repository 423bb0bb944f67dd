import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/data/batch.ts'
import type { DictionaryColumn } from '../../../src/data/column.ts'
import { batchFromRows, makeBatch, rowsOf } from '../../../src/data/read.ts'
import { type Schema, types } from '../../../src/data/type.ts'
import { findFunction } from '../../../src/ir/functions/catalogue.ts'
import { shapeOf } from '../../../src/runtime/codegen/column-shape.ts'
import { generateSegment } from '../../../src/runtime/codegen/generate.ts'
import { kernelNames } from '../../../src/runtime/kernels/index.ts'
import {
  call,
  column,
  constant,
  element,
  filter,
  numbering,
  parallelDo,
  project,
  rowOf,
  runAlike,
  runSegment,
  schemaOf,
  segment,
  unnest,
} from './harness.ts'

const lines: Schema = [
  { name: 'line', type: types.string, nullable: true },
  { name: 'n', type: types.int64, nullable: true },
]
const line = column(0, types.string)
const words = (separator = ' '): ReturnType<typeof unnest> =>
  unnest(call('split', types.array(types.string), line, constant(separator, types.string)))
const onlyItem = project(column(2, types.string))

describe('segments', () => {
  it('pass codes of dictionaries on, whose owners, nulls and number of texts change from batch to batch', async () => {
    const texts = ['a', 'bb', '', 'ü']
    const owners = [{}, {}]
    // Batch by batch: the owner, or none, and how many texts its dictionary has by then.
    const kinds = [
      [0, 2],
      [0, 4],
      [1, 3],
      [-1, 4],
      [undefined, 0],
      [0, 4],
      [0, 4],
    ] as const
    const input = schemaOf(types.string, types.int64)
    const plain: Batch[] = []
    const coded: Batch[] = []
    for (const [at, [owner, known]] of kinds.entries()) {
      const values = Array.from({ length: 9 }, (_, row) => (at % 2 === 0 && row % 4 === 3 ? null : texts[row % (known || 4)]))
      const batch = batchFromRows(
        input,
        values.map((value, row) => [value, row]),
      )
      plain.push(batch)
      if (owner === undefined) coded.push(batch)
      else {
        const dictionary: DictionaryColumn = {
          store: 'dictionary',
          type: types.string,
          length: 9,
          nulls: batch.columns[0].nulls,
          codes: Int32Array.from(values, (value) => Math.max(0, texts.indexOf(value ?? ''))),
          values: batchFromRows(
            schemaOf(types.string),
            texts.slice(0, known).map((text) => [text]),
          ).columns[0],
          owner: owners[owner],
        }
        coded.push({ ...batch, columns: [dictionary, batch.columns[1]] })
      }
    }
    const text = column(0, types.string)
    const steps = [
      filter(call('greater', types.bool, column(1, types.int64), constant(1, types.int64))),
      project(column(1, types.int64), text, call('upper', types.string, text), text),
      filter(call('is_distinct_from', types.bool, column(1, types.string), constant('bb', types.string))),
    ]
    const fields = schemaOf(types.int64, types.string, types.string, types.string)
    for (const rows of [3, 1000]) {
      const options = { input, fields, target: { rows, bytes: 1000 } }
      const expected = await runSegment(steps, plain, options)
      expect(expected.length).toBeGreaterThan(20)
      expect(await runSegment(steps, coded, options)).toEqual(expected)
      expect(await runSegment(steps, coded, { ...options, lends: true })).toEqual(expected)
      expect(await runSegment(steps, coded, { ...options, interpreted: true })).toEqual(expected)
      const { operator, batches } = segment(steps, options)
      await operator.push(0, coded[0])
      await operator.finish(0)
      expect(batches[0].columns.map(({ store }) => store)).toEqual(['lane', 'dictionary', 'bytes', 'dictionary'])
    }
  })

  it('split text into words, empty pieces included, whatever the size of batches', async () => {
    const texts = ['a  b', '', 'one', ' x ', 'ä€😀 z', 'a b c d e f g h', null]
    const batch = batchFromRows(
      lines,
      texts.map((value) => [value, 1]),
    )
    const expected = texts.flatMap((value) => value?.split(' ') ?? []).map((word) => [word])
    for (let rows = 2; rows < 12; rows++) {
      expect(
        await runAlike([words(), onlyItem], [batch], {
          input: lines,
          fields: schemaOf(types.string),
          target: { rows, bytes: 1000 },
        }),
      ).toEqual(expected)
    }
    const upper = unnest(call('split', types.array(types.string), call('upper', types.string, line), constant('B', types.string)))
    const byB = texts.flatMap((value) => value?.toUpperCase().split('B') ?? []).map((word) => [word])
    expect(
      await runAlike([upper, onlyItem], [batch], {
        input: lines,
        fields: schemaOf(types.string),
        target: { rows: 3, bytes: 1000 },
      }),
    ).toEqual(byB)
    const byTwo = texts.flatMap((value) => value?.split('  ') ?? []).map((word) => [word])
    expect(await runAlike([words('  '), onlyItem], [batch], { fields: schemaOf(types.string) })).toEqual(byTwo)
  })

  it('split texts of any length, whatever follows them in memory', async () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '€', '\0', ' ', ' '), maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1 }), fc.integer({ min: 1, max: 20 }), async (texts, rows) => {
        const batch = batchFromRows(
          lines,
          texts.map((value, i) => [value, i]),
        )
        const options = { input: lines, fields: schemaOf(types.string), target: { rows, bytes: 1000 } }
        expect(await runAlike([words(), onlyItem], [batch, batch], options)).toEqual(
          [...texts, ...texts].flatMap((text) => text.split(' ')).map((piece) => [piece]),
        )
      }),
    )
  })

  it('give away long texts that are numbered as soon as they are many bytes', async () => {
    const batch = batchFromRows(
      lines,
      Array.from({ length: 40 }, (_, i) => [i % 2 === 0 ? null : `${i}`.repeat(1000), i]),
    )
    const options = { input: lines, fields: schemaOf(types.string), target: { rows: 8192, bytes: 4000 } }
    const { operator, batches } = segment([words(), onlyItem], { ...options, textNumbering: numbering(0, types.string, 1e9) })
    await operator.push(0, batch)
    await operator.finish(0)
    expect(batches.length).toBeGreaterThan(5)
    expect(batches.flatMap(rowsOf).length).toBe(20)
  })

  it('give each row the weight of the row it came from, and keep epochs apart', async () => {
    const rowsAt = (epoch: number): Batch => {
      const batch = batchFromRows(lines, [
        ['a b', 1],
        ['c', 2],
        ['d', 3],
      ])
      return makeBatch(batch.columns, 3, { header: { ...batch.header, epoch }, weights: Int32Array.from([1, -1, 2]) })
    }
    for (const interpreted of [false, true]) {
      const { operator, batches } = segment([words(), onlyItem], { fields: schemaOf(types.string), interpreted })
      for (const epoch of [1, 1, 2]) await operator.push(0, rowsAt(epoch))
      await operator.barrier?.(2)
      expect(batches.map((batch) => [batch.header.epoch, rowsOf(batch).flat().join(''), [...(batch.weights ?? [])]])).toEqual([
        [1, 'abcdabcd', [1, 1, -1, 2, 1, 1, -1, 2]],
        [2, 'abcd', [1, 1, -1, 2]],
      ])
    }
  })

  it('wait between two rows when a batch finds no credit', async () => {
    const batch = batchFromRows(
      lines,
      Array.from({ length: 20 }, (_, i) => [`w${i}`, i]),
    )
    for (const interpreted of [false, true]) {
      let give = (): void => {}
      const { operator, batches } = segment([filter(call('is_not_null', types.bool, line))], {
        fields: lines,
        interpreted,
        target: { rows: 4, bytes: 1000 },
        emit: () => new Promise((resolve) => (give = resolve)),
      })
      const done = operator.push(0, batch)
      expect(done).toBeInstanceOf(Promise)
      expect(batches.length).toBe(1)
      for (let made = 2; made <= 5; made++) {
        give()
        await new Promise(setImmediate)
        expect(batches.length).toBe(made)
      }
      give()
      await done
      expect(batches.flatMap(rowsOf)).toEqual(rowsOf(batch))
    }
  })

  it('have no text of the program in their generated code', () => {
    const name = "'];process.exit()//"
    const fields: Schema = [{ name, type: types.string, nullable: true }]
    const batch = batchFromRows(fields, [['x']])
    const steps = [
      filter(call('equal', types.bool, line, constant(`${name}*/`, types.string))),
      project(call('concat', types.string, line, constant(name, types.string))),
      parallelDo('map', 0, rowOf(fields), rowOf(fields), [name]),
      parallelDo('map', 1, rowOf(fields), element(types.string)),
    ]
    const { source } = generateSegment({
      steps,
      input: { columns: batch.columns.map(shapeOf) },
      fields: schemaOf(types.string),
      weighted: false,
      numbered: undefined,
      leavesOut: false,
      passed: [],
      user: () => null,
      closure: () => () => '',
    })
    expect(source).not.toContain('process')
    expect(source).not.toContain('words.ts')
  })

  it('share columns that projections pass on, with weights and batches as they are', async () => {
    const plain = batchFromRows(lines, [
      ['x', 1],
      [null, 2],
    ])
    const batch = makeBatch(plain.columns, 2, { weights: Int32Array.from([1, -1]) })
    const doubled = call('add', types.int64, column(1, types.int64), column(1, types.int64))
    for (const interpreted of [false, true]) {
      const { operator, batches } = segment(
        [project(doubled, line), project(column(1, types.string), column(0, types.int64), constant(true, types.bool))],
        {
          input: lines,
          fields: schemaOf(types.string, types.int64, types.bool),
          interpreted,
        },
      )
      await operator.push(0, batch)
      expect(batches.map(rowsOf)).toEqual([
        [
          ['x', 2, true],
          [null, 4, true],
        ],
      ])
      expect(batches[0].columns[0]).toBe(batch.columns[0])
      expect([...(batches[0].weights ?? [])]).toEqual([1, -1])
    }
  })

  it('put the place of an expression into its errors', async () => {
    const batch = batchFromRows(lines, [['x', 1]])
    const quotient = call('divide', types.float64, constant(1, types.float64), constant(0, types.float64))
    const at = { file: 'test.ts', line: 3, column: 7 }
    for (const interpreted of [false, true]) {
      await expect(
        runSegment([project(quotient)], [batch], { fields: schemaOf(types.float64), interpreted }),
      ).rejects.toMatchObject({
        code: 'RUN_DIVISION_BY_ZERO',
        details: { at },
      })
    }
  })

  it('widen an int64 column where a sum leaves the safe integers', async () => {
    const batch = batchFromRows(lines, [
      ['', 2 ** 53 - 1],
      ['', null],
      ['', 5],
    ])
    const sum = call('add', types.int64, column(1, types.int64), constant(1, types.int64))
    expect(await runSegment([project(sum)], [batch, batch], { fields: schemaOf(types.int64) })).toEqual([
      [2n ** 53n],
      [null],
      [6],
      [2n ** 53n],
      [null],
      [6],
    ])
  })
})

describe('kernels', () => {
  it('are of functions of the catalogue', () => {
    expect([...kernelNames].filter((name) => findFunction(name)?.kind !== 'scalar')).toEqual([])
  })
})
