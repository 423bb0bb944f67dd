import { MillraceError, runError } from '../../base/errors.ts'
import { dayOf, formatDate, formatTimestamp, parseDate, parseTimestamp, startOfDay } from '../../data/civil.ts'
import { fieldOf } from '../../data/compare.ts'
import type { Int64 } from '../../data/int64.ts'
import { int64Value, isInt64, parseInt64 } from '../../data/int64.ts'
import type { ScalarKind, Type, Value } from '../../data/type.ts'
import { formatType, sameType } from '../../data/type.ts'
import type { ScalarFunction } from './define.ts'
import { defineScalarFunction } from './define.ts'

/** Conversions between types. `cast` fails with `RUN_CAST`, `safe_cast` gives null instead. All times are UTC. */
export const casts: readonly ScalarFunction[] = [
  defineScalarFunction('cast', {
    signatures: [{ args: ['any'], returns: 'any' }],
    fails: true,
    internal: true,
    summary: 'The value as another type.',
    evaluate: ([value], { args, returns }) => castValue(value, args[0], returns),
  }),
  defineScalarFunction('safe_cast', {
    signatures: [{ args: ['any'], returns: 'any' }],
    nullable: true,
    internal: true,
    summary: 'The value as another type, or null where that is not possible.',
    evaluate([value], { args, returns }) {
      try {
        return castValue(value, args[0], returns)
      } catch (error) {
        if (error instanceof MillraceError && error.code === 'RUN_CAST') return null
        throw error
      }
    },
  }),
]

type Conversion = (value: never) => Value

/** What turns a value that is not null from one kind into another; undefined from a conversion means that it cannot. */
const conversions: Readonly<
  Partial<Record<`${ScalarKind} ${ScalarKind}`, { fails: boolean; convert: (value: never) => Value | undefined }>>
> = {
  'bool int64': always((value: boolean) => (value ? 1 : 0)),
  'bool string': always((value: boolean) => (value ? 'true' : 'false')),
  'int64 bool': always((value: Int64) => value !== 0),
  'int64 float64': always((value: Int64) => Number(value)),
  'int64 string': always((value: Int64) => `${value}`),
  'float64 int64': sometimes(floatToInt),
  'float64 string': always(formatFloat),
  'string bool': sometimes(parseBool),
  'string int64': sometimes(parseInt64),
  'string float64': sometimes(parseFloat64),
  'string bytes': always((value: string) => new TextEncoder().encode(value)),
  'string date': sometimes(parseDate),
  'string timestamp': sometimes(parseTimestamp),
  'bytes string': sometimes(decodeUtf8),
  'date string': always(formatDate),
  'date timestamp': always(startOfDay),
  'timestamp date': always(dayOf),
  'timestamp string': always(formatTimestamp),
}

function always(convert: (value: never) => Value): { fails: boolean; convert: Conversion } {
  return { fails: false, convert }
}
function sometimes(convert: (value: never) => Value | undefined): {
  fails: boolean
  convert: (value: never) => Value | undefined
} {
  return { fails: true, convert }
}

function conversionOf(from: Type, to: Type) {
  return conversions[`${from.kind} ${to.kind}` as keyof typeof conversions]
}

/** Is there a cast between the types? Arrays are cast item by item, structs field by field in their order. */
export function canCast(from: Type, to: Type): boolean {
  if (sameType(from, to)) return true
  if (from.kind === 'array') return to.kind === 'array' && canCast(from.item, to.item)
  if (from.kind === 'struct') {
    return (
      to.kind === 'struct' &&
      from.fields.length === to.fields.length &&
      from.fields.every((field, i) => canCast(field.type, to.fields[i].type))
    )
  }
  return conversionOf(from, to) !== undefined
}

/** Are there values that the cast cannot convert? */
export function castMayFail(from: Type, to: Type): boolean {
  if (sameType(from, to)) return false
  if (from.kind === 'array' && to.kind === 'array') return castMayFail(from.item, to.item)
  if (from.kind === 'struct' && to.kind === 'struct')
    return from.fields.some((field, i) => castMayFail(field.type, to.fields[i].type))
  return conversionOf(from, to)?.fails ?? true
}

/** Converts a value; null stays null. `RUN_CAST` when it cannot be done. */
function castValue(value: Value, from: Type, to: Type): Value {
  if (value === null || sameType(from, to)) return value
  if (from.kind === 'array' && to.kind === 'array')
    return (value as readonly Value[]).map((item) => castValue(item, from.item, to.item))
  if (from.kind === 'struct' && to.kind === 'struct') {
    return Object.fromEntries(
      to.fields.map((field, i) => [field.name, castValue(fieldOf(value, from.fields[i].name), from.fields[i].type, field.type)]),
    )
  }
  const result = conversionOf(from, to)?.convert(value as never)
  if (result === undefined) {
    throw runError('RUN_CAST', `cannot cast ${formatType(from)} ${quoted(value)} to ${formatType(to)}`, {
      hint: 'safe_cast gives null instead',
    })
  }
  return result
}

function quoted(value: Value): string {
  if (typeof value !== 'string') return value instanceof Uint8Array ? `of ${value.length} bytes` : `${value}`
  return `'${value.length > 100 ? `${value.slice(0, 100)}…` : value}'`
}

/** Rounds half away from zero; undefined for what int64 does not hold. */
function floatToInt(value: number): Int64 | undefined {
  if (!Number.isFinite(value)) return undefined
  const rounded = roundHalfAway(value)
  if (Number.isSafeInteger(rounded)) return rounded + 0
  const exact = BigInt(rounded)
  return isInt64(exact) ? int64Value(exact) : undefined
}

/** The nearest whole number, halves away from zero. `Math.round` takes halves up, and x + 0.5 rounds before it is cut. */
export function roundHalfAway(value: number): number {
  const whole = Math.trunc(value)
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole
}

/** The shortest text that reads back as the same double, as JavaScript prints it; `0` for −0, `inf`, `-inf`, `nan`. */
function formatFloat(value: number): string {
  if (Number.isFinite(value)) return `${value}`
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
}

/** Decimal digits with an optional sign, point and exponent, or `inf`, `infinity` or `nan` in any case; undefined for others and when too large. */
function parseFloat64(text: string): number | undefined {
  if (/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text)
  if (word === null) return undefined
  if (word[2].toLowerCase() === 'nan') return Number.NaN
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** `true` or `false`, in any case. */
function parseBool(text: string): boolean | undefined {
  const word = text.toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(data: Uint8Array): string | undefined {
  try {
    return strict.decode(data)
  } catch {
    return undefined
  }
}
