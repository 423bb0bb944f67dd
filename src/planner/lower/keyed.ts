import type { Type } from '../../data/type.ts'
import type { AggCall, Expr } from '../../ir/expr.ts'
import type { Field, NodeOf, Output } from '../../ir/logical.ts'
import type { PhysicalAggCall } from '../../ir/physical.ts'
import { canFail, columnExpr, isVolatile, sameExpr } from '../expressions.ts'
import { aggregateSize, groupedSize } from '../size.ts'
import {
  addNode,
  type ComputedField,
  copyFields,
  type Draft,
  ordinalOf,
  projectTo,
  type Stream,
  settle,
  streamOf,
} from './draft.ts'
import { gather, hashExchange } from './exchange.ts'

type Aggregate = NodeOf<'aggregate'>

/**
 * partial: in each producer, no rows move. final and complete: rows of a key are brought together first,
 * unless they are already. Calls without an order of merging get their rows in the order of the partitions.
 */
export function lowerAggregate(draft: Draft, node: Aggregate, parts: readonly Stream[], input: Output): Stream[] {
  const inputs = parts.map((part) => computeArguments(draft, node, part))
  if (node.phase === 'partial') return inputs.map((part) => aggregateHere(draft, node, part, input))
  const keys = node.by.map((_, i) => i)
  const ordered = node.phase === 'complete' && node.calls.some((call) => !call.algebra.commutative)
  const together = bringTogether(
    draft,
    inputs.map((part) => part.stream),
    keys,
    ordered,
  )
  return [aggregateHere(draft, node, { ...inputs[0], stream: together }, input)]
}

/** distinct is an aggregate by all columns without calls. */
export function lowerDistinct(draft: Draft, node: NodeOf<'distinct'>, parts: readonly Stream[], input: Output): Stream[] {
  const { id, inputs, outputs, at, origin, hints } = node
  const by = outputs[0].fields.map((field) => ({ column: field.column, expr: columnExpr(field) }))
  return lowerAggregate(
    draft,
    { id, inputs, outputs, at, origin, hints, op: 'aggregate', by, calls: [], phase: 'complete' },
    parts,
    input,
  )
}

export function lowerGroupByKey(
  draft: Draft,
  node: NodeOf<'groupByKey'>,
  parts: readonly Stream[],
  input: Output,
  clustered: boolean,
): Stream[] {
  const keyColumns = input.keys ?? []
  const keys = keyColumns.map((column) => ordinalOf(column, parts[0].fields))
  const stream = settle(draft, bringTogether(draft, parts, keys, false))
  const values = stream.fields.map((_, i) => i).filter((i) => !keys.includes(i))
  const output = node.outputs[0]
  const fields = clustered ? [...keys, ...values].map((i) => stream.fields[i]) : output.fields
  const size = clustered ? stream.size : groupedSize(stream.size)
  const id = addNode(
    draft,
    stream.stage,
    { operator: 'groupByKey', spec: { keys, values, element: input.element, clustered } },
    { inputs: [stream.node], from: [node.id], fields, size },
  )
  // The stream keeps the key columns' new ids, which stand first in the output too.
  const named = clustered ? fields.map((field, i) => (i < keys.length ? output.fields[i] : field)) : output.fields
  const hashedBy = stream.hashedBy === undefined ? undefined : output.fields.slice(0, keys.length).map((field) => field.column)
  return [streamOf(stream.stage, id, { fields: named, size, determined: false, clustered, hashedBy, shared: stream.shared })]
}

/** The row shape of clustered rows: key columns, then the columns of the values, which the closure sees as an iterable. */
export function clusteredShape(grouped: Output, values: Output, stream: Stream): Output {
  return { ...grouped, fields: stream.fields, element: values.element, grouped: true }
}

interface Prepared {
  stream: Stream
  keys: readonly number[]
  calls: readonly PhysicalAggCall[]
}

/** Projects a stream to keys and arguments, so that the operator finds all of them by ordinal. */
function computeArguments(draft: Draft, node: Aggregate, part: Stream): Prepared {
  const fields: ComputedField[] = []
  for (const { column, expr } of node.by) fields.push(named(node, column, expr))
  const find = (expr: Expr): number => {
    const known = fields.findIndex((field) => sameExpr(field.expr, expr))
    if (known >= 0) return known
    const source = expr.e === 'column' ? part.fields.find((field) => field.column === expr.column) : undefined
    const column = source?.column ?? draft.nextColumn++
    return fields.push({ name: source?.name ?? `_${fields.length}`, column, type: expr.type, nullable: expr.nullable, expr }) - 1
  }
  const calls = node.calls.map((call) => {
    const args = call.args.map((arg) => find(onlyWhere(call.where, arg)))
    return physicalCall(draft, node, call, args, call.where && find(call.where))
  })
  // Only rows are counted: one column is enough, and a row without any is a form that nothing else makes.
  if (fields.length === 0) fields.push(...copyFields(part.fields.slice(0, 1)))
  const stream = projectTo(part, fields, node.id)
  return { stream, keys: node.by.map((_, i) => i), calls }
}

/** An argument that may fail must not be looked at in rows that the condition of its call leaves out. */
function onlyWhere(where: Expr | undefined, arg: Expr): Expr {
  // A volatile condition may say something else when it is asked again.
  if (where === undefined || !canFail(arg) || isVolatile(where)) return arg
  return { e: 'case', arms: [{ when: where, then: arg }], type: arg.type, nullable: true, at: arg.at }
}

function named(node: Aggregate, column: number, expr: Expr): ComputedField {
  const field = node.outputs[0].fields.find((candidate) => candidate.column === column)
  return { name: field?.name ?? `_${column}`, column, type: expr.type, nullable: expr.nullable, expr }
}

function physicalCall(draft: Draft, node: Aggregate, call: AggCall, args: number[], where: number | undefined): PhysicalAggCall {
  const { fn, distinct, algebra, nullable, at, type } = call
  return {
    name: node.outputs[0].fields.find((field) => field.column === call.column)?.name ?? `_${call.column}`,
    fn,
    args,
    argTypes: argumentTypes(draft, node, call),
    distinct,
    ...(where === undefined ? {} : { where }),
    returns: type,
    nullable,
    algebra,
    ...(at === undefined ? {} : { at }),
  }
}

/** In every phase the types of the user's arguments: a state can be read only by who knows them. */
function argumentTypes(draft: Draft, node: Aggregate, call: AggCall): readonly Type[] {
  const own = call.args.map((arg) => arg.type)
  if (node.phase === 'partial') draft.liftedArgs.set(call.column, own)
  const first = call.args[0]
  if (node.phase !== 'final' || first?.e !== 'column') return own
  return draft.liftedArgs.get(first.column) ?? own
}

function bringTogether(draft: Draft, parts: readonly Stream[], keys: readonly number[], ordered: boolean): Stream {
  if (keys.length === 0) return gather(draft, parts)
  const [first] = parts
  const keyColumns = keys.map((key) => first.fields[key].column)
  const already =
    parts.length === 1 &&
    first.hashedBy !== undefined &&
    first.hashedBy.length > 0 &&
    first.hashedBy.every((column) => keyColumns.includes(column))
  return already && !ordered ? first : hashExchange(draft, parts, keys, ordered)
}

function aggregateHere(draft: Draft, node: Aggregate, prepared: Prepared, input: Output): Stream {
  const stream = settle(draft, prepared.stream)
  const output = node.outputs[0]
  const size = aggregateSize(node, stream.size)
  const id = addNode(
    draft,
    stream.stage,
    { operator: 'aggregate', spec: { keys: prepared.keys, calls: prepared.calls, phase: node.phase, changes: input.changes } },
    { inputs: [stream.node], from: [node.id], fields: output.fields, size },
  )
  return streamOf(stream.stage, id, {
    fields: output.fields,
    size,
    determined: true,
    shared: stream.shared,
    hashedBy: keptKeys(stream, node, output.fields),
  })
}

function keptKeys(stream: Stream, node: Aggregate, fields: readonly Field[]): Stream['hashedBy'] {
  if (stream.hashedBy === undefined) return undefined
  const kept = stream.hashedBy.map((column) => {
    const at = stream.fields.findIndex((field) => field.column === column)
    return at >= 0 && at < node.by.length ? fields[at].column : undefined
  })
  return kept.every((column) => column !== undefined) ? kept : undefined
}
