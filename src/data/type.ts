import { exhaustive } from '../base/assert.ts'

/**
 * The type of a column or an expression. `js` is an opaque value between fused closures; it never crosses an exchange.
 * A date counts days and a timestamp microseconds since 1970-01-01 UTC.
 */
export type Type =
  | { kind: ScalarKind }
  | { kind: 'array'; item: Type; nullableItems: boolean }
  | { kind: 'struct'; fields: readonly StructField[] }
  | { kind: 'js' }
/** Types that hold no others. */
export type ScalarKind = 'bool' | 'int64' | 'float64' | 'string' | 'bytes' | 'date' | 'timestamp'
/** A field of a struct type. */
export interface StructField {
  name: string
  type: Type
  nullable: boolean
}

/**
 * A value of a column as plain data, the form that `evaluate`, constants and the reference interpreter use:
 * int64 is a number where it is a safe integer, else a bigint; date is a number of days; timestamp a number of microseconds (bigint when unsafe).
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[] | { readonly [name: string]: Value }

const scalar = <K extends ScalarKind>(kind: K): Type => Object.freeze({ kind })
export const types = {
  bool: scalar('bool'),
  int64: scalar('int64'),
  float64: scalar('float64'),
  string: scalar('string'),
  bytes: scalar('bytes'),
  date: scalar('date'),
  timestamp: scalar('timestamp'),
  js: Object.freeze({ kind: 'js' }) as Type,
  array: (item: Type, nullableItems = true): Type => Object.freeze({ kind: 'array', item, nullableItems }),
  struct: (fields: readonly StructField[]): Type => Object.freeze({ kind: 'struct', fields }),
} as const

/** A column by its name: what a source describes and a sink writes. */
export interface SchemaField {
  name: string
  type: Type
  nullable: boolean
}
/** Columns in their order. */
export type Schema = readonly SchemaField[]

/** The spelling of a type in `.flow` text, errors and explain: `array<struct<a int64, b string>>`. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'array':
      return `array<${formatType(type.item)}>`
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name} ${formatType(field.type)}`).join(', ')}>`
    default:
      return type.kind
  }
}

export function sameType(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return false
  switch (a.kind) {
    case 'array':
      return sameType(a.item, (b as typeof a).item)
    case 'struct': {
      const other = (b as typeof a).fields
      return (
        a.fields.length === other.length &&
        a.fields.every((field, i) => field.name === other[i].name && sameType(field.type, other[i].type))
      )
    }
    case 'bool':
    case 'int64':
    case 'float64':
    case 'string':
    case 'bytes':
    case 'date':
    case 'timestamp':
    case 'js':
      return true
    default:
      return exhaustive(a)
  }
}

const names: Readonly<Record<string, Type>> = {
  bool: types.bool,
  boolean: types.bool,
  int64: types.int64,
  int: types.int64,
  integer: types.int64,
  bigint: types.int64,
  float64: types.float64,
  double: types.float64,
  string: types.string,
  bytes: types.bytes,
  date: types.date,
  timestamp: types.timestamp,
}

/** The scalar type of this name or alias, in any case; undefined when there is none. */
export function scalarTypeByName(name: string): Type | undefined {
  const key = name.toLowerCase()
  return Object.hasOwn(names, key) ? names[key] : undefined
}

/** The names that `scalarTypeByName` knows, for suggestions. */
export const scalarTypeNames: readonly string[] = Object.keys(names)
