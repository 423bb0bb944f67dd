import { exhaustive } from '../base/assert.ts'
import type { Expr, SortKey } from '../ir/expr.ts'
import type { LogicalNode } from '../ir/logical.ts'

/** Every expression of a node, in the order in which it is written. */
export function exprsOfNode(node: LogicalNode): Expr[] {
  const found: Expr[] = []
  mapNodeExprs(node, (expr) => {
    found.push(expr)
    return expr
  })
  return found
}

/** The node with its expressions replaced; the same object when none changed. */
export function mapNodeExprs<Node extends LogicalNode>(node: Node, change: (expr: Expr) => Expr): Node
export function mapNodeExprs(node: LogicalNode, change: (expr: Expr) => Expr): LogicalNode {
  let changed = false
  const map = (expr: Expr): Expr => {
    const made = change(expr)
    if (made !== expr) changed = true
    return made
  }
  const made = rebuild(node, map)
  return changed ? made : node
}

function rebuild(node: LogicalNode, map: (expr: Expr) => Expr): LogicalNode {
  const keys = (by: readonly SortKey[]): SortKey[] => by.map((key) => ({ ...key, expr: map(key.expr) }))
  switch (node.op) {
    case 'project':
      return { ...node, exprs: node.exprs.map(({ column, expr }) => ({ column, expr: map(expr) })) }
    case 'filter':
      return { ...node, predicate: map(node.predicate) }
    case 'unnest':
      return { ...node, expr: map(node.expr) }
    case 'aggregate':
      return {
        ...node,
        by: node.by.map(({ column, expr }) => ({ column, expr: map(expr) })),
        calls: node.calls.map((call) => ({
          ...call,
          args: call.args.map(map),
          ...(call.where === undefined ? {} : { where: map(call.where) }),
        })),
      }
    case 'join':
      return {
        ...node,
        on: node.on.map(({ left, right }) => ({ left: map(left), right: map(right) })),
        ...(node.residual === undefined ? {} : { residual: map(node.residual) }),
      }
    case 'sort':
      return { ...node, by: keys(node.by) }
    case 'topK':
      return { ...node, by: keys(node.by) }
    case 'source':
    case 'values':
    case 'parallelDo':
    case 'groupByKey':
    case 'flatten':
    case 'distinct':
    case 'limit':
    case 'sink':
      return node
    default:
      return exhaustive(node)
  }
}
