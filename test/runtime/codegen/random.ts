import type { Batch } from '../../../src/data/batch.ts'
import { createBuilder } from '../../../src/data/builder.ts'
import type { Column } from '../../../src/data/column.ts'
import { makeBatch } from '../../../src/data/read.ts'
import { type Schema, type Type, types, type Value } from '../../../src/data/type.ts'
import type { Expr } from '../../../src/ir/expr.ts'
import { canCast } from '../../../src/ir/functions/cast.ts'
import { findFunction, functionNames } from '../../../src/ir/functions/catalogue.ts'
import type { ScalarFunction, TypePattern } from '../../../src/ir/functions/define.ts'
import { call, column, constant } from './harness.ts'

/** Numbers below `n` from a seed: xorshift32. */
export type Random = (n: number) => number
export function randomFrom(seed: number): Random {
  let state = seed | 0 || 1
  return (n) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % n
  }
}

const point = types.struct([
  { name: 'a', type: types.int64, nullable: true },
  { name: '__proto__', type: types.string, nullable: true },
])
const words = types.array(types.string)
const samples: Readonly<Record<string, readonly Value[]>> = {
  bool: [true, false],
  int64: [
    0,
    1,
    -1,
    2,
    3,
    7,
    100,
    -45,
    2 ** 31,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    2n ** 53n,
    -(2n ** 60n),
    2n ** 63n - 1n,
    -(2n ** 63n),
  ],
  float64: [
    0,
    -0,
    1,
    -1,
    0.5,
    -2.5,
    1.5,
    1e300,
    -1e308,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    3,
    1e15,
    2 ** 53,
  ],
  string: [
    '',
    'a',
    'b',
    'abc',
    'a b',
    ' a  b ',
    'ABC def',
    'ÄÖ ü',
    '\u00a0x\u2003',
    '😀 a😀b',
    '12',
    '-7',
    '1.25',
    '1e3',
    '2024-02-29',
    '2024-02-29T12:30:00Z',
    'true',
    'day',
    'month',
    '%b%',
    'x'.repeat(50),
  ],
  bytes: [new Uint8Array(0), new Uint8Array([1, 2]), new Uint8Array([97, 255])],
  date: [0, -1, 19782, -719162, 2932896, 11016],
  timestamp: [0, -1, 1_709_209_800_000_000, -62_135_596_800_000_000n, 253_402_300_799_999_999n, 86_400_000_000],
}
export const columnTypes: readonly Type[] = [
  types.bool,
  types.int64,
  types.int64,
  types.float64,
  types.string,
  types.string,
  types.bytes,
  types.date,
  types.timestamp,
  words,
  point,
]
export const schema: Schema = columnTypes.map((type, i) => ({ name: `'];process.exit()//${i}`, type, nullable: true }))

function randomValue(random: Random, type: Type, nullable: boolean): Value {
  if (nullable && random(5) === 0) return null
  if (type.kind === 'array') return Array.from({ length: random(4) }, () => randomValue(random, type.item, true))
  if (type.kind === 'struct')
    return Object.fromEntries(type.fields.map((field) => [field.name, randomValue(random, field.type, true)]))
  const list = samples[type.kind]
  return list[random(list.length)]
}

/** A batch with or without nulls, wide lanes and dictionaries. */
export function randomBatch(random: Random, rowCount: number): Batch {
  const columns = columnTypes.map((type, i): Column => {
    const nullable = random(2) === 0
    const narrow = i === 1 || random(2) === 0
    const value = (): Value => {
      const made = randomValue(random, type, nullable)
      return narrow && typeof made === 'bigint' ? 5 : made
    }
    const builder = createBuilder(type)
    if (random(4) > 0) {
      for (let row = 0; row < rowCount; row++) builder.appendValue(value())
      return builder.finish()
    }
    for (let code = 0; code < 4; code++) builder.appendValue(value())
    const codes = Int32Array.from({ length: rowCount }, () => random(4))
    return { store: 'dictionary', type, length: rowCount, codes, values: builder.finish() }
  })
  return makeBatch(columns, rowCount)
}

const operatorNames =
  'add subtract multiply divide negate equal not_equal less less_equal greater greater_equal is_distinct_from and or not is_null is_not_null concat like in array'
const scalars: readonly ScalarFunction[] = [...new Set([...functionNames(), ...operatorNames.split(' ')])]
  .map((name) => findFunction(name))
  .filter((fn) => fn !== undefined)
  .filter((fn) => fn.kind === 'scalar')
  .filter((fn) => fn.volatility === 'pure' && !['cast', 'safe_cast', 'field', 'struct'].includes(fn.name))
const scalarTypes: readonly Type[] = [types.bool, types.int64, types.float64, types.string, types.date, types.timestamp]

const matches = (pattern: TypePattern, type: Type): boolean => {
  if (pattern === 'any' || pattern === 'T') return true
  if (pattern.startsWith('array')) return type.kind === 'array' && type.item.kind === 'string'
  return pattern === type.kind
}
const typeOf = (pattern: TypePattern, t: Type): Type =>
  pattern === 'T' || pattern === 'any'
    ? t
    : pattern === 'array<T>'
      ? types.array(t)
      : pattern.startsWith('array')
        ? words
        : { kind: pattern as 'int64' }

/** A random expression of a type over the columns of `schema`. */
export function randomExpr(random: Random, type: Type, depth: number): Expr {
  const leaf = (): Expr => {
    const candidates = columnTypes
      .map((other, i) => [other, i] as const)
      .filter(([other]) => JSON.stringify(other) === JSON.stringify(type))
    if (candidates.length > 0 && random(4) > 0) {
      const [found, i] = candidates[random(candidates.length)]
      return column(i, found)
    }
    return constant(randomValue(random, type, true), type)
  }
  if (depth === 0) return leaf()
  const inner = (wanted: Type): Expr => randomExpr(random, wanted, depth - 1)
  switch (random(9)) {
    case 0:
      return leaf()
    case 1: {
      const froms = scalarTypes.filter((from) => canCast(from, type))
      if (froms.length === 0) return leaf()
      return call(random(3) === 0 ? 'cast' : 'safe_cast', type, inner(froms[random(froms.length)]))
    }
    case 2:
      return {
        e: 'case',
        type,
        nullable: true,
        arms: [{ when: inner(types.bool), then: inner(type) }],
        else: random(2) === 0 ? inner(type) : undefined,
      }
    case 3:
      if (type.kind === 'string' || type.kind === 'int64') {
        const name = type.kind === 'string' ? '__proto__' : 'a'
        return call('field', type, column(10, point), constant(name, types.string))
      }
      return leaf()
    default: {
      const options = scalars
        .flatMap((fn) => fn.signatures.map((signature) => ({ fn, signature })))
        .filter(({ signature }) => matches(signature.returns, type))
      if (options.length === 0) return leaf()
      const { fn, signature } = options[random(options.length)]
      const t =
        signature.returns === 'T' || signature.returns === 'any'
          ? type
          : type.kind === 'array'
            ? type.item
            : scalarTypes[random(scalarTypes.length)]
      const count = signature.args.length - random((signature.optional ?? 0) + 1)
      const args = signature.args.slice(0, count).map((pattern) => inner(typeOf(pattern, t)))
      if (signature.rest !== undefined)
        for (let i = random(3); i > 0; i--)
          args.push(fn.name === 'in' ? constant(randomValue(random, t, true), t) : inner(typeOf(signature.rest, t)))
      return call(fn.name, type, ...args)
    }
  }
}
