import type { Value } from '../data/type.ts'
import { evaluateExpr } from './evaluate.ts'
import type { Expr } from './expr.ts'
import { findFunction } from './functions/catalogue.ts'

/**
 * The value of an expression that is the same on every row; undefined when it has columns, user functions or volatile functions, when its
 * evaluation may take for ever, or when it fails: an error belongs to the rows that reach it, so it is never raised before the run.
 */
export function foldConstant(expr: Expr): Value | undefined {
  if (expr.e === 'constant') return expr.value
  if (!isConstant(expr)) return undefined
  try {
    return evaluateExpr(expr, () => null)
  } catch {
    return undefined
  }
}

/** Is it free of columns, user functions, functions whose value changes from call to call, and those that may never end? */
export function isConstant(expr: Expr): boolean {
  switch (expr.e) {
    case 'constant':
      return true
    case 'call': {
      const fn = findFunction(expr.fn)
      return fn?.kind === 'scalar' && fn.volatility !== 'volatile' && fn.backtracks !== true && expr.args.every(isConstant)
    }
    case 'case':
      return (
        expr.arms.every((arm) => isConstant(arm.when) && isConstant(arm.then)) &&
        (expr.else === undefined || isConstant(expr.else))
      )
    default:
      return false
  }
}

/** The constant expression of a value, with the type and place of the expression it replaces. */
export function constantLike(expr: Expr, value: Value): Expr {
  return { e: 'constant', value, type: expr.type, nullable: value === null, at: expr.at }
}
