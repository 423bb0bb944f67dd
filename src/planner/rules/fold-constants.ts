import type { Expr } from '../../ir/expr.ts'
import { constantLike, foldConstant } from '../../ir/fold.ts'
import { mapParts } from '../expressions.ts'
import { mapNodeExprs } from '../node-exprs.ts'
import type { Rule } from '../rule.ts'

/**
 * `1 + 2` → `3`, anywhere in a node. An expression that fails stays as it is: its error belongs to the rows that reach it.
 */
export const foldConstants: Rule = {
  name: 'fold-constants',
  order: 'bottom-up',
  apply(node, ctx) {
    const folded = mapNodeExprs(node, fold)
    if (folded === node) return undefined
    ctx.fired('the expression has the same value on every row')
    const inputs = node.inputs.map((_, i) => ctx.input(node, i))
    return ctx.build.onto(folded, inputs)
  },
}

function fold(expr: Expr): Expr {
  const inner = mapParts(expr, fold)
  if (inner.e === 'constant' || inner.e === 'column' || inner.e === 'user') return inner
  const value = foldConstant(inner)
  return value === undefined ? inner : constantLike(inner, value)
}
