import { types } from '../../data/type.ts'
import type { Expr } from '../../ir/expr.ts'
import { canFail } from '../expressions.ts'

/** The parts of `a and b and c`, left to right. */
export function conjunctsOf(expr: Expr): Expr[] {
  return expr.e === 'call' && expr.fn === 'and' ? expr.args.flatMap(conjunctsOf) : [expr]
}

/** Joins conjuncts again; undefined when there is none. */
export function conjunction(parts: readonly Expr[]): Expr | undefined {
  if (parts.length < 2) return parts[0]
  return { e: 'call', fn: 'and', args: parts, type: types.bool, nullable: parts.some((part) => part.nullable) }
}

/**
 * Splits conjuncts into those that may move and those that stay. A part that may fail can lean on the parts to its left
 * (`x != 0 and 1 / x > 2`), so it moves only when all of them do.
 */
export function splitConjuncts(predicate: Expr, canMove: (part: Expr) => boolean): { moved: Expr[]; stay: Expr[] } {
  const moved: Expr[] = []
  const stay: Expr[] = []
  for (const part of conjunctsOf(predicate)) {
    const may = canMove(part) && (stay.length === 0 || !canFail(part))
    ;(may ? moved : stay).push(part)
  }
  return { moved, stay }
}
