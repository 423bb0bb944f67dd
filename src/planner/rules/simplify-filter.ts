import type { Expr } from '../../ir/expr.ts'
import { isVolatile, sameExpr } from '../expressions.ts'
import type { Rule } from '../rule.ts'
import { conjunction, conjunctsOf } from './conjuncts.ts'

/**
 * `filter(true, x)` → `x`; `filter(false or null, x)` → no rows; `a and (b and true)` → `a and b`, each part once.
 */
export const simplifyFilter: Rule = {
  name: 'simplify-filter',
  order: 'bottom-up',
  apply(node, ctx) {
    if (node.op !== 'filter') return undefined
    const parts = distinctParts(conjunctsOf(node.predicate).filter((part) => !isTrue(part)))
    if (parts.length === 0) {
      ctx.fired('the condition is true for every row')
      return ctx.input(node, 0)
    }
    // Parts to the left of a constant false are still evaluated, and may fail; a first part that is false leaves nothing to evaluate.
    if (isNever(parts[0])) {
      if (node.outputs[0].changes === 'zset') return undefined
      ctx.fired('the condition is true for no row')
      return ctx.build.node({ op: 'values', rows: [] }, [], node.outputs[0])
    }
    if (isSimple(node.predicate, parts)) return undefined
    ctx.fired('conditions that are nested, repeated or always true say nothing new')
    return ctx.build.onto({ ...node, predicate: conjunction(parts)! }, [ctx.input(node, 0)])
  },
}

function isSimple(predicate: Expr, parts: readonly Expr[]): boolean {
  if (predicate.e !== 'call' || predicate.fn !== 'and') return parts[0] === predicate
  return parts.length === predicate.args.length && parts.every((part, i) => part === predicate.args[i])
}

function distinctParts(parts: readonly Expr[]): Expr[] {
  return parts.filter((part, i) => isVolatile(part) || !parts.slice(0, i).some((earlier) => sameExpr(earlier, part)))
}

function isTrue(expr: Expr): boolean {
  return expr.e === 'constant' && expr.value === true
}

function isNever(expr: Expr): boolean {
  return expr.e === 'constant' && (expr.value === false || expr.value === null)
}
