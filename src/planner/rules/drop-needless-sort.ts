import type { LogicalNode } from '../../ir/logical.ts'
import type { Rule } from '../rule.ts'

/** `aggregate(sort(x))` → `aggregate(x)`, the same below distinct, join, groupByKey and another sort: none of them sees the order. */
export const dropNeedlessSort: Rule = {
  name: 'drop-needless-sort',
  order: 'top-down',
  apply(node, ctx) {
    if (!ignoresOrder(node)) return undefined
    const inputs = node.inputs.map((_, i) => ctx.input(node, i))
    if (inputs.every((input) => input.op !== 'sort')) return undefined
    ctx.fired(`the order is lost in the ${node.op} anyway`)
    return ctx.build.onto(
      node,
      inputs.map((input) => (input.op === 'sort' ? ctx.input(input, 0) : input)),
    )
  },
}

function ignoresOrder(node: LogicalNode): boolean {
  if (node.op === 'aggregate') return node.calls.every((call) => call.algebra.commutative)
  return node.op === 'distinct' || node.op === 'join' || node.op === 'groupByKey' || node.op === 'sort' || node.op === 'topK'
}
