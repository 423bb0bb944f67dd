import { exhaustive, invariant } from '../base/assert.ts'
import { dataError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { describeJsValue, fromJsValue, toJsValue } from '../data/js-value.ts'
import type { Value } from '../data/type.ts'
import type { SourceConnector } from '../io/connector.ts'
import type { CallUserFunction } from '../ir/evaluate.ts'
import type { Expr, FnRef } from '../ir/expr.ts'
import type { Field, LogicalNode, NodeOf, Order, Output, Plan, Port } from '../ir/logical.ts'
import { aggregateRows, type Combine } from './reference/aggregate.ts'
import { callGuarded, closureArgument, closureRow } from './reference/closures.ts'
import { joinRows } from './reference/join.ts'
import { type Evaluate, evaluator, groupRows, type Relation, type Row, sortRows } from './reference/relation.ts'
import { readSource } from './reference/source.ts'

/** What a plan needs beside itself: its live functions by `FnRef.id`, and the connectors of its sources. */
export interface ReferenceContext {
  functions: ReadonlyMap<FnRef['id'], unknown>
  sources: ReadonlyMap<string, SourceConnector>
  host: Host
}

/** All rows of a result. Where `order` is undefined they stand in no order that means anything. */
export interface ReferenceResult {
  fields: readonly Field[]
  rows: readonly Row[]
  order: Order
}

/**
 * Runs a bound logical plan row by row: the meaning of plans, which all backends are tested against. Shares nothing with the runtime but
 * the functions' `evaluate`; holds every intermediate result in memory.
 *
 * @returns the plan's outputs by name, and what each sink would be given, in the order of the plan. `limit` without a defined order takes the
 * first rows here, where other backends may take others.
 * @throws {@link MillraceError} the errors of functions, of user code (`RUN_FUNCTION_FAILED`) and of results of another shape (`DATA_SHAPE_CHANGED`).
 */
export function runReference(
  plan: Plan,
  context: ReferenceContext,
): { outputs: ReadonlyMap<string, ReferenceResult>; sinks: readonly (ReferenceResult & { node: NodeOf<'sink'> })[] } {
  const relations = new Map<number, Relation>()
  const read = ({ node, out }: Port): Relation => {
    const relation = relations.get(node)
    invariant(relation !== undefined && out === 0, `plan node ${node} has not run`)
    return relation
  }
  const sinks: (ReferenceResult & { node: NodeOf<'sink'> })[] = []
  for (const node of plan.nodes) {
    const inputs = node.inputs.map(read)
    if (node.op === 'sink') sinks.push({ node, ...resultOf(inputs[0]) })
    else relations.set(node.id, { output: node.outputs[0], rows: runNode(node, inputs, context) })
  }
  return { outputs: new Map(plan.outputs.map(({ name, port }) => [name, resultOf(read(port))])), sinks }
}

function resultOf({ output, rows }: Relation): ReferenceResult {
  return { fields: output.fields, rows, order: output.order }
}

function runNode(
  node: Exclude<LogicalNode, { op: 'sink' }>,
  inputs: readonly Relation[],
  context: ReferenceContext,
): readonly Row[] {
  const user = userFunctions(context)
  const evaluate = evaluator(
    inputs.map((input) => input.output),
    user,
  )
  const [input] = inputs
  switch (node.op) {
    case 'source':
      return readSource(node, context.sources, context.host)
    case 'values':
      return node.rows
    case 'project':
      return input.rows.map((row) => node.exprs.map(({ expr }) => evaluate(expr, row)))
    case 'filter':
      return input.rows.filter((row) => evaluate(node.predicate, row) === true)
    case 'parallelDo':
      return parallelDo(node, input, context.functions.get(node.fn.id) as (...args: unknown[]) => unknown)
    case 'unnest':
      return input.rows.flatMap((row) => unnest(node, row, evaluate))
    case 'aggregate':
      return aggregateRows(node, input, evaluate, (ref) => context.functions.get(ref.id) as Combine)
    case 'groupByKey':
      return groupByKey(input, evaluate)
    case 'join':
      return joinRows(node, inputs[0], inputs[1], {
        left: evaluator([inputs[0].output], user),
        right: evaluator([inputs[1].output], user),
        both: evaluate,
      })
    case 'flatten':
      return inputs.flatMap(({ output, rows }, i) => {
        const places = node.columns[i].map((column) => output.fields.findIndex((field) => field.column === column))
        return rows.map((row) => places.map((place) => row[place]))
      })
    case 'distinct':
      return groupRows(input.rows, input.output.fields.map(columnOf), evaluate).map((group) => group.key)
    case 'sort':
      return sortRows(input, node.by, evaluate)
    case 'limit':
      return input.rows.slice(node.offset, node.offset + node.count)
    case 'topK':
      return sortRows(input, node.by, evaluate).slice(node.offset, node.offset + node.count)
    default:
      return exhaustive(node)
  }
}

const columnOf = ({ column, type, nullable }: Field): Expr => ({ e: 'column', column, type, nullable })

function userFunctions({ functions }: ReferenceContext): CallUserFunction {
  return (ref, args) => {
    const fn = functions.get(ref.id) as (...args: unknown[]) => unknown
    const values = args.map((value, i) => (ref.args === undefined ? value : toJsValue(ref.args[i], value)))
    const result = callGuarded(ref, () => fn(...values))
    return ref.returns === undefined ? (result as Value) : fromJsValue(ref.returns, result, true, ref.label)
  }
}

function parallelDo(node: NodeOf<'parallelDo'>, input: Relation, fn: (...args: unknown[]) => unknown): readonly Row[] {
  const output: Output = node.outputs[0]
  return input.rows.flatMap((row) => {
    const argument = closureArgument(input.output, row)
    if (node.shape === 'filter') return callGuarded(node.fn, () => fn(argument)) ? [row] : []
    return closureResults(node, fn, argument).map((result) => closureRow(output, result))
  })
}

function closureResults(
  { shape, fn: ref }: NodeOf<'parallelDo'>,
  fn: (...args: unknown[]) => unknown,
  argument: unknown,
): readonly unknown[] {
  if (shape === 'map') return [callGuarded(ref, () => fn(argument))]
  const emitted: unknown[] = []
  if (shape === 'do') {
    callGuarded(ref, () => fn(argument, (value: unknown) => emitted.push(value)))
    return emitted
  }
  callGuarded(ref, () => {
    const result = fn(argument) as Iterable<unknown> | null | undefined
    if (typeof result?.[Symbol.iterator] !== 'function') {
      throw dataError('DATA_SHAPE_CHANGED', `expected an iterable, found ${describeJsValue(result)}`)
    }
    for (const item of result) emitted.push(item)
  })
  return emitted
}

function unnest(node: NodeOf<'unnest'>, row: Row, evaluate: Evaluate): readonly Row[] {
  const items = (evaluate(node.expr, row) ?? []) as readonly Value[]
  const ordinal = (value: Value): Row => (node.ordinal === undefined ? [] : [value])
  if (items.length === 0) return node.outer ? [[...row, null, ...ordinal(null)]] : []
  return items.map((item, i) => [...row, item, ...ordinal(i)])
}

/** Key columns, then the array of the other columns' values, in the order of the rows. */
function groupByKey({ output, rows }: Relation, evaluate: Evaluate): readonly Row[] {
  const keys = output.keys ?? []
  const keyFields = output.fields.filter((field) => keys.includes(field.column))
  const others = output.fields.map((field, place) => ({ field, place })).filter(({ field }) => !keys.includes(field.column))
  const groupedValue = (row: Row): Value =>
    output.element ? row[others[0].place] : Object.fromEntries(others.map(({ field, place }) => [field.name, row[place]]))
  return groupRows(rows, keyFields.map(columnOf), evaluate).map((group) => [...group.key, group.rows.map(groupedValue)])
}
