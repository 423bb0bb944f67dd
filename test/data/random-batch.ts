import fc from 'fast-check'
import type { Schema, Type, Value } from '../../src/data/type.ts'
import { types } from '../../src/data/type.ts'

/** Values of a type, nulls and the awkward ones included. */
export function anyValueOf(type: Type): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'bool':
      return fc.option(fc.boolean(), { freq: 5 })
    case 'int64':
    case 'timestamp':
      return fc.option(
        fc.oneof({ weight: 5, arbitrary: fc.integer() }, fc.constantFrom(2n ** 60n, -(2n ** 63n), 9007199254740991)),
        { freq: 5 },
      )
    case 'float64':
      // Finite ones stay small enough for sums.
      return fc.option(
        fc.oneof(
          { weight: 5, arbitrary: fc.double({ min: -1e300, max: 1e300, noNaN: true }) },
          fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 0),
        ),
        { freq: 5 },
      )
    case 'date':
      return fc.option(fc.integer(), { freq: 5 })
    case 'string':
      return fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }), { freq: 5 })
    case 'bytes':
      return fc.option(fc.uint8Array({ maxLength: 9 }), { freq: 5 })
    case 'array':
      return fc.option(fc.array(anyValueOf(type.item), { maxLength: 4 }), { freq: 5 })
    case 'struct':
      return fc.option(
        fc.tuple(...type.fields.map((field) => anyValueOf(field.type))).map((values) => {
          return Object.fromEntries(values.map((value, i) => [type.fields[i].name, value]))
        }),
        { freq: 5 },
      )
    case 'js':
      return fc.constant(null)
  }
}

export const everyType: readonly Type[] = [
  types.bool,
  types.int64,
  types.float64,
  types.string,
  types.bytes,
  types.date,
  types.timestamp,
  types.array(types.string),
  types.array(types.array(types.int64)),
  types.struct([
    { name: 'a', type: types.int64, nullable: true },
    { name: '__proto__', type: types.string, nullable: true },
  ]),
]

export const schemaOf = (...list: Type[]): Schema => list.map((type, i) => ({ name: `c${i}`, type, nullable: true }))

export const anySchema: fc.Arbitrary<Schema> = fc
  .array(fc.constantFrom(...everyType), { maxLength: 4 })
  .map((list) => schemaOf(...list))

export const rowsOfSchema = (schema: Schema, maxLength = 40): fc.Arbitrary<Value[][]> =>
  fc.array(fc.tuple(...schema.map((field) => anyValueOf(field.type))) as fc.Arbitrary<Value[]>, { maxLength })
