import { exhaustive } from '../base/assert.ts'
import { bug, planError } from '../base/errors.ts'
import { formatType, sameType, types } from '../data/type.ts'
import type { AggCall, ColumnId, Expr } from './expr.ts'
import type { Field, LogicalNode, LogicalOp, Output, Plan } from './logical.ts'

/** What validation needs to know beyond the plan. */
export interface ValidateOptions {
  /** Do sinks of this connector write rows with weights? Default: none does. */
  takesWeights?(connector: string): boolean
}

/**
 * Checks what must hold for every logical plan: topological order, ids that are unique, columns that come from the inputs, types of predicates and
 * keys, and retractions only where they are understood.
 *
 * @throws {@link MillraceError} `BUG_INVARIANT` for a malformed plan; `PLAN_WEIGHTS` for retractions into an operator of inserts.
 */
export function validatePlan(plan: Plan, options: ValidateOptions = {}): void {
  const outputsOf = new Map<number, readonly Output[]>()
  for (const node of plan.nodes) {
    if (outputsOf.has(node.id)) throw bug(`two nodes have the id ${node.id}`)
    if (node.id >= plan.nextNode) throw bug(`node ${node.id} is not below nextNode ${plan.nextNode}`)
    const inputs = node.inputs.map((port) => {
      const output = outputsOf.get(port.node)?.[port.out]
      if (output === undefined) throw bug(`${title(node)} reads port ${port.node}.${port.out}, which no earlier node has`)
      return output
    })
    checkArity(node)
    for (const output of node.outputs) checkOutput(node, output, plan)
    checkNode(node, inputs)
    checkWeights(node, inputs, options)
    outputsOf.set(node.id, node.outputs)
  }
  for (const { name, port } of plan.outputs) {
    const output = outputsOf.get(port.node)?.[port.out]
    if (output === undefined) throw bug(`output '${name}' is port ${port.node}.${port.out}, which does not exist`)
    if (output.changes === 'zset') {
      throw planError('PLAN_WEIGHTS', 'rows with retractions cannot be a result', {
        at: nodeAt(plan, port.node),
        hint: 'write them with changelog(...)',
      })
    }
  }
}

/** Operators that take rows with weights; an aggregate does when all of its functions can be taken back, a sink when its connector says so. */
const weightedOperators: ReadonlySet<LogicalOp> = new Set(['project', 'filter', 'parallelDo', 'unnest'])

const arities: Readonly<Partial<Record<LogicalOp, number>>> = { source: 0, values: 0, join: 2 }

function checkArity(node: LogicalNode): void {
  const expected = node.op === 'flatten' ? Math.max(1, node.inputs.length) : (arities[node.op] ?? 1)
  if (node.inputs.length !== expected) throw bug(`${title(node)} has ${node.inputs.length} inputs, expected ${expected}`)
  const outputs = node.op === 'sink' ? 0 : 1
  if (node.outputs.length !== outputs) throw bug(`${title(node)} has ${node.outputs.length} outputs, expected ${outputs}`)
}

function checkOutput(node: LogicalNode, output: Output, plan: Plan): void {
  const columns = new Set<ColumnId>()
  for (const { column, name } of output.fields) {
    if (columns.has(column)) throw bug(`${title(node)} puts column ${column} ('${name}') out twice`)
    if (column >= plan.nextColumn) throw bug(`column ${column} of ${title(node)} is not below nextColumn ${plan.nextColumn}`)
    columns.add(column)
  }
  if (output.element && output.keys === undefined && output.fields.length !== 1)
    throw bug(`${title(node)} has elements of ${output.fields.length} columns`)
  for (const key of output.keys ?? [])
    if (!columns.has(key)) throw bug(`${title(node)} has a key column ${key} that it does not put out`)
  if (typeof output.order !== 'string') for (const key of output.order.sorted) checkColumns(node, key.expr, columns)
}

function checkNode(node: LogicalNode, inputs: readonly Output[]): void {
  const scope = columnsIn(inputs)
  const [input] = inputs
  switch (node.op) {
    case 'source':
      return expectFields(node, node.pushed.columns ?? node.described.fields.map((field) => field.column))
    case 'values': {
      const width = node.outputs[0].fields.length
      if (node.rows.some((row) => row.length !== width)) throw bug(`${title(node)} has a row that is not ${width} wide`)
      return
    }
    case 'project':
      expectFields(
        node,
        node.exprs.map(({ column }) => column),
      )
      return node.exprs.forEach(({ column, expr }) => {
        checkColumns(node, expr, scope)
        expectType(node, column, expr)
      })
    case 'filter':
      checkPredicate(node, node.predicate, scope)
      return expectFields(node, columnList(input))
    case 'parallelDo':
      if (node.shape === 'filter') expectFields(node, columnList(input))
      return
    case 'unnest':
      checkColumns(node, node.expr, scope)
      if (node.expr.type.kind !== 'array') throw bug(`${title(node)} unnests ${formatType(node.expr.type)}`)
      return expectFields(node, [...columnList(input), node.item, ...(node.ordinal === undefined ? [] : [node.ordinal])])
    case 'aggregate':
      for (const { expr } of node.by) checkColumns(node, expr, scope)
      for (const call of node.calls) for (const arg of call.args) checkColumns(node, arg, scope)
      for (const { where } of node.calls) if (where !== undefined) checkPredicate(node, where, scope)
      if (node.phase === 'partial') return
      return expectFields(node, [...node.by.map(({ column }) => column), ...node.calls.map(({ column }) => column)])
    case 'groupByKey':
      if (input.keys === undefined) throw bug(`${title(node)} has an input without keys`)
      return
    case 'join': {
      const [left, right] = inputs.map((output) => columnsIn([output]))
      if (node.on.length === 0) throw bug(`${title(node)} has no equality`)
      for (const pair of node.on) {
        checkColumns(node, pair.left, left)
        checkColumns(node, pair.right, right)
        if (!sameType(pair.left.type, pair.right.type))
          throw bug(`${title(node)} compares ${formatType(pair.left.type)} with ${formatType(pair.right.type)}`)
      }
      if (node.residual !== undefined) checkPredicate(node, node.residual, scope)
      return expectFields(node, inputs.flatMap(columnList))
    }
    case 'flatten':
      return node.columns.forEach((columns, i) => {
        const own = columnsIn([inputs[i]])
        if (columns.length !== node.outputs[0].fields.length || columns.some((column) => !own.has(column))) {
          throw bug(`${title(node)} takes columns from input ${i} that it does not have`)
        }
      })
    case 'sort':
    case 'topK':
      for (const { expr } of node.by) checkColumns(node, expr, scope)
      return expectFields(node, columnList(input))
    case 'limit':
    case 'distinct':
      return expectFields(node, columnList(input))
    case 'sink':
      return
    default:
      return exhaustive(node)
  }
}

function checkWeights(node: LogicalNode, inputs: readonly Output[], options: ValidateOptions): void {
  if (!inputs.some((input) => input.changes === 'zset')) return
  if (weightedOperators.has(node.op)) return
  const hint = 'changes can be filtered, projected, counted and summed, and written with changelog(...)'
  if (node.op === 'aggregate') {
    const call = node.calls.find((candidate) => !takesWeights(candidate))
    if (call === undefined) return
    const name = typeof call.fn === 'string' ? call.fn : call.fn.label
    const what = call.distinct ? `${name}(distinct ...)` : name
    throw planError('PLAN_WEIGHTS', `'${what}' cannot take rows back`, { at: call.at ?? node.at, hint })
  }
  if (node.op === 'sink' && options.takesWeights?.(node.connector)) return
  const what = node.op === 'sink' ? `'${node.connector}'` : node.op
  throw planError('PLAN_WEIGHTS', `rows with retractions reach ${what}, which takes inserts only`, { at: node.at, hint })
}

function takesWeights({ algebra, distinct, fn }: AggCall): boolean {
  return typeof fn === 'string' && algebra.invertible && !distinct
}

function checkPredicate(node: LogicalNode, expr: Expr, scope: ReadonlySet<ColumnId>): void {
  if (!sameType(expr.type, types.bool)) throw bug(`a predicate of ${title(node)} is ${formatType(expr.type)}`)
  checkColumns(node, expr, scope)
}

function checkColumns(node: LogicalNode, expr: Expr, scope: ReadonlySet<ColumnId>): void {
  switch (expr.e) {
    case 'column':
      if (!scope.has(expr.column)) throw bug(`${title(node)} reads column ${expr.column}, which its input does not have`)
      return
    case 'constant':
      return
    case 'case':
      for (const { when, then } of expr.arms) {
        checkPredicate(node, when, scope)
        checkColumns(node, then, scope)
      }
      if (expr.else !== undefined) checkColumns(node, expr.else, scope)
      return
    default:
      for (const arg of expr.args) checkColumns(node, arg, scope)
  }
}

function expectFields(node: LogicalNode, columns: readonly ColumnId[]): void {
  const actual = columnList(node.outputs[0])
  if (actual.length === columns.length && actual.every((column, i) => column === columns[i])) return
  throw bug(`${title(node)} puts out columns ${actual.join(', ')}, expected ${columns.join(', ')}`)
}

function expectType(node: LogicalNode, column: ColumnId, expr: Expr): void {
  const field = node.outputs[0].fields.find((candidate) => candidate.column === column) as Field
  if (!sameType(field.type, expr.type))
    throw bug(`${title(node)} calls '${field.name}' ${formatType(field.type)}, but it is ${formatType(expr.type)}`)
}

const columnList = (output: Output): ColumnId[] => output.fields.map((field) => field.column)
const columnsIn = (outputs: readonly Output[]): ReadonlySet<ColumnId> => new Set(outputs.flatMap(columnList))
const title = (node: LogicalNode): string => `node ${node.id} (${node.op})`
const nodeAt = (plan: Plan, id: number) => plan.nodes.find((node) => node.id === id)?.at
