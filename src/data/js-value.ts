import { exhaustive } from '../base/assert.ts'
import { dataError, type MillraceError, runError } from '../base/errors.ts'
import { formatDate, maxTimestamp, minTimestamp, parseDate } from './civil.ts'
import { fieldOf } from './compare.ts'
import { type Int64, int64Value, isInt64 } from './int64.ts'
import { formatType, type StructField, type Type, type Value } from './type.ts'

/**
 * A value as functions and callers see it. int64 becomes a number, and `RUN_OVERFLOW` when it is no safe integer; date a text `YYYY-MM-DD`;
 * timestamp a `Date`, which has milliseconds: microseconds are rounded down; bytes a `Uint8Array`; arrays and structs plain arrays and objects.
 */
export function toJsValue(type: Type, value: Value): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'int64':
      return typeof value === 'bigint' ? refuseBigint(value) : value
    case 'date':
      return formatDate(value as number)
    case 'timestamp':
      return new Date(millisecondsOf(value as Int64))
    case 'array':
      return (value as readonly Value[]).map((item) => toJsValue(type.item, item))
    case 'struct':
      // No assignment to a user's key: a field may be called __proto__.
      return Object.fromEntries(type.fields.map((field) => [field.name, toJsValue(field.type, fieldOf(value, field.name))]))
    case 'bool':
    case 'float64':
    case 'string':
    case 'bytes':
    case 'js':
      return value
    default:
      return exhaustive(type)
  }
}

/**
 * The way back. `undefined` counts as null, and an absent field of a struct too.
 *
 * @param where - name of the column, for messages.
 * @throws {@link MillraceError} `DATA_SHAPE_CHANGED` for a value of another type, and for null where `nullable` is false;
 * `DATA_INVALID_UTF8` for a text with a lone surrogate; `RUN_OVERFLOW` for a bigint outside 64 bits.
 */
export function fromJsValue(type: Type, value: unknown, nullable = true, where = 'value'): Value {
  if (value === null || value === undefined) {
    if (!nullable) throw shapeError(type, value, where)
    return null
  }
  const result = convert(type, value, where)
  if (result === undefined) throw shapeError(type, value, where)
  return result
}

/** Undefined when the value does not fit the type. */
function convert(type: Type, value: unknown, where: string): Value | undefined {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'int64':
      return integerOf(value, where)
    case 'float64':
      return typeof value === 'number' ? value : undefined
    case 'string':
      return typeof value === 'string' ? wellFormed(value, where) : undefined
    case 'bytes':
      return value instanceof Uint8Array ? value : undefined
    case 'date':
      return typeof value === 'string' ? parseDate(value) : undefined
    case 'timestamp':
      return value instanceof Date ? microsecondsOf(value, where) : undefined
    case 'array':
      return Array.isArray(value)
        ? value.map((item, i) => fromJsValue(type.item, item, type.nullableItems, `${where}[${i}]`))
        : undefined
    case 'struct':
      return isRecord(value) ? structOf(type.fields, value, where) : undefined
    case 'js':
      return value as Value
    default:
      return exhaustive(type)
  }
}

function refuseBigint(value: bigint): never {
  throw runError('RUN_OVERFLOW', `int64 ${value} is no safe integer, so that a function cannot have it as a number`, {
    hint: 'pass cast(x as string) and make a bigint of it with BigInt()',
  })
}

/** Milliseconds since 1970 of a timestamp, rounded down. */
function millisecondsOf(time: Int64): number {
  if (typeof time === 'number') return Math.floor(time / 1000)
  const rest = time % 1000n
  return Number((time - (rest < 0n ? rest + 1000n : rest)) / 1000n)
}

function microsecondsOf(date: Date, where: string): Int64 | undefined {
  const milliseconds = date.getTime()
  if (Number.isNaN(milliseconds)) return undefined
  const exact = BigInt(milliseconds) * 1000n
  if (exact < minTimestamp || exact > maxTimestamp)
    throw runError('RUN_OVERFLOW', `${where}: timestamp is outside the years 1 to 9999`)
  return int64Value(exact)
}

function integerOf(value: unknown, where: string): Int64 | undefined {
  // `+ 0`: an int64 is never −0.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : undefined
  if (typeof value !== 'bigint') return undefined
  if (!isInt64(value)) throw runError('RUN_OVERFLOW', `${where}: bigint ${value} is outside 64 bits`)
  return int64Value(value)
}

function wellFormed(text: string, where: string): string {
  if (text.isWellFormed()) return text
  throw dataError('DATA_INVALID_UTF8', `${where}: the text has a lone surrogate, which UTF-8 cannot hold`, {
    hint: 'text.toWellFormed() replaces it',
  })
}

/** Objects that stand for structs: not arrays, dates, bytes, maps or sets, whose contents would be lost. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]'
}

function structOf(fields: readonly StructField[], value: Readonly<Record<string, unknown>>, where: string): Value {
  const entries = fields.map((field): [string, Value] => {
    const found = Object.hasOwn(value, field.name) ? value[field.name] : undefined
    return [field.name, fromJsValue(field.type, found, field.nullable, `${where}.${field.name}`)]
  })
  refuseOtherKeys(fields, value, where)
  return Object.fromEntries(entries)
}

/** A field that the type does not have would be lost without a word. */
function refuseOtherKeys(fields: readonly StructField[], value: Readonly<Record<string, unknown>>, where: string): void {
  const keys = Object.keys(value)
  if (keys.length <= fields.length && keys.every((key, i) => key === fields[i].name)) return
  for (const key of keys) {
    if (value[key] === undefined || fields.some((field) => field.name === key)) continue
    throw dataError(
      'DATA_SHAPE_CHANGED',
      `${where}: expected ${formatType({ kind: 'struct', fields })}, found a field '${key}'`,
      {
        hint: 'declare the type that the function returns',
      },
    )
  }
}

function shapeError(type: Type, value: unknown, where: string): MillraceError {
  const hints: Partial<Record<Type['kind'], string>> = {
    timestamp: 'a timestamp is a Date',
    date: "a date is a text like '2026-01-31'",
  }
  const hint = isInvalidDate(value)
    ? 'a text that is no date makes an invalid Date'
    : (hints[type.kind] ?? 'declare the type that the function returns')
  return dataError('DATA_SHAPE_CHANGED', `${where}: expected ${formatType(type)}, found ${describeJsValue(value)}`, { hint })
}

const isInvalidDate = (value: unknown): boolean => value instanceof Date && Number.isNaN(value.getTime())

/** A value and its kind in a few words, for messages: `string 'abc'`, `array`, `null`. */
export function describeJsValue(value: unknown): string {
  if (value === null || value === undefined) return `${value}`
  if (typeof value === 'string') return `string '${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return `${typeof value} ${value}`
  if (typeof value !== 'object') return typeof value
  if (isInvalidDate(value)) return 'an invalid Date'
  return Array.isArray(value) ? 'array' : Object.prototype.toString.call(value).slice(8, -1).toLowerCase()
}
