import { exhaustive } from '../base/assert.ts'
import { compareInt64 } from './int64.ts'
import type { Type, Value } from './type.ts'

/**
 * The total order of values of one type: null is smallest, then NaN, false before true, strings by code points (which is the order of
 * their UTF-8 bytes), bytes and arrays item by item with a prefix first, structs field by field; −0 equals 0.
 * Negative, 0 or positive, as for `Array.prototype.sort`.
 */
export function compareValues(type: Type, a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  switch (type.kind) {
    case 'bool':
      return Number(a) - Number(b)
    case 'int64':
    case 'timestamp':
    case 'date':
      return compareInt64(a as number | bigint, b as number | bigint)
    case 'float64':
      return compareFloats(a as number, b as number)
    case 'string':
      return compareStrings(a as string, b as string)
    case 'bytes':
      return compareBytes(a as Uint8Array, b as Uint8Array)
    case 'array':
      return compareArrays(type.item, a as readonly Value[], b as readonly Value[])
    case 'struct':
      for (const field of type.fields) {
        const order = compareValues(field.type, fieldOf(a, field.name), fieldOf(b, field.name))
        if (order !== 0) return order
      }
      return 0
    case 'js':
      return 0
    default:
      return exhaustive(type)
  }
}

/** Orders doubles with NaN before all others and −0 equal to 0. */
export function compareFloats(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : 1
}

/**
 * Orders well-formed strings by code points. JavaScript's `<` goes by UTF-16 units, which puts U+E000..U+FFFF after the
 * surrogates of all higher code points.
 */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    const xHigh = x >= 0xd800 && x <= 0xdfff
    const yHigh = y >= 0xd800 && y <= 0xdfff
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1
  }
  return a.length - b.length
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}

function compareArrays(item: Type, a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const order = compareValues(item, a[i], b[i])
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** A field of a struct value; null when it is absent. */
export function fieldOf(value: Value, name: string): Value {
  return Object.hasOwn(value as object, name) ? (value as { readonly [name: string]: Value })[name] : null
}

/** A text that two values of the type share exactly when they fall into one group: nulls are equal, NaN equals NaN and −0 equals 0. */
export function valueKey(type: Type, value: Value): string {
  if (value === null) return 'n'
  switch (type.kind) {
    case 'bool':
      return value ? 't' : 'f'
    case 'int64':
    case 'timestamp':
    case 'date':
    case 'float64':
      return `${value}`
    case 'string':
      return JSON.stringify(value)
    case 'bytes':
      return `x${Array.from(value as Uint8Array, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
    case 'array':
      return `[${(value as readonly Value[]).map((item) => valueKey(type.item, item)).join(',')}]`
    case 'struct':
      return `{${type.fields.map((field) => valueKey(field.type, fieldOf(value, field.name))).join(',')}}`
    case 'js':
      return JSON.stringify(value)
    default:
      return exhaustive(type)
  }
}

/** The value that stands for its group: NaN with one bit pattern and 0 for −0, inside arrays and structs too. */
export function canonicalValue(type: Type, value: Value): Value {
  if (value === null) return null
  if (type.kind === 'float64') return (value as number) + 0
  if (type.kind === 'array') return (value as readonly Value[]).map((item) => canonicalValue(type.item, item))
  if (type.kind === 'struct') {
    return Object.fromEntries(type.fields.map((field) => [field.name, canonicalValue(field.type, fieldOf(value, field.name))]))
  }
  return value
}
