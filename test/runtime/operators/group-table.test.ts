import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BytesBuilder } from '../../../src/data/builder.ts'
import type { Column, DictionaryColumn } from '../../../src/data/column.ts'
import { canonicalValue, valueKey } from '../../../src/data/compare.ts'
import { batchFromRows, valueAt } from '../../../src/data/read.ts'
import type { Type, Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import type { TextNumbers } from '../../../src/runtime/operator.ts'
import { GroupTable } from '../../../src/runtime/operators/group-table.ts'
import { TextTable } from '../../../src/runtime/operators/text-table.ts'
import { anyValueOf, schemaOf } from '../../data/random-batch.ts'

const keyTypes: readonly Type[] = [
  types.int64,
  types.timestamp,
  types.float64,
  types.bool,
  types.date,
  types.string,
  types.bytes,
  types.array(types.float64),
  types.struct([{ name: 'x', type: types.float64, nullable: true }]),
]

function columnsOf(list: readonly Type[], rows: readonly (readonly Value[])[]): readonly Column[] {
  return batchFromRows(schemaOf(...list), rows).columns
}

const keyOf = (list: readonly Type[], row: readonly Value[]): string =>
  list.map((type, i) => valueKey(type, canonicalValue(type, row[i]))).join(' | ')

/** The keys of a table in this order. */
const keysOf = (list: readonly Type[], table: GroupTable, order: Iterable<number>): string[] => {
  const columns = table.keyColumns()
  return Array.from(order, (group) =>
    keyOf(
      list,
      columns.map((column) => valueAt(column, group)),
    ),
  )
}

/** Gives the groups of all rows. */
function assign(table: GroupTable, list: readonly Type[], batches: readonly (readonly Value[][])[]): number[] {
  return batches.flatMap((rows) => [...table.assign(columnsOf(list, rows), rows.length, new Int32Array(rows.length))])
}

/** Few values more often, so that keys come again. */
const rowsOf = (list: readonly Type[]) =>
  fc.tuple(...list.map((type) => fc.array(anyValueOf(type), { minLength: 1, maxLength: 12 }))).chain((pools) =>
    fc.array(fc.tuple(...pools.map((pool) => fc.constantFrom(...pool))) as fc.Arbitrary<Value[]>, {
      minLength: 1,
      maxLength: 50,
    }),
  )

const cases = fc
  .array(fc.constantFrom(...keyTypes), { minLength: 1, maxLength: 2 })
  .chain((list) => fc.tuple(fc.constant(list), fc.array(rowsOf(list), { minLength: 1, maxLength: 4 })))

/** A dictionary that gets longer as texts come. */
class GrowingDictionary {
  readonly #texts: string[] = []
  encode(column: Column): Column {
    const values = Array.from({ length: column.length }, (_, row) => valueAt(column, row) as string | null)
    for (const value of values) if (value !== null && !this.#texts.includes(value)) this.#texts.push(value)
    return {
      store: 'dictionary',
      type: types.string,
      length: column.length,
      nulls: column.nulls,
      codes: Int32Array.from(values, (value) => (value === null ? 0 : this.#texts.indexOf(value))),
      values: columnsOf(
        [types.string],
        this.#texts.map((text) => [text]),
      )[0],
      owner: this,
    }
  }
}

describe('GroupTable', () => {
  it('numbers keys alike whether they come as texts or as codes of dictionaries', () => {
    const cell = fc.option(fc.constantFrom('a', 'bb', 'ü', '', 'more'), { freq: 4 })
    const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.record({ rows, owner: fc.nat({ max: 2 }), finds: fc.boolean() }), { maxLength: 8 }),
        (width, batches) => {
          const list = Array.from({ length: width }, () => types.string)
          const plain = new GroupTable(list, 7)
          const coded = new GroupTable(list, 7)
          const dictionaries = Array.from({ length: 3 }, () => list.map(() => new GrowingDictionary()))
          for (const { rows, owner, finds } of batches) {
            const columns = columnsOf(
              list,
              rows.map((row) => row.slice(0, width)),
            )
            const codes = columns.map((column, i) => dictionaries[owner][i].encode(column))
            const expected = new Int32Array(rows.length)
            const groups = new Int32Array(rows.length)
            if (finds) {
              plain.find(columns, rows.length, expected)
              coded.find(codes, rows.length, groups)
              expect(groups).toEqual(expected)
            } else expect(coded.assign(codes, rows.length, groups)).toEqual(plain.assign(columns, rows.length, expected))
          }
          expect(keysOf(list, coded, coded.order())).toEqual(keysOf(list, plain, plain.order()))
        },
      ),
    )
  })

  it('numbers keys of any type by their first appearance, and finds them again', () => {
    fc.assert(
      fc.property(cases, ([list, batches]) => {
        const table = new GroupTable(list, 42)
        const expected = new Map<string, number>()
        const rows = batches.flat()
        for (const row of rows) if (!expected.has(keyOf(list, row))) expected.set(keyOf(list, row), expected.size)
        const found = assign(table, list, batches)
        expect(found).toEqual(rows.map((row) => expected.get(keyOf(list, row))))
        expect(keysOf(list, table, Array(table.count).keys())).toEqual([...expected.keys()])
        const again = new Int32Array(rows.length)
        table.find(columnsOf(list, rows), rows.length, again)
        expect([...again]).toEqual(found)
      }),
      { numRuns: 400 },
    )
  })

  it('finds nothing that was not assigned', () => {
    fc.assert(
      fc.property(cases, ([list, [rows, others = []]]) => {
        const table = new GroupTable(list, 42)
        assign(table, list, [rows])
        const known = new Set(rows.map((row) => keyOf(list, row)))
        const found = new Int32Array(others.length)
        table.find(columnsOf(list, others), others.length, found)
        expect([...found].map((group) => group >= 0)).toEqual(others.map((row) => known.has(keyOf(list, row))))
        expect(table.count).toBe(known.size)
      }),
      { numRuns: 200 },
    )
  })

  it('orders groups alike however they came, all of them or some, also between additions', () => {
    fc.assert(
      fc.property(cases, ([list, batches]) => {
        const table = new GroupTable(list, 42)
        for (const rows of batches) {
          assign(table, list, [rows])
          table.order(Int32Array.of(0))
        }
        const reversed = new GroupTable(list, 42)
        assign(reversed, list, [batches.flat().toReversed()])
        const order = keysOf(list, table, table.order())
        expect(keysOf(list, reversed, reversed.order())).toEqual(order)
        const some = new Set(keysOf(list, table, [0, table.count >> 1]))
        const few = [...new Set([0, table.count >> 1])].filter((group) => group < table.count)
        expect(keysOf(list, table, table.order(Int32Array.from(few)))).toEqual(order.filter((key) => some.has(key)))
      }),
      { numRuns: 200 },
    )
  })

  it('keeps many numbers and texts apart while it grows', () => {
    const count = 50_000
    for (const [type, value] of [
      [types.int64, (i: number): Value => (i % 3 === 0 ? 2n ** 60n + BigInt(i) : i * 4096)],
      // Among them the bits that stand for no key in a table of doubles.
      [types.int64, (i: number): Value => 0x7ff8_0001_0000_0000n + BigInt(i)],
      [types.float64, (i: number): Value => i / 7],
      [types.string, (i: number): Value => (i % 3 === 0 ? `a text longer than four words ${i}` : `${i}`)],
    ] as const) {
      const table = new GroupTable([type], 42)
      const rows = Array.from({ length: count }, (_, i) => [value(i)])
      const expected = rows.map((_, i) => i)
      expect(assign(table, [type], [rows.slice(0, 60), rows.slice(60, 30_000), rows.slice(30_000)])).toEqual(expected)
      expect(assign(table, [type], [rows])).toEqual(expected)
      expect(table.sizeBytes).toBeGreaterThan(count * 16)
      table.clear()
      expect([table.count, table.sizeBytes < 50_000]).toEqual([0, true])
      expect(assign(table, [type], [rows.slice(100, 101)])).toEqual([0])
    }
  })

  it('takes codes of its own texts as they are, with nulls too, and looks up those of an owner that is gone', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.constantFrom('a', 'bb', 'c'.repeat(20), '')), { minLength: 1 }), (texts) => {
        const table = new GroupTable([types.string], 42)
        const old = codesOf(table.texts as TextNumbers, texts)
        const expected = assign(table, [types.string], [texts.map((text) => [text])])
        // A null may have a number before or after the texts that were numbered while they were made.
        expect([...table.assign([old], texts.length, new Int32Array(texts.length))]).toEqual(expected)
        table.clear()
        assign(table, [types.string], [[['other']], texts.toReversed().map((text) => [text])])
        const found = [...table.assign([old], texts.length, new Int32Array(texts.length))]
        expect(found).toEqual(assign(table, [types.string], [texts.map((text) => [text])]))
        expect(table.count).toBe(new Set(texts).size + 1)
      }),
    )
  })
})

/** A dictionary of texts, numbered as a producer of them does. */
function codesOf(owner: TextNumbers, texts: readonly (string | null)[]): DictionaryColumn {
  const codes = texts.map((text) => (text === null ? 0 : owner.number(Buffer.from(text), 0, Buffer.byteLength(text))))
  const plain = columnsOf(
    [types.string],
    texts.map((text) => [text]),
  )[0]
  const keys = owner.keys
  return {
    store: 'dictionary',
    type: types.string,
    length: texts.length,
    nulls: plain.nulls,
    codes: Int32Array.from(codes),
    values: {
      store: 'bytes',
      type: types.string,
      length: Math.max(1, keys.length),
      offsets: keys.offsets.slice(0, keys.length + 1),
      data: keys.data.slice(),
    },
    owner,
  }
}

describe('TextTable', () => {
  it('numbers the pieces of texts as it numbers them one by one, in any portions', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é'), maxLength: 40 })
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (texts, portion) => {
        const bytes = columnsOf(
          [types.string],
          texts.map((one) => [one]),
        )[0] as Column & { store: 'bytes' }
        const pieces = texts.flatMap((one) => one.split(' '))
        const table = new TextTable(new BytesBuilder(types.string), 7)
        const place = { row: 0, at: bytes.offsets[0] }
        const found: number[] = []
        while (place.row < texts.length) {
          const codes = new Int32Array(portion)
          const count = table.numberPieces(bytes.data, bytes.offsets, place, texts.length, 32, codes, 0, portion)
          found.push(...codes.subarray(0, count))
        }
        const oneByOne = new TextTable(new BytesBuilder(types.string), 7)
        expect(found).toEqual(pieces.map((piece) => oneByOne.number(Buffer.from(piece), 0, Buffer.byteLength(piece))))
      }),
      { numRuns: 300 },
    )
  })
})
