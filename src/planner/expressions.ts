import { exhaustive } from '../base/assert.ts'
import { sameType } from '../data/type.ts'
import type { ColumnId, Expr, FnRef } from '../ir/expr.ts'
import { callMayFail, findFunction } from '../ir/functions/catalogue.ts'

/** The direct parts of an expression. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.e) {
    case 'column':
    case 'constant':
      return []
    case 'call':
    case 'user':
      return expr.args
    case 'case':
      return [...expr.arms.flatMap((arm) => [arm.when, arm.then]), ...(expr.else === undefined ? [] : [expr.else])]
    default:
      return exhaustive(expr)
  }
}

/** The expression with its direct parts replaced; the same object when none changed. */
export function mapParts(expr: Expr, change: (part: Expr) => Expr): Expr {
  switch (expr.e) {
    case 'column':
    case 'constant':
      return expr
    case 'call':
    case 'user': {
      const args = expr.args.map(change)
      return args.every((arg, i) => arg === expr.args[i]) ? expr : { ...expr, args }
    }
    case 'case': {
      const arms = expr.arms.map((arm) => ({ when: change(arm.when), then: change(arm.then) }))
      const last = expr.else === undefined ? undefined : change(expr.else)
      const same = last === expr.else && arms.every((arm, i) => arm.when === expr.arms[i].when && arm.then === expr.arms[i].then)
      if (same) return expr
      return last === undefined ? { ...expr, arms } : { ...expr, arms, else: last }
    }
    default:
      return exhaustive(expr)
  }
}

/** Puts expressions in the place of columns; columns that `replace` does not know stay. */
export function substitute(expr: Expr, replace: (column: ColumnId) => Expr | undefined): Expr {
  if (expr.e === 'column') return replace(expr.column) ?? expr
  return mapParts(expr, (part) => substitute(part, replace))
}

/** Adds the columns that the expression reads to `into`. */
export function collectColumns(expr: Expr, into: Set<ColumnId>): Set<ColumnId> {
  if (expr.e === 'column') into.add(expr.column)
  for (const part of partsOf(expr)) collectColumns(part, into)
  return into
}

export function columnsOf(...exprs: readonly Expr[]): Set<ColumnId> {
  const columns = new Set<ColumnId>()
  for (const expr of exprs) collectColumns(expr, columns)
  return columns
}

function some(expr: Expr, test: (part: Expr) => boolean): boolean {
  return test(expr) || partsOf(expr).some((part) => some(part, test))
}

/** True when it must be evaluated exactly as often, and where, as the user wrote it. */
export function isVolatile(expr: Expr): boolean {
  return some(expr, (part) => {
    if (part.e === 'user') return !part.fn.deterministic || part.fn.effects
    if (part.e !== 'call') return false
    const fn = findFunction(part.fn)
    return fn?.kind === 'scalar' && fn.volatility === 'volatile'
  })
}

/** True when it may throw for some row; user functions always may. An unknown function is taken for one that may. */
export function canFail(expr: Expr): boolean {
  return some(expr, (part) => {
    if (part.e === 'user') return true
    if (part.e !== 'call') return false
    const fn = findFunction(part.fn)
    return fn?.kind !== 'scalar' || callMayFail(fn, { args: part.args.map((arg) => arg.type), returns: part.type })
  })
}

/** User functions that the expressions call. */
export function functionsOf(exprs: readonly Expr[]): FnRef[] {
  return exprs.flatMap(withParts).flatMap((part) => (part.e === 'user' ? [part.fn] : []))
}

/** Names of the catalogue functions that the expressions call. */
export function callsOf(exprs: readonly Expr[]): string[] {
  return exprs.flatMap(withParts).flatMap((part) => (part.e === 'call' ? [part.fn] : []))
}

/** The expression and all parts within it. */
function withParts(expr: Expr): Expr[] {
  return [expr, ...partsOf(expr).flatMap(withParts)]
}

/** Same meaning by form: equal text of the tree, places left out. Two user functions are the same only if they are one. */
export function sameExpr(a: Expr, b: Expr): boolean {
  if (a === b) return true
  if (a.e !== b.e || !sameType(a.type, b.type)) return false
  if (a.e === 'column') return a.column === (b as typeof a).column
  if (a.e === 'constant') return sameValue(a.value, (b as typeof a).value)
  if (a.e === 'call' && a.fn !== (b as typeof a).fn) return false
  if (a.e === 'user' && a.fn.id !== (b as typeof a).fn.id) return false
  const parts = partsOf(a)
  const others = partsOf(b)
  return parts.length === others.length && parts.every((part, i) => sameExpr(part, others[i]))
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => sameValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}

export function columnExpr(field: { column: ColumnId; type: Expr['type']; nullable: boolean }): Expr {
  return { e: 'column', column: field.column, type: field.type, nullable: field.nullable }
}
