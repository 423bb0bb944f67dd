import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { types } from '../../data/type.ts'
import type { AggCall, Expr, FnRef } from '../../ir/expr.ts'
import type { Field, Output } from '../../ir/logical.ts'
import type { ReturnsSyntax, UnboundForm } from '../syntax.ts'
import { scalarCall } from './call.ts'
import { constant } from './coerce.ts'
import type { InferredRow } from './infer-type.ts'
import { type PairShape, sampleRelation } from './sample.ts'
import { addNode, type BindState, newColumn, nodeOf, orderAfter, passColumn, type Relation, visibleOnly } from './state.ts'

type Form<U extends UnboundForm['u']> = Extract<UnboundForm, { u: U }>

/**
 * map, filter, flatMap, keyBy and parallelDo. The row of the result is the declared one, else the one that was sampled; where only other
 * closures read it, it stays an opaque JavaScript value.
 */
export async function bindParallelDo(
  state: BindState,
  form: Form<'parallelDo'>,
  given: Relation,
  at: Place,
  isTyped: boolean,
): Promise<Relation> {
  const input = visibleOnly(state, given, at)
  const node = { op: 'parallelDo', shape: form.shape, fn: form.fn } as const
  if (form.shape === 'filter') return addNode(state, node, [input], input.output, at, input.scope)
  const declared = declaredRow(form.returns, form.fn)
  const base = { changes: input.output.changes, order: orderAfter(input.output.order, []) }
  if (declared !== undefined && form.keyed !== true) return addNode(state, node, [input], rowOf(state, declared, base), at)
  const opaque = addNode(state, node, [input], form.keyed ? opaquePair(state, base) : rowOf(state, opaqueElement, base), at)
  if (!isTyped) return opaque
  const known = form.valueIsRow ? knownRow(input) : undefined
  const { shape, rowCount } = await sampleRelation(state, opaque, form.fn, at, known)
  const output = 'key' in shape ? pairOutput(state, shape, base) : rowOf(state, shape, base)
  withdraw(state)
  return addNode(state, { ...node, sampledRows: rowCount }, [input], output, at)
}

/** `groupByKey`: the key columns, and an array of the values. */
export function bindGroupByKey(state: BindState, given: Relation, at: Place): Relation {
  const input = visibleOnly(state, given, at)
  const { keys, values } = splitPair(input.output, at)
  const item = input.output.element ? values[0] : undefined
  const itemType = item?.type ?? types.struct(values.map(({ name, type, nullable }) => ({ name, type, nullable })))
  const grouped: Field = {
    name: 'values',
    column: newColumn(state),
    type: types.array(itemType, item?.nullable ?? false),
    nullable: false,
  }
  const output: Output = {
    ...input.output,
    fields: [...keys, grouped],
    keys: keys.map((key) => key.column),
    grouped: true,
    order: 'undefined',
  }
  return addNode(state, { op: 'groupByKey' }, [input], output, at)
}

/**
 * `combineValues`: an aggregate whose one function is the user's. After groupByKey it takes that node's input, so that values are combined
 * before they are shuffled. FlumeJava §4.1: combineValues over groupByKey is the pattern from which combiners are lifted.
 */
export async function bindCombineValues(
  state: BindState,
  form: Form<'combineValues'>,
  given: Relation,
  at: Place,
): Promise<Relation> {
  const input = visibleOnly(state, beforeGrouping(state, given), at)
  const { keys, values } = splitPair(input.output, at)
  const arg = input.output.element ? passColumn(values[0].column, values[0]) : structOf(values, at)
  const declared = declaredRow(form.returns, form.fn)
  const add = (type: Field['type'], nullable: boolean): Relation => {
    const call: AggCall = {
      column: newColumn(state),
      fn: form.fn,
      args: [arg],
      distinct: false,
      algebra: form.algebra,
      type,
      nullable,
      at,
    }
    const fields = [...keys, { name: 'value', column: call.column, type, nullable }]
    const by = keys.map((key) => ({ column: key.column, expr: passColumn(key.column, key) }))
    const output: Output = { ...input.output, fields, keys: keys.map((key) => key.column), element: true, order: 'undefined' }
    return addNode(state, { op: 'aggregate', by, calls: [call], phase: 'complete' }, [input], output, at)
  }
  let row = declared
  if (row === undefined) {
    const opaque = add(types.js, true)
    const { shape } = await sampleRelation(state, opaque, form.fn, at)
    if (!('key' in shape)) throw planError('PLAN_INVALID', 'a keyed node gave values without keys', { at })
    row = shape.value
    withdraw(state)
  }
  if (row.element) return add(row.type, row.nullable)
  return unpackValue(state, add(types.struct(row.fields), false), at)
}

/** Takes back the last node: it was a draft to sample, and the typed one gets its place and its id. */
function withdraw(state: BindState): void {
  state.nodes.pop()
  state.nextNode--
}

const opaqueElement: InferredRow = { element: true, type: types.js, nullable: true }

function declaredRow(returns: ReturnsSyntax | undefined, fn: FnRef): InferredRow | undefined {
  if (returns !== undefined) {
    return 'schema' in returns
      ? { element: false, fields: returns.schema }
      : { element: true, type: returns.element, nullable: returns.nullable }
  }
  if (fn.returns === undefined) return undefined
  return fn.returns.kind === 'struct'
    ? { element: false, fields: fn.returns.fields }
    : { element: true, type: fn.returns, nullable: true }
}

/** The row of a collection whose types are all known, and which is no pair. */
function knownRow({ output }: Relation): InferredRow | undefined {
  const { fields, element, keys } = output
  if (keys !== undefined || fields.some((field) => field.type.kind === 'js')) return undefined
  return element ? { element: true, type: fields[0].type, nullable: fields[0].nullable } : { element: false, fields }
}

type Base = Pick<Output, 'changes' | 'order'>

function rowOf(state: BindState, row: InferredRow, base: Base): Output {
  return { ...base, name: '', fields: fieldsOf(state, row, 'value'), element: row.element }
}

function opaquePair(state: BindState, base: Base): Output {
  return pairOutput(state, { key: opaqueElement, value: opaqueElement }, base)
}

function pairOutput(state: BindState, { key, value }: PairShape, base: Base): Output {
  const keys = fieldsOf(state, key, 'key')
  const fields = [...keys, ...fieldsOf(state, value, 'value')]
  return { ...base, name: '', fields, keys: keys.map((field) => field.column), keyElement: key.element, element: value.element }
}

function fieldsOf(state: BindState, row: InferredRow, name: string): Field[] {
  if (row.element) return [{ name, column: newColumn(state), type: row.type, nullable: row.nullable }]
  return row.fields.map((field) => ({ name: field.name, column: newColumn(state), type: field.type, nullable: field.nullable }))
}

function splitPair(output: Output, at: Place): { keys: Field[]; values: Field[] } {
  const { keys } = output
  if (keys === undefined) throw planError('PLAN_UNKNOWN_KEY', 'this collection has no key', { at, hint: 'make one with keyBy' })
  const isKey = new Set(keys)
  return {
    keys: output.fields.filter((field) => isKey.has(field.column)),
    values: output.fields.filter((field) => !isKey.has(field.column)),
  }
}

function beforeGrouping(state: BindState, relation: Relation): Relation {
  if (relation.output.grouped !== true) return relation
  const node = nodeOf(state, relation.port.node)
  if (node.op !== 'groupByKey')
    throw planError('PLAN_UNKNOWN_KEY', 'combineValues needs the values of each key as they come from keyBy or groupByKey', {
      at: node.at,
    })
  const [port] = node.inputs
  const { outputs } = nodeOf(state, port.node)
  const output = outputs[port.out]
  return {
    port,
    output,
    scope: { columns: output.fields, variables: [], carried: new Map(output.fields.map((field) => [field.column, field])) },
  }
}

function structOf(values: readonly Field[], at: Place): Expr {
  const type = types.struct(values.map(({ name, type: fieldType, nullable }) => ({ name, type: fieldType, nullable })))
  return scalarCall(
    'struct',
    values.map((field) => passColumn(field.column, field)),
    type,
    at,
  )
}

/** The fields of a combined object as columns of their own. */
function unpackValue(state: BindState, combined: Relation, at: Place): Relation {
  const { keys, values } = splitPair(combined.output, at)
  const [value] = values
  if (value.type.kind !== 'struct') return combined
  const parts = value.type.fields.map(({ name, type, nullable }) => {
    const args = [passColumn(value.column, value), constant(name, types.string)]
    const expr: Expr = { e: 'call', fn: 'field', args, type, nullable }
    return { field: { name, column: newColumn(state), type, nullable }, expr }
  })
  const fields = [...keys, ...parts.map((part) => part.field)]
  const exprs = [
    ...keys.map((key) => ({ column: key.column, expr: passColumn(key.column, key) })),
    ...parts.map(({ field, expr }) => ({ column: field.column, expr })),
  ]
  return addNode(state, { op: 'project', exprs }, [combined], { ...combined.output, fields, element: false }, at)
}
