import { exhaustive, invariant } from '../base/assert.ts'
import { dataError, MillraceError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { describeJsValue, fromJsValue, toJsValue } from '../data/js-value.ts'
import type { Value } from '../data/type.ts'
import type { SourceConnector } from '../io/connector.ts'
import type { CallUserFunction } from '../ir/evaluate.ts'
import type { Expr, FnRef, SortKey } from '../ir/expr.ts'
import type { Field, LogicalNode, NodeOf, Order, Output, Plan, Port } from '../ir/logical.ts'
import type { ErrorPolicy } from '../ir/on-error.ts'
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
  /** Are rows that fail left out? Default: the first one is thrown. */
  onError?: ErrorPolicy
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
  /** The rows for which all of these have values: one that fails is left out before the operator sees it. */
  const able = (relation: Relation, exprs: readonly Expr[], evaluate: Evaluate): Relation => {
    if ((context.onError ?? 'fail') === 'fail') return relation
    const isAble = (row: Row): boolean => kept(context, () => exprs.map((expr) => evaluate(expr, row))).length === exprs.length
    return { ...relation, rows: relation.rows.filter(isAble) }
  }
  const evaluate = evaluator(
    inputs.map((input) => input.output),
    user,
  )
  const [input] = inputs
  switch (node.op) {
    case 'source':
      return readSource(node, context)
    case 'values':
      return node.rows
    case 'project':
      return input.rows.flatMap((row) => kept(context, () => [node.exprs.map(({ expr }) => evaluate(expr, row))]))
    case 'filter':
      return input.rows.flatMap((row) => kept(context, () => (evaluate(node.predicate, row) === true ? [row] : [])))
    case 'parallelDo':
      return parallelDo(node, input, context)
    case 'unnest':
      return input.rows.flatMap((row) => kept(context, () => unnest(node, row, evaluate)))
    case 'aggregate':
      return aggregateRows(
        node,
        able(input, aggregateExprs(node), evaluate),
        evaluate,
        (ref) => context.functions.get(ref.id) as Combine,
      )
    case 'groupByKey':
      return groupByKey(input, evaluate)
    case 'join': {
      const left = evaluator([inputs[0].output], user)
      const right = evaluator([inputs[1].output], user)
      const lefts = able(
        inputs[0],
        node.on.map((pair) => pair.left),
        left,
      )
      const rights = able(
        inputs[1],
        node.on.map((pair) => pair.right),
        right,
      )
      return joinRows(node, lefts, rights, { left, right, both: evaluate })
    }
    case 'flatten':
      return inputs.flatMap(({ output, rows }, i) => {
        const places = node.columns[i].map((column) => output.fields.findIndex((field) => field.column === column))
        return rows.map((row) => places.map((place) => row[place]))
      })
    case 'distinct':
      return groupRows(input.rows, input.output.fields.map(columnOf), evaluate).map((group) => group.key)
    case 'sort':
      return sortRows(able(input, node.by.map(keyOf), evaluate), node.by, evaluate)
    case 'limit':
      return input.rows.slice(node.offset, node.offset + node.count)
    case 'topK':
      return sortRows(able(input, node.by.map(keyOf), evaluate), node.by, evaluate).slice(node.offset, node.offset + node.count)
    default:
      return exhaustive(node)
  }
}

/** What is made of a row; nothing when that fails and rows may. */
function kept<T>({ onError = 'fail' }: ReferenceContext, make: () => readonly T[]): readonly T[] {
  if (onError === 'fail') return make()
  try {
    return make()
  } catch (error) {
    if (error instanceof MillraceError && /^(RUN|DATA)_/.test(error.code)) return []
    throw error
  }
}

const aggregateExprs = ({ by, calls }: NodeOf<'aggregate'>): readonly Expr[] => [
  ...by.map(({ expr }) => expr),
  ...calls.flatMap(({ args, where }) => [...args, ...(where === undefined ? [] : [where])]),
]

const keyOf = ({ expr }: SortKey): Expr => expr

const columnOf = ({ column, type, nullable }: Field): Expr => ({ e: 'column', column, type, nullable })

function userFunctions({ functions }: ReferenceContext): CallUserFunction {
  return (ref, args) => {
    const fn = functions.get(ref.id) as (...args: unknown[]) => unknown
    const values = args.map((value, i) => (ref.args === undefined ? value : toJsValue(ref.args[i], value)))
    const result = callGuarded(ref, () => fn(...values))
    return ref.returns === undefined ? (result as Value) : fromJsValue(ref.returns, result, true, ref.label)
  }
}

function parallelDo(node: NodeOf<'parallelDo'>, input: Relation, context: ReferenceContext): readonly Row[] {
  const fn = context.functions.get(node.fn.id) as (...args: unknown[]) => unknown
  const output: Output = node.outputs[0]
  return input.rows.flatMap((row) =>
    kept(context, () => {
      const argument = closureArgument(input.output, row)
      if (node.shape === 'filter') return callGuarded(node.fn, () => fn(argument)) ? [row] : []
      return closureResults(node, fn, argument).flatMap((result) => kept(context, () => [closureRow(output, result)]))
    }),
  )
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
