import { parseDate, parseTimestamp } from '../data/civil.ts'
import { int64Value, isInt64, parseInt64 } from '../data/int64.ts'
import type { Type, Value } from '../data/type.ts'

/** A parsed JSON value does not fit its type. */
export class BadJsonValue extends Error {}

/** A JSON value, in which integers that a double cannot hold are bigints. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [name: string]: Json }

/** Parses JSON; integers beyond 2^53 are taken from their text. @throws SyntaxError */
export function parseJson(text: string): Json {
  // The reviver makes parsing several times slower, so it runs only where there may be such a number.
  return /[0-9]{16}/.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text)
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?[0-9]+$/.test(source) ? BigInt(source) : value
}

/**
 * The value of a type that a JSON value stands for: objects are structs, in which unknown keys are ignored and missing ones are null; dates,
 * timestamps and bytes (base64) are strings, and so may be numbers that JSON cannot write.
 *
 * @throws BadJsonValue when it does not fit, and for a null that `nullable` forbids.
 */
export function valueFromJson(json: Json, type: Type, nullable: boolean): Value {
  if (json === null) {
    if (nullable) return null
    throw new BadJsonValue()
  }
  const value = convert(json, type)
  if (value === undefined) throw new BadJsonValue()
  return value
}

/** The same for a nullable type; undefined when it does not fit. */
export function tryValueFromJson(json: Json, type: Type): Value | undefined {
  try {
    return valueFromJson(json, type, true)
  } catch (thrown) {
    if (thrown instanceof BadJsonValue) return undefined
    throw thrown
  }
}

function convert(json: Exclude<Json, null>, type: Type): Value | undefined {
  switch (type.kind) {
    case 'bool':
      return typeof json === 'boolean' ? json : undefined
    case 'int64':
      if (typeof json === 'string') return parseInt64(json)
      if (typeof json === 'bigint') return isInt64(json) ? int64Value(json) : undefined
      return Number.isSafeInteger(json) ? (json as number) + 0 : undefined
    case 'float64':
      if (typeof json === 'bigint') return Number(json)
      if (typeof json === 'string') return floatWords.get(json)
      return typeof json === 'number' && Number.isFinite(json) ? json : undefined
    case 'string':
      return typeof json === 'string' && json.isWellFormed() ? json : undefined
    case 'bytes':
      return typeof json === 'string' ? bytesOfBase64(json) : undefined
    case 'date':
      return typeof json === 'string' ? parseDate(json) : undefined
    case 'timestamp':
      return typeof json === 'string' ? parseTimestamp(json) : undefined
    case 'array':
      return Array.isArray(json) ? json.map((item) => valueFromJson(item, type.item, type.nullableItems)) : undefined
    case 'struct': {
      if (typeof json !== 'object' || Array.isArray(json)) return undefined
      const record = json as { readonly [name: string]: Json }
      return Object.fromEntries(
        type.fields.map(({ name, type, nullable }) => [
          name,
          valueFromJson(Object.hasOwn(record, name) ? record[name] : null, type, nullable),
        ]),
      )
    }
    case 'js':
      return undefined
  }
}

/** The bytes of a base64 text, padded or not; undefined for any other text, of which Node would decode what it can. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? bytes : undefined
}

/** How doubles that JSON cannot write are written. */
export const floatWords: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])
