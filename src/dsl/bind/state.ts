import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { maxColumns } from '../../data/batch.ts'
import type { ConnectorOptions, SourceDescription } from '../../io/connector.ts'
import type { ColumnId, Expr, FnRef, NodeId } from '../../ir/expr.ts'
import type { Field, LogicalForm, LogicalNode, Order, Output, Port } from '../../ir/logical.ts'
import type { BindContext, BindWarning, ErrorList, Scope } from './context.ts'
import type { Environment, Names } from './expression.ts'
import { scopeOf } from './scope.ts'

/** A bound node as its consumers see it. */
export interface Relation {
  port: Port
  output: Output
  scope: Scope
}

/** A source whose connector has been asked. */
export interface BoundSource {
  connector: string
  options: ConnectorOptions
  description: SourceDescription
}

/** What one bind works on. */
export interface BindState {
  context: BindContext
  names: Names
  errors: ErrorList
  warnings: BindWarning[]
  nodes: LogicalNode[]
  nextNode: number
  nextColumn: number
  /** `t.x` and `t.*` in lower case, with the place in build order of the last node that has them: only such columns are carried when hidden. */
  mentioned: ReadonlyMap<string, number>
  /** Place in build order of the node that is being bound. */
  current: number
  /** Sources by unbound node. */
  sources: ReadonlyMap<number, BoundSource>
  /** Columns that got a name like `_c0` because they were given none. */
  unnamed: Set<ColumnId>
  fns: readonly FnRef[]
  parallelism: number | undefined
}

export function newColumn(state: BindState): ColumnId {
  return state.nextColumn++
}

/** Adds a node with one output; gives the relation over it, with every field visible unless a scope is given. */
export function addNode(
  state: BindState,
  form: LogicalForm,
  inputs: readonly Relation[],
  output: Output,
  at: Place,
  scope?: Scope,
): Relation {
  if (output.fields.length > maxColumns) {
    throw planError('PLAN_TOO_MANY_COLUMNS', `a row would have ${output.fields.length} columns, more than ${maxColumns}`, { at })
  }
  const id = state.nextNode++
  const node = { id, inputs: inputs.map((input) => input.port), outputs: [output], at, origin: [], hints: {}, ...form }
  state.nodes.push(Object.freeze(node))
  return { port: { node: id, out: 0 }, output, scope: scope ?? scopeOf(output.fields) }
}

/** A plain row output: no keys, no element, order given. */
export function rowOutput(fields: readonly Field[], from: Pick<Output, 'changes'>, order: Order): Output {
  return { name: '', fields, element: false, changes: from.changes, order }
}

export function environmentOf(state: BindState, relation: Relation): Environment {
  return { names: state.names, scope: relation.scope }
}

/**
 * The relation without carried columns that are not visible, in the visible order: for operators that take whole rows.
 */
export function visibleOnly(state: BindState, relation: Relation, at: Place): Relation {
  const { columns, carried } = relation.scope
  const { fields } = relation.output
  if (columns.length === fields.length && columns.every((column, i) => column.column === fields[i].column)) return relation
  const exprs = columns.map(({ column }) => ({ column, expr: passColumn(column, carried.get(column)!) }))
  const kept = columns.map(({ name, column }) => ({
    name,
    column,
    type: carried.get(column)!.type,
    nullable: carried.get(column)!.nullable,
  }))
  const output = { ...relation.output, fields: kept, order: orderAfter(relation.output.order, kept) }
  return addNode(state, { op: 'project', exprs }, [relation], output, at, {
    ...scopeOf(kept),
    variables: relation.scope.variables,
  })
}

export const passColumn = (column: ColumnId, info: Pick<Field, 'type' | 'nullable'>): Expr => ({
  e: 'column',
  column,
  type: info.type,
  nullable: info.nullable,
})

/**
 * What is left of a sort's order when only these columns are kept: the keys up to the first one that is gone. The rows stay in their places, so
 * an order whose keys are all gone is still an order.
 */
export function orderAfter(order: Order, fields: readonly Field[]): Order {
  if (typeof order === 'string') return order
  const kept = new Set(fields.map((field) => field.column))
  const gone = order.sorted.findIndex((key) => !columnsOf(key.expr).every((column) => kept.has(column)))
  return gone < 0 ? order : { sorted: order.sorted.slice(0, gone) }
}

/** Columns that an expression reads. */
export function columnsOf(expr: Expr): ColumnId[] {
  switch (expr.e) {
    case 'column':
      return [expr.column]
    case 'constant':
      return []
    case 'case':
      return [
        ...expr.arms.flatMap((arm) => [...columnsOf(arm.when), ...columnsOf(arm.then)]),
        ...(expr.else === undefined ? [] : columnsOf(expr.else)),
      ]
    default:
      return expr.args.flatMap(columnsOf)
  }
}

/** The node that a relation points at. */
export function nodeOf(state: BindState, id: NodeId): LogicalNode {
  return state.nodes.find((node) => node.id === id)!
}
