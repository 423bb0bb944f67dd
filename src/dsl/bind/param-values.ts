import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { maxTimestamp, minTimestamp } from '../../data/civil.ts'
import { int64Value } from '../../data/int64.ts'
import { formatType, type Type, type Value } from '../../data/type.ts'
import { parseConstant } from './coerce.ts'
import { exactToFloat64, exactToInt64, negateExact, parseExact } from './exact.ts'

/**
 * The value of a text from a command line, by the type it is declared with. Arrays and structs are JSON.
 *
 * @throws {@link MillraceError} `PLAN_TYPE_MISMATCH`, or `PLAN_CONSTANT` for what looks like no number.
 */
export function parseTextValue(text: string, type: Type, at: Place): Value {
  switch (type.kind) {
    case 'string':
      return text
    case 'int64':
    case 'float64':
      return parseNumber(text.trim(), type, at)
    case 'array':
    case 'struct':
      return toValue(parseJson(text, type, at), type, at)
    default:
      return constantValue(parseConstant(text.trim(), type, at))
  }
}

/**
 * A JavaScript value as a value of a type: numbers and bigints for int64, texts or `Date` for date and timestamp.
 * undefined counts as null.
 */
export function toValue(value: unknown, type: Type, at: Place): Value {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'bool':
      if (typeof value === 'boolean') return value
      break
    case 'string':
      if (typeof value === 'string' && value.isWellFormed()) return value
      break
    case 'bytes':
      if (value instanceof Uint8Array) return value
      break
    case 'float64':
      if (typeof value === 'number') return value
      if (typeof value === 'bigint') return Number(value)
      break
    case 'int64':
      if (typeof value === 'bigint' || Number.isSafeInteger(value))
        return exactToInt64({ digits: BigInt(value as number), scale: 0, fraction: false }, at)
      break
    case 'date':
      if (isInRange(value)) return Math.floor(value.getTime() / 86_400_000)
      if (typeof value === 'string') return constantValue(parseConstant(value, type, at))
      break
    case 'timestamp':
      if (isInRange(value)) return int64Value(microsecondsOf(value))
      if (typeof value === 'string') return constantValue(parseConstant(value, type, at))
      break
    case 'array':
      if (Array.isArray(value)) return value.map((item) => toValue(item, type.item, at))
      break
    case 'struct':
      if (typeof value === 'object') {
        const record = value as Readonly<Record<string, unknown>>
        return Object.fromEntries(
          type.fields.map((field) => [
            field.name,
            toValue(Object.hasOwn(record, field.name) ? record[field.name] : null, field.type, at),
          ]),
        )
      }
      break
  }
  throw planError('PLAN_TYPE_MISMATCH', `expected ${formatType(type)}, found ${describeValue(value)}`, { at })
}

const microsecondsOf = (date: Date): bigint => BigInt(date.getTime()) * 1000n

/** Is it a `Date` of the years 1 to 9999? */
const isInRange = (value: unknown): value is Date =>
  value instanceof Date &&
  !Number.isNaN(value.getTime()) &&
  microsecondsOf(value) >= minTimestamp &&
  microsecondsOf(value) <= maxTimestamp

const plainNumber = /^[+-]?(\d|\.\d)/

function parseNumber(text: string, type: Type, at: Place): Value {
  if (!plainNumber.test(text)) {
    // Infinity and NaN have their spelling in `cast`.
    if (type.kind === 'float64') return constantValue(parseConstant(text, type, at))
    throw planError('PLAN_TYPE_MISMATCH', `'${text}' is not an ${type.kind}`, { at })
  }
  const magnitude = parseExact(text.replace(/^[+-]/, ''), at)
  const exact = text.startsWith('-') ? negateExact(magnitude) : magnitude
  return type.kind === 'int64' ? exactToInt64(exact, at) : exactToFloat64(exact, at)
}

function parseJson(text: string, type: Type, at: Place): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw planError('PLAN_TYPE_MISMATCH', `'${text.slice(0, 60)}' is not a ${formatType(type)} in JSON`, {
      at,
      cause,
      hint: `write it as ["a", "b"]`,
    })
  }
}

const constantValue = (expr: ReturnType<typeof parseConstant>): Value => (expr.e === 'constant' ? expr.value : null)

function describeValue(value: unknown): string {
  if (typeof value === 'string')
    return `the text '${value.slice(0, 40)}'${value.isWellFormed() ? '' : ', which has half of a character'}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : `the Date ${value.toISOString()}`
  return typeof value === 'object' ? `a ${value?.constructor?.name ?? 'object'}` : `${typeof value} ${String(value)}`
}
