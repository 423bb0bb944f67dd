import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { formatType, sameType, type Type, types, type Value } from '../../data/type.ts'
import { evaluateExpr } from '../../ir/evaluate.ts'
import type { Expr } from '../../ir/expr.ts'
import type { Argument } from '../../ir/functions/catalogue.ts'
import { type Exact, exactToFloat64, exactToInt64, formatExact } from './exact.ts'

/**
 * A bound expression, or a constant that has no type yet: numbers take the type of what they meet, texts become dates and timestamps where
 * those are asked for, `[]` an array of anything, and null becomes anything.
 */
export type Bound =
  | { literal?: undefined; expr: Expr }
  | ({ at: Place } & (
      | { literal: 'number'; exact: Exact }
      | { literal: 'string'; value: string }
      | { literal: 'emptyArray' }
      | { literal: 'null' }
    ))

export const constant = (value: Value, type: Type, at?: Place): Expr => ({
  e: 'constant',
  value,
  type,
  nullable: value === null,
  at,
})

const emptyArray = (type: Type, at: Place): Expr => ({ e: 'call', fn: 'array', args: [], type, nullable: false, at })

/**
 * The expression with the type that it has when nothing asks for another: int64 or float64 for numbers, int64 for null and for the items of
 * `[]`, as in GoogleSQL.
 */
export function settle(bound: Bound): Expr {
  switch (bound.literal) {
    case undefined:
      return bound.expr
    case 'number':
      return bound.exact.fraction
        ? constant(exactToFloat64(bound.exact, bound.at), types.float64, bound.at)
        : constant(exactToInt64(bound.exact, bound.at), types.int64, bound.at)
    case 'string':
      return constant(bound.value, types.string, bound.at)
    case 'emptyArray':
      return emptyArray(types.array(types.int64, false), bound.at)
    case 'null':
      return constant(null, types.int64, bound.at)
  }
}

/** How the catalogue sees it when it looks for a signature. */
export function argumentOf(bound: Bound): Argument {
  switch (bound.literal) {
    case undefined:
      return { type: bound.expr.type }
    case 'number':
      return bound.exact.fraction ? { type: types.float64, literal: 'decimal' } : { type: types.int64, literal: 'int' }
    case 'string':
      return { type: types.string, literal: 'string' }
    case 'emptyArray':
      return { type: types.array(types.int64, false), literal: 'emptyArray' }
    case 'null':
      return { type: 'null' }
  }
}

/** The expression as a `type`, or undefined when that takes an explicit cast. */
export function tryCoerce(bound: Bound, type: Type): Expr | undefined {
  switch (bound.literal) {
    case 'null':
      return constant(null, type, bound.at)
    case 'number':
      if (type.kind === 'float64') return constant(exactToFloat64(bound.exact, bound.at), type, bound.at)
      if (type.kind === 'int64' && !bound.exact.fraction) return constant(exactToInt64(bound.exact, bound.at), type, bound.at)
      return undefined
    case 'string':
      if (type.kind === 'string') return constant(bound.value, type, bound.at)
      if (type.kind === 'date' || type.kind === 'timestamp') return parseConstant(bound.value, type, bound.at)
      return undefined
    case 'emptyArray':
      return type.kind === 'array' ? emptyArray(type, bound.at) : undefined
    case undefined:
      if (sameType(bound.expr.type, type)) return bound.expr
      return bound.expr.type.kind === 'int64' && type.kind === 'float64' ? widen(bound.expr) : undefined
  }
}

/** The expression as a `type`; else `PLAN_TYPE_MISMATCH` in which `what` names the place: `where needs bool, found string`. */
export function coerce(bound: Bound, type: Type, what: string, at: Place): Expr {
  const expr = tryCoerce(bound, type)
  if (expr !== undefined) return expr
  const hint = bound.literal === undefined && type.kind === 'string' ? 'write cast(... as string)' : undefined
  throw planError('PLAN_TYPE_MISMATCH', `${what} needs ${formatType(type)}, found ${describeBound(bound)}`, { at, hint })
}

/** A text as a constant of a type, by the rules of `cast`. */
export function parseConstant(text: string, type: Type, at: Place): Expr {
  if (type.kind === 'string') return constant(text, type, at)
  const cast: Expr = { e: 'call', fn: 'cast', args: [constant(text, types.string, at)], type, nullable: false }
  let value: Value
  try {
    value = evaluateExpr(cast, () => null)
  } catch (thrown) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    throw planError('PLAN_TYPE_MISMATCH', `'${shown}' is not a ${formatType(type)}`, { at, cause: thrown })
  }
  return constant(value, type, at)
}

/** `int64`, `the text 'abc'`, `the number 1.5`, `null`. */
export function describeBound(bound: Bound): string {
  switch (bound.literal) {
    case undefined:
      return formatType(bound.expr.type)
    case 'number':
      return `the number ${formatExact(bound.exact)}`
    case 'string':
      return `the text '${bound.value.length > 40 ? `${bound.value.slice(0, 40)}…` : bound.value}'`
    case 'emptyArray':
      return 'an empty array'
    case 'null':
      return 'null'
  }
}

/** int64 to float64, the only conversion that needs no word. */
function widen(expr: Expr): Expr {
  if (expr.e === 'constant') return { ...expr, type: types.float64, value: expr.value === null ? null : Number(expr.value) }
  return { e: 'call', fn: 'cast', args: [expr], type: types.float64, nullable: expr.nullable, at: expr.at }
}
