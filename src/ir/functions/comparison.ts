import { compareBytes, compareStrings, compareValues, fieldOf } from '../../data/compare.ts'
import type { Type, Value } from '../../data/type.ts'
import type { ScalarFunction, Signature, TypePattern } from './define.ts'
import { defineScalarFunction } from './define.ts'

/** The types that have an order for `<` and its kin; arrays and structs have only `=`. */
export const orderedTypes: readonly TypePattern[] = ['bool', 'int64', 'float64', 'string', 'bytes', 'date', 'timestamp']

/**
 * Comparisons. Strings compare by code points, false is smaller than true. Every comparison with NaN is false but `!=`, which is true.
 * `=` of arrays and structs goes item by item: null when no pair differs and some pair has a null.
 */
export const comparisons: readonly ScalarFunction[] = [
  defineScalarFunction('equal', {
    signatures: [{ args: ['T', 'T'], returns: 'bool' }],
    internal: true,
    summary: 'Are the values equal?',
    evaluate: ([a, b], { args }) => equalValues(args[0], a, b),
  }),
  defineScalarFunction('not_equal', {
    signatures: [{ args: ['T', 'T'], returns: 'bool' }],
    internal: true,
    summary: 'Do the values differ?',
    evaluate([a, b], { args }) {
      const equal = equalValues(args[0], a, b)
      return equal === null ? null : !equal
    },
  }),
  ordering('less', 'Is the left value smaller?', (order) => order < 0),
  ordering('less_equal', 'Is the left value smaller or equal?', (order) => order <= 0),
  ordering('greater', 'Is the left value greater?', (order) => order > 0),
  ordering('greater_equal', 'Is the left value greater or equal?', (order) => order >= 0),
  defineScalarFunction('is_distinct_from', {
    signatures: [{ args: ['T', 'T'], returns: 'bool' }],
    nulls: 'custom',
    nullWhen: 'never',
    internal: true,
    summary: 'Do the values differ, null being a value and NaN being equal to NaN?',
    evaluate: ([a, b], { args }) => compareValues(args[0], a, b) !== 0,
  }),
  defineScalarFunction('in', {
    signatures: [{ args: ['T'], rest: 'T', returns: 'bool' }],
    nulls: 'custom',
    internal: true,
    summary: 'Is the value one of the list? False for an empty list; else null when nothing matches and a null took part.',
    evaluate([value, ...list], { args }) {
      let result: boolean | null = false
      for (const item of list) {
        const equal = value === null || item === null ? null : equalValues(args[0], value, item)
        if (equal === true) return true
        if (equal === null) result = null
      }
      return result
    },
  }),
]

function ordering(name: string, summary: string, holds: (order: number) => boolean): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: orderedTypes.map((type): Signature => ({ args: [type, type], returns: 'bool' })),
    internal: true,
    summary,
    evaluate([a, b], { args }) {
      if (args[0].kind === 'float64' && (Number.isNaN(a) || Number.isNaN(b))) return false
      return holds(compareValues(args[0], a, b))
    },
  })
}

/** SQL equality of two values that are not null themselves. */
export function equalValues(type: Type, a: Value, b: Value): boolean | null {
  switch (type.kind) {
    case 'string':
      return compareStrings(a as string, b as string) === 0
    case 'bytes':
      return compareBytes(a as Uint8Array, b as Uint8Array) === 0
    case 'array': {
      const left = a as readonly Value[]
      const right = b as readonly Value[]
      return left.length === right.length && allEqual(left.map((item, i) => [type.item, item, right[i]]))
    }
    case 'struct':
      return allEqual(type.fields.map((field) => [field.type, fieldOf(a, field.name), fieldOf(b, field.name)]))
    default:
      return a === b
  }
}

function allEqual(pairs: readonly (readonly [Type, Value, Value])[]): boolean | null {
  let result: boolean | null = true
  for (const [type, a, b] of pairs) {
    const equal = a === null || b === null ? null : equalValues(type, a, b)
    if (equal === false) return false
    if (equal === null) result = null
  }
  return result
}
