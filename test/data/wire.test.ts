import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBuilder } from '../../src/data/builder.ts'
import type { Column } from '../../src/data/column.ts'
import { concatColumns, gatherColumn } from '../../src/data/gather.ts'
import { batchFromRows, makeBatch, rowsOf, sliceBatch, valueAt } from '../../src/data/read.ts'
import { types } from '../../src/data/type.ts'
import { decodeBatch, encodeBatch } from '../../src/data/wire.ts'
import { anySchema, anyValueOf, everyType, rowsOfSchema, schemaOf } from './random-batch.ts'

describe('the wire form', () => {
  it('gives back every batch, slices included', () => {
    const batches = anySchema.chain((schema) => fc.tuple(fc.constant(schema), rowsOfSchema(schema), fc.nat(40), fc.boolean()))
    fc.assert(
      fc.property(batches, ([schema, rows, cut, checksum]) => {
        const from = Math.min(cut, rows.length)
        const batch = sliceBatch(batchFromRows(schema, rows), from, rows.length)
        const bytes = encodeBatch(batch, { checksum })
        expect(bytes.byteLength).toBe(bytes.buffer.byteLength)
        // Where something else stood before, too.
        const room = (size: number) => new Uint8Array(size + 24).fill(77)
        expect(Buffer.compare(encodeBatch(batch, { checksum, room }), bytes)).toBe(0)
        const back = decodeBatch(bytes, schema)
        expect(back.rowCount).toBe(rows.length - from)
        expect(rowsOf(back)).toEqual(rowsOf(batch))
      }),
      { numRuns: 60 },
    )
  })

  it('keeps header, weights, group starts and dictionaries', () => {
    const values = batchFromRows(schemaOf(types.string), [['x'], ['y']]).columns[0]
    const codes: Column = { store: 'dictionary', type: types.string, length: 3, codes: Int32Array.of(1, 0, 1), values }
    const header = {
      producer: 3,
      attempt: 1,
      sequence: 9,
      epoch: 7,
      watermark: 12.5,
      ingestTimeUs: 4,
      source: { split: 2, firstRow: 2 ** 40 },
      openGroup: true,
    }
    const batch = makeBatch([codes], 3, { header, weights: Int32Array.of(1, -1, 2), groupStarts: Int32Array.of(0, 2) })
    const back = decodeBatch(encodeBatch(batch), schemaOf(types.string))
    expect(back.header).toEqual(header)
    expect(back.weights).toEqual(Int32Array.of(1, -1, 2))
    expect(back.groupStarts).toEqual(Int32Array.of(0, 2))
    expect(back.columns[0].store).toBe('dictionary')
    expect(rowsOf(back)).toEqual([['y'], ['x'], ['y']])
  })

  it('refuses rows of another type, cut bytes and any flipped bit', () => {
    const schema = schemaOf(types.string, types.int64, types.array(types.float64))
    const batch = batchFromRows(schema, [
      ['word', 1, [1.5]],
      [null, 2n ** 61n, null],
    ])
    const bytes = encodeBatch(batch, { checksum: true })
    const code = expect.objectContaining({ code: 'DATA_CORRUPT' })
    expect(() => decodeBatch(bytes, schemaOf(types.string, types.int64))).toThrow(code)
    expect(() => decodeBatch(bytes.slice(0, -8), schema)).toThrow(code)
    for (let i = 0; i < bytes.length; i++) {
      for (const bit of [1, 16, 128]) {
        const damaged = bytes.slice()
        damaged[i] ^= bit
        expect(() => decodeBatch(damaged, schema, { checksum: true }), `byte ${i}`).toThrow(code)
      }
    }
  })
})

describe('gatherColumn and concatColumns', () => {
  it('agree with picking values one by one', () => {
    const cases = fc
      .constantFrom(...everyType)
      .chain((type) =>
        fc.tuple(fc.constant(type), fc.array(anyValueOf(type), { minLength: 1 }), fc.array(fc.nat(), { maxLength: 30 })),
      )
    fc.assert(
      fc.property(cases, ([type, values, picks]) => {
        const builder = createBuilder(type)
        for (const value of values) builder.appendValue(value)
        const column = builder.finish()
        const rows = Int32Array.from(picks, (pick) => (pick % 7 === 0 ? -1 : pick % values.length))
        const picked = gatherColumn(column, rows, rows.length)
        const expected = [...rows].map((row) => (row < 0 ? null : valueAt(column, row)))
        expect(expected.map((_, i) => valueAt(picked, i))).toEqual(expected)
        const both = concatColumns([picked, column], type)
        const all = [...expected, ...values.map((_, i) => valueAt(column, i))]
        expect(all.map((_, i) => valueAt(both, i))).toEqual(all)
      }),
      { numRuns: 60 },
    )
  })
})

it('refuses more text in one column than 32-bit offsets can count', () => {
  const data = new Uint8Array(2 ** 26)
  const column: Column = { store: 'bytes', type: types.bytes, length: 1, offsets: Int32Array.of(0, data.length), data }
  const code = expect.objectContaining({ code: 'RESOURCE_LIMIT' })
  expect(() => gatherColumn(column, new Int32Array(33), 33)).toThrow(code)
  expect(() => concatColumns(new Array(33).fill(column), types.bytes)).toThrow(code)
})

it('weighs a slice of arrays by its own items', () => {
  const rows = Array.from({ length: 100 }, (_, n) => [Array.from({ length: 50 }, () => n)])
  const batch = batchFromRows(schemaOf(types.array(types.int64)), rows)
  expect(batch.sizeBytes).toBeGreaterThan(100 * 50 * 8)
  expect(sliceBatch(batch, 10, 11).sizeBytes).toBeLessThan(600)
})
