import type { ColumnId, Expr } from '../../ir/expr.ts'
import type { Field, LogicalNode, NodeOf, Output } from '../../ir/logical.ts'
import { columnExpr, isVolatile, substitute } from '../expressions.ts'
import { exprsOfNode, mapNodeExprs } from '../node-exprs.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * `op(flatten(x, y))` → `flatten(op(x), op(y))` for what needs one row at a time, so that it can fuse with what is below the union
 * (FlumeJava §4.2); unions of unions become one. Each row is still processed once. Stops at functions with effects.
 */
export const sinkFlatten: Rule = {
  name: 'sink-flatten',
  order: 'bottom-up',
  apply(node, ctx) {
    if (node.op === 'flatten') return inlineFlatten(node, ctx)
    if (node.op !== 'project' && node.op !== 'filter' && node.op !== 'unnest' && node.op !== 'parallelDo') return undefined
    const flatten = ctx.input(node, 0)
    if (flatten.op !== 'flatten') return undefined
    if (ctx.isShared(flatten)) return ctx.skip(node, 'the union has other readers')
    if (!isRepeatable(node)) return ctx.skip(node, 'a function with effects is not taken apart')
    const copies = flatten.inputs.map((_, i) => copyOnto(node, flatten, i, ctx))
    ctx.fired('each input of the union goes on by itself, fused with what makes it')
    const columns = copies.map((copy) => copy.columns)
    return ctx.build.node(
      { op: 'flatten', columns },
      copies.map((copy) => copy.node),
      node.outputs[0],
    )
  },
}

type Narrow = NodeOf<'project' | 'filter' | 'unnest' | 'parallelDo'>

function isRepeatable(node: Narrow): boolean {
  if (node.op === 'parallelDo') return node.fn.deterministic && !node.fn.effects
  return !exprsOfNode(node).some(isVolatile)
}

/** A copy of the node on input `i` of the union, and its columns in the order of the original's fields. */
function copyOnto(
  node: Narrow,
  flatten: NodeOf<'flatten'>,
  i: number,
  ctx: RuleContext,
): { node: LogicalNode; columns: ColumnId[] } {
  const input = ctx.input(flatten, i)
  const row = ctx.inputOutput(flatten, i)
  const below = new Map(
    flatten.outputs[0].fields.map((field, j) => [
      field.column,
      row.fields.find((candidate) => candidate.column === flatten.columns[i][j])!,
    ]),
  )
  const replace = (column: ColumnId): Expr | undefined => {
    const field = below.get(column)
    return field === undefined ? undefined : columnExpr(field)
  }
  // Closures see fields by name, so a closure gets the row in the names and order of the union.
  const source = node.op === 'parallelDo' || node.op === 'unnest' ? aligned(input, flatten, below, ctx) : input
  const renamed =
    node.op === 'parallelDo' || node.op === 'unnest'
      ? new Map(source.outputs[0].fields.map((field, j) => [flatten.outputs[0].fields[j].column, field]))
      : below
  const put = (expr: Expr): Expr =>
    substitute(expr, (column) => (renamed === below ? replace(column) : columnExpr(renamed.get(column)!)))
  return rebuild(node, mapNodeExprs(node, put), source, renamed, ctx)
}

/** The row of an input under fresh columns, as the union shows it. */
function aligned(
  input: LogicalNode,
  flatten: NodeOf<'flatten'>,
  below: ReadonlyMap<ColumnId, Field>,
  ctx: RuleContext,
): LogicalNode {
  const fields = flatten.outputs[0].fields.map((field) => ({
    field: { ...field, column: ctx.newColumn() },
    expr: columnExpr(below.get(field.column)!),
  }))
  const keys = flatten.outputs[0].keys?.map(
    (key) => fields[flatten.outputs[0].fields.findIndex((field) => field.column === key)].field.column,
  )
  return ctx.build.project(input, fields, { ...flatten.outputs[0], ...(keys === undefined ? {} : { keys }) })
}

function rebuild(
  node: Narrow,
  moved: Narrow,
  source: LogicalNode,
  renamed: ReadonlyMap<ColumnId, Field>,
  ctx: RuleContext,
): { node: LogicalNode; columns: ColumnId[] } {
  const output = node.outputs[0]
  const from = source.outputs[0]
  if (moved.op === 'filter' || (moved.op === 'parallelDo' && moved.shape === 'filter')) {
    return {
      node: ctx.build.onto(moved, [source], from),
      columns: output.fields.map((field) => renamed.get(field.column)!.column),
    }
  }
  const fresh = new Map(
    output.fields.map((field) => [field.column, moved.op === 'unnest' ? renamed.get(field.column)?.column : undefined]),
  )
  for (const [column, known] of fresh) if (known === undefined) fresh.set(column, ctx.newColumn())
  const place = (column: ColumnId): ColumnId => fresh.get(column) ?? ctx.newColumn()
  const made: Output = {
    ...output,
    fields: output.fields.map((field) => ({ ...field, column: place(field.column) })),
    ...(output.keys === undefined ? {} : { keys: output.keys.map(place) }),
  }
  const columns = made.fields.map((field) => field.column)
  if (moved.op === 'project') {
    return {
      node: ctx.build.onto(
        { ...moved, exprs: moved.exprs.map(({ column, expr }) => ({ column: place(column), expr })) },
        [source],
        made,
      ),
      columns,
    }
  }
  if (moved.op === 'unnest') {
    const ordinal = moved.ordinal === undefined ? {} : { ordinal: place(moved.ordinal) }
    return { node: ctx.build.onto({ ...moved, item: place(moved.item), ...ordinal }, [source], made), columns }
  }
  return { node: ctx.build.onto(moved, [source], made), columns }
}

function inlineFlatten(node: NodeOf<'flatten'>, ctx: RuleContext): LogicalNode | undefined {
  const inputs = node.inputs.map((_, i) => ctx.input(node, i))
  if (inputs.length === 1) return undefined
  if (!inputs.some((input) => input.op === 'flatten' && !ctx.isShared(input))) return undefined
  const parts = inputs.flatMap((input, i): { node: LogicalNode; columns: readonly ColumnId[] }[] => {
    if (input.op !== 'flatten' || ctx.isShared(input)) return [{ node: input, columns: node.columns[i] }]
    return input.inputs.map((_, j) => ({
      node: ctx.input(input, j),
      columns: node.columns[i].map(
        (column) => input.columns[j][input.outputs[0].fields.findIndex((field) => field.column === column)],
      ),
    }))
  })
  ctx.fired('a union of unions is one union')
  return ctx.build.node(
    { op: 'flatten', columns: parts.map((part) => part.columns) },
    parts.map((part) => part.node),
    node.outputs[0],
  )
}
