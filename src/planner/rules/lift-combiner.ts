import { types } from '../../data/type.ts'
import type { AggCall, ColumnId, Expr } from '../../ir/expr.ts'
import { findFunction } from '../../ir/functions/catalogue.ts'
import type { Field, LogicalNode, NodeOf, Output } from '../../ir/logical.ts'
import { columnExpr } from '../expressions.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * `aggregate(x)` → `final(partial(x))`: producers combine their own rows first, so that one row a key and task is exchanged.
 * FlumeJava §4.1 lifts combiners the same way; all functions must be associative and commutative. `distinct` is an aggregate
 * without functions. Retractions are not lifted: a partial state cannot tell an empty group from one that was never there.
 */
export const liftCombiner: Rule = {
  name: 'lift-combiner',
  order: 'bottom-up',
  apply(node, ctx) {
    const aggregate = asAggregate(node)
    if (aggregate === undefined) return undefined
    const obstacle = obstacleTo(aggregate, node, ctx)
    if (obstacle !== undefined) return ctx.skip(node, obstacle)
    const partialKeys = aggregate.by.map(({ column, expr }) => ({
      column: ctx.newColumn(),
      expr,
      field: fieldOf(aggregate, column),
    }))
    const partials = aggregate.calls.map((call) => partialOf(call, fieldOf(aggregate, call.column).name, ctx))
    const keyFields: Field[] = partialKeys.map(({ column, field }) => ({ ...field, column }))
    const output: Output = {
      name: 'partial',
      fields: [...keyFields, ...partials.flatMap(({ states }) => states)],
      element: false,
      changes: 'insertOnly',
      order: 'undefined',
    }
    const partial = ctx.build.node(
      {
        op: 'aggregate',
        by: partialKeys.map(({ column, expr }) => ({ column, expr })),
        calls: partials.map((made) => made.call),
        phase: 'partial',
      },
      [ctx.input(node, 0)],
      output,
    )
    ctx.fired('each producer combines its own rows before they are exchanged')
    return ctx.build.node(
      {
        op: 'aggregate',
        by: aggregate.by.map(({ column }, i) => ({ column, expr: columnExpr(keyFields[i]) })),
        calls: aggregate.calls.map((call, i) => finalOf(call, partials[i].states)),
        phase: 'final',
      },
      [partial],
      node.outputs[0],
    )
  },
}

type Grouping = Pick<NodeOf<'aggregate'>, 'by' | 'calls' | 'outputs'>

function asAggregate(node: LogicalNode): Grouping | undefined {
  if (node.op === 'aggregate') return node.phase === 'complete' ? node : undefined
  if (node.op !== 'distinct') return undefined
  const by = node.outputs[0].fields.map((field) => ({ column: field.column, expr: columnExpr(field) }))
  return { by, calls: [], outputs: node.outputs }
}

function obstacleTo({ by, calls }: Grouping, node: LogicalNode, ctx: RuleContext): string | undefined {
  if (ctx.options.incremental) return 'an incremental run ends epochs, which partial results would have to wait for'
  if (ctx.inputOutput(node, 0).changes === 'zset') return 'its input holds retractions, which a partial state cannot take back'
  const distinct = calls.find((call) => call.distinct)
  if (distinct !== undefined) return `${nameOf(distinct)} counts distinct values, and partial results would count a value twice`
  const unordered = calls.find((call) => !call.algebra.associative || !call.algebra.commutative)
  if (unordered !== undefined) return `${nameOf(unordered)} is not declared associative and commutative`
  return areTogether(by, ctx.input(node, 0), ctx) ? 'the rows of a key are in one task already' : undefined
}

/** Was the input grouped by (some of) the same columns? */
function areTogether(by: Grouping['by'], input: LogicalNode, ctx: RuleContext): boolean {
  const keys = by.flatMap(({ expr }) => (expr.e === 'column' ? [expr.column] : []))
  if (input.op === 'filter' || input.op === 'project') {
    const below = ctx.input(input, 0)
    const exprs = input.op === 'filter' ? undefined : new Map(input.exprs.map(({ column, expr }) => [column, expr]))
    const moved = keys.map((column) => (exprs === undefined ? undefined : exprs.get(column)) ?? { e: 'column' as const, column })
    return areTogether(
      moved.flatMap((expr) => (expr.e === 'column' ? [{ column: expr.column, expr: expr as Expr }] : [])),
      below,
      ctx,
    )
  }
  const grouped = input.op === 'aggregate' && input.phase !== 'partial' ? input.by.map(({ column }) => column) : undefined
  return grouped !== undefined && grouped.length > 0 && grouped.every((column) => keys.includes(column))
}

/** A call whose results are the columns of its state; the first of them names the call. */
function partialOf(call: AggCall, name: string, ctx: RuleContext): { call: AggCall; states: readonly Field[] } {
  const states = stateTypesOf(call).map((type, i) => ({
    name: `${name}$${i}`,
    column: ctx.newColumn() as ColumnId,
    type,
    nullable: true,
  }))
  return { call: { ...call, column: states[0].column }, states }
}

function stateTypesOf(call: AggCall): readonly (typeof call.type)[] {
  if (typeof call.fn !== 'string') return [types.bytes]
  const fn = findFunction(call.fn)
  return fn?.kind === 'aggregate' ? fn.stateTypes({ args: call.args.map((arg) => arg.type), returns: call.type }) : [types.bytes]
}

function finalOf(call: AggCall, states: readonly Field[]): AggCall {
  const { where: _, ...rest } = call
  return { ...rest, args: states.map(columnExpr) }
}

function fieldOf(node: Grouping, column: ColumnId): Field {
  return node.outputs[0].fields.find((field) => field.column === column)!
}

function nameOf(call: AggCall): string {
  return typeof call.fn === 'string' ? call.fn : call.fn.label
}
