import type { ColumnId, Expr } from '../../ir/expr.ts'
import type { NodeOf } from '../../ir/logical.ts'
import { isVolatile, partsOf, substitute } from '../expressions.ts'
import type { Rule } from '../rule.ts'

/** Deeper expressions are slow to compile and hard to read, and merging saves nothing more. */
const maxDepth = 16

/**
 * `project(project(x))` → `project(x)` with the inner expressions put in; a project that changes nothing goes away.
 * An inner expression that is more than a column must be used at most once, or it would be computed twice.
 */
export const mergeProjects: Rule = {
  name: 'merge-projects',
  order: 'bottom-up',
  apply(node, ctx) {
    if (node.op !== 'project') return undefined
    const input = ctx.input(node, 0)
    if (isIdentity(node, ctx.inputOutput(node, 0))) {
      ctx.fired('it hands on the same columns')
      return input
    }
    if (input.op !== 'project' || ctx.isShared(input)) return undefined
    const inner = new Map(input.exprs.map(({ column, expr }) => [column, expr]))
    const uses = countUses(node)
    for (const [column, expr] of inner) {
      const count = uses.get(column) ?? 0
      if (count > 1 && isWork(expr)) return ctx.skip(node, 'a computed column is used more than once')
      if (count !== 1 && isVolatile(expr))
        return ctx.skip(node, 'a column of the inner select may not be computed more or less often')
    }
    const fields = node.exprs.map(({ column, expr }) => ({
      field: node.outputs[0].fields.find((field) => field.column === column)!,
      expr: substitute(expr, (id) => inner.get(id)),
    }))
    if (fields.some(({ expr }) => isDeeper(expr, maxDepth))) return undefined
    ctx.fired('one select computes what two did')
    return ctx.build.project(ctx.input(input, 0), fields, node.outputs[0])
  },
}

function isIdentity(
  node: NodeOf<'project'>,
  input: { fields: readonly { name: string; column: ColumnId }[]; element: boolean; keys?: readonly ColumnId[] },
): boolean {
  const output = node.outputs[0]
  return (
    output.element === input.element &&
    sameList(output.keys ?? [], input.keys ?? []) &&
    output.fields.length === input.fields.length &&
    output.fields.every((field, i) => field.column === input.fields[i].column && field.name === input.fields[i].name) &&
    node.exprs.every(({ column, expr }) => expr.e === 'column' && expr.column === column)
  )
}

function sameList(a: readonly ColumnId[], b: readonly ColumnId[]): boolean {
  return a.length === b.length && a.every((column, i) => column === b[i])
}

function countUses(node: NodeOf<'project'>): Map<ColumnId, number> {
  const uses = new Map<ColumnId, number>()
  const count = (expr: Expr): void => {
    if (expr.e === 'column') uses.set(expr.column, (uses.get(expr.column) ?? 0) + 1)
    partsOf(expr).forEach(count)
  }
  for (const { expr } of node.exprs) count(expr)
  return uses
}

function isWork(expr: Expr): boolean {
  return expr.e !== 'column' && expr.e !== 'constant'
}

function isDeeper(expr: Expr, depth: number): boolean {
  return depth === 0 || partsOf(expr).some((part) => isDeeper(part, depth - 1))
}
