import type { ColumnId, Expr } from '../../ir/expr.ts'
import type { LogicalNode, NodeOf } from '../../ir/logical.ts'
import { canFail, columnExpr, columnsOf, functionsOf, isVolatile, substitute } from '../expressions.ts'
import type { Rule, RuleContext } from '../rule.ts'
import { conjunction, conjunctsOf, splitConjuncts } from './conjuncts.ts'

/**
 * `filter(p, op(x))` → `op(filter(p', x))`, part by part of `p`: through project (its expressions put in), unnest, sort, distinct,
 * aggregate and groupByKey (keys only), and into the sides of a join; two filters become one.
 *
 * Stops at volatile expressions, at limits and closures, and at what others read too. A part that may fail never passes something that
 * drops rows: it would be evaluated on rows that it was not written for.
 */
export const pushDownFilter: Rule = {
  name: 'push-down-filter',
  order: 'top-down',
  apply(node, ctx) {
    if (node.op !== 'filter') return undefined
    const input = ctx.input(node, 0)
    if (!passable.has(input.op)) return undefined
    const path = pathThrough(input, node, ctx)
    if (path === undefined) return undefined
    const { moved, stay } = splitConjuncts(
      node.predicate,
      (part) => !isVolatile(part) && path.some((side) => side.move(part) !== undefined),
    )
    if (moved.length === 0) return undefined
    if (ctx.isShared(input)) return ctx.skip(node, `${nounOf(input)} below it has other readers, and would be computed twice`)
    ctx.fired(`fewer rows reach ${nounOf(input)}`)
    const below = pushInto(input, path, moved, ctx)
    const rest = conjunction(stay)
    return rest === undefined ? below : ctx.build.onto({ ...node, predicate: rest }, [below])
  },
}

/** One input of the node to be passed: `move` gives a part as that input sees it. */
interface Side {
  index: number
  move(part: Expr): Expr | undefined
}

const passable: ReadonlySet<LogicalNode['op']> = new Set([
  'project',
  'filter',
  'unnest',
  'sort',
  'distinct',
  'aggregate',
  'groupByKey',
  'join',
])

function pathThrough(input: LogicalNode, node: NodeOf<'filter'>, ctx: RuleContext): readonly Side[] | undefined {
  const safely = (test: (part: Expr) => boolean) => (part: Expr) => (!canFail(part) && test(part) ? part : undefined)
  switch (input.op) {
    case 'project':
      return projectPath(input, node, ctx)
    case 'filter':
      return [{ index: 0, move: safely(() => true) }]
    case 'sort':
    case 'distinct':
      return [{ index: 0, move: (part) => part }]
    case 'unnest': {
      const made = new Set<ColumnId>(input.ordinal === undefined ? [input.item] : [input.item, input.ordinal])
      return [{ index: 0, move: safely((part) => ![...columnsOf(part)].some((column) => made.has(column))) }]
    }
    case 'aggregate':
      return aggregatePath(input)
    case 'groupByKey':
      return groupPath(input, ctx)
    case 'join': {
      const reads = (i: number) => readsOnly(ctx.inputOutput(input, i).fields.map((field) => field.column))
      const left = { index: 0, move: safely(reads(0)) }
      return input.kind === 'left' ? [left] : [left, { index: 1, move: safely(reads(1)) }]
    }
    default:
      return undefined
  }
}

/** Rows stay the same, so parts that may fail can pass; but no user function is to run twice a row. */
function projectPath(input: NodeOf<'project'>, node: NodeOf<'filter'>, ctx: RuleContext): readonly Side[] {
  const exprs = new Map(input.exprs.map(({ column, expr }) => [column, expr]))
  const move = (part: Expr): Expr | undefined => {
    const used = [...columnsOf(part)].map((column) => exprs.get(column)!)
    if (used.some(isVolatile)) return ctx.skip(node, 'a column of the condition has another value each time it is computed')
    if (functionsOf(used).length > 0)
      return ctx.skip(node, 'a column of the condition comes from a user function, which would run twice for each row')
    return substitute(part, (column) => exprs.get(column))
  }
  return [{ index: 0, move }]
}

function aggregatePath(input: NodeOf<'aggregate'>): readonly Side[] | undefined {
  if (input.phase !== 'complete' || input.by.length === 0) return undefined
  const keys = new Map(input.by.map(({ column, expr }) => [column, expr]))
  const move = (part: Expr): Expr | undefined => {
    const used = [...columnsOf(part)]
    // A part without columns is about the groups as a whole: over no rows there is none.
    if (used.length === 0 || !used.every((column) => keys.has(column))) return undefined
    const exprs = used.map((column) => keys.get(column)!)
    if (exprs.some(isVolatile) || functionsOf(exprs).length > 0) return undefined
    return substitute(part, (column) => keys.get(column))
  }
  return [{ index: 0, move }]
}

function groupPath(input: NodeOf<'groupByKey'>, ctx: RuleContext): readonly Side[] {
  const before = ctx.inputOutput(input, 0)
  const after = input.outputs[0].keys ?? []
  const keys = new Map(after.map((column, i) => [column, before.fields.find((field) => field.column === before.keys?.[i])!]))
  const move = (part: Expr): Expr | undefined =>
    [...columnsOf(part)].every((column) => keys.has(column))
      ? substitute(part, (column) => columnExpr(keys.get(column)!))
      : undefined
  return [{ index: 0, move }]
}

function readsOnly(columns: readonly ColumnId[]): (part: Expr) => boolean {
  const known = new Set(columns)
  return (part) => [...columnsOf(part)].every((column) => known.has(column))
}

function pushInto(input: LogicalNode, path: readonly Side[], moved: readonly Expr[], ctx: RuleContext): LogicalNode {
  if (input.op === 'filter') {
    // What cannot fail may come after what does; both see the same rows then.
    return ctx.build.onto({ ...input, predicate: conjunction([...conjunctsOf(input.predicate), ...moved])! }, [
      ctx.input(input, 0),
    ])
  }
  const inputs = input.inputs.map((_, i) => {
    const side = path.find((candidate) => candidate.index === i)
    const parts = side === undefined ? [] : moved.map((part) => side.move(part)).filter((part) => part !== undefined)
    const predicate = conjunction(parts)
    return predicate === undefined ? ctx.input(input, i) : ctx.build.filter(ctx.input(input, i), predicate)
  })
  return ctx.build.onto(input, inputs)
}

function nounOf(node: LogicalNode): string {
  const nouns: Partial<Record<LogicalNode['op'], string>> = {
    project: 'the select',
    filter: 'the filter',
    groupByKey: 'the grouping',
    aggregate: 'the aggregate',
  }
  return nouns[node.op] ?? `the ${node.op}`
}
