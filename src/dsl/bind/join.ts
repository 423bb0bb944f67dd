import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { types } from '../../data/type.ts'
import type { ColumnId, Expr } from '../../ir/expr.ts'
import type { Field, NodeOf } from '../../ir/logical.ts'
import type { Syntax, UnboundForm } from '../syntax.ts'
import { operatorCall, scalarCall } from './call.ts'
import { settle } from './coerce.ts'
import type { Scope } from './context.ts'
import { bindPredicate } from './expression.ts'
import { type Item, project } from './project.ts'
import { columnExpr, findColumn, readColumn } from './scope.ts'
import { addNode, type BindState, columnsOf, newColumn, passColumn, type Relation, rowOutput } from './state.ts'

type JoinForm = Extract<UnboundForm, { u: 'join' }>
type Pair = NodeOf<'join'>['on'][number]

/**
 * `join ... on` and `join ... using`. The condition falls into equalities between the sides, which place rows, and the rest. Nulls match nothing.
 */
export function bindJoin(state: BindState, form: JoinForm, left: Relation, given: Relation, at: Place): Relation | undefined {
  const right = withFreshColumns(state, given, left, at)
  const fields = joinedFields(form.kind, left, right)
  const scope = joinedScope(left, right, fields)
  if (form.using !== undefined) return joinUsing(state, { kind: form.kind, using: form.using }, left, right, fields, scope, at)
  const condition = state.errors.attempt(() => bindCondition(state, form.on, left, right, scope, at))
  const { on, residual } = condition ?? unknownCondition
  return addNode(
    state,
    { op: 'join', kind: form.kind, on, residual },
    [left, right],
    rowOutput(fields, left.output, 'undefined'),
    at,
    scope,
  )
}

function bindCondition(
  state: BindState,
  syntax: Syntax | undefined,
  left: Relation,
  right: Relation,
  scope: Scope,
  at: Place,
): ReturnType<typeof splitCondition> {
  if (syntax === undefined) throw noEquality(at)
  const condition = bindPredicate({ names: state.names, scope: conditionScope(left, right, scope) }, syntax, 'on')
  const split = splitCondition(condition, left, right)
  if (split.on.length === 0) throw noEquality(syntax.at)
  return split
}

/** After an error the rows of the join are known nevertheless. */
const unknownCondition = { on: [], residual: undefined } as const

const noEquality = (at: Place) =>
  planError('PLAN_JOIN_CONDITION', 'a join needs an equality between a column of each side', {
    at,
    hint: 'write on left.column = right.column, or using (column)',
  })

/** Each pair of merged columns becomes one, with the value of the left side: inner and left joins keep every left row. */
function joinUsing(
  state: BindState,
  form: { kind: JoinForm['kind']; using: NonNullable<JoinForm['using']> },
  left: Relation,
  right: Relation,
  fields: readonly Field[],
  scope: Scope,
  at: Place,
): Relation | undefined {
  const merged = form.using.map(({ name, at: nameAt }) =>
    state.errors.attempt(() => {
      const own = findColumn(left.scope, name, nameAt)
      const other = findColumn(right.scope, name, nameAt)
      return {
        name: own.name,
        own: own.column,
        other: other.column,
        on: equalPair(readColumn(left.scope, own.column, nameAt), readColumn(right.scope, other.column, nameAt), nameAt),
      }
    }),
  )
  if (merged.length === 0) throw noEquality(at)
  const pairs = merged.filter((pair) => pair !== undefined)
  const node = { op: 'join', kind: form.kind, on: pairs.map((pair) => pair.on) } as const
  const joined = addNode(state, node, [left, right], rowOutput(fields, left.output, 'undefined'), at, scope)
  const gone = new Set(pairs.flatMap((pair) => [pair.own, pair.other]))
  const items: Item[] = [
    ...pairs.map(({ name, own }) => ({ name, expr: columnExpr(scope, own), at })),
    ...scope.columns
      .filter((column) => !gone.has(column.column))
      .map(({ name, column }) => ({ name, expr: columnExpr(scope, column), at })),
  ]
  return project(state, joined, items, at, 'keep variables')
}

function equalPair(left: Expr, right: Expr, at: Place): Pair {
  const equal = settle(operatorCall('equal', [{ expr: left }, { expr: right }], at))
  if (equal.e !== 'call') throw noEquality(at)
  return { left: equal.args[0], right: equal.args[1] }
}

/** A collection joined with itself, or with something made of it, needs its columns apart. */
function withFreshColumns(state: BindState, right: Relation, left: Relation, at: Place): Relation {
  const taken = new Set(left.output.fields.map((field) => field.column))
  if (!right.output.fields.some((field) => taken.has(field.column))) return right
  const fresh = new Map(right.output.fields.map((field) => [field.column, newColumn(state)]))
  const renamed = <T extends { column: ColumnId }>(column: T): T => ({ ...column, column: fresh.get(column.column)! })
  const { fields } = right.output
  for (const { column } of fields) if (state.unnamed.has(column)) state.unnamed.add(fresh.get(column)!)
  const exprs = fields.map((field) => ({ column: fresh.get(field.column)!, expr: passColumn(field.column, field) }))
  const outputFields = fields.map(renamed)
  const { columns, variables } = right.scope
  const scope: Scope = {
    columns: columns.map(renamed),
    variables: variables.map(({ name, columns: own }) => ({
      name,
      columns: own.filter((column) => fresh.has(column.column)).map(renamed),
    })),
    carried: new Map(outputFields.map((field) => [field.column, field])),
  }
  return addNode(state, { op: 'project', exprs }, [right], rowOutput(outputFields, right.output, 'undefined'), at, scope)
}

function joinedFields(kind: JoinForm['kind'], left: Relation, right: Relation): Field[] {
  const others = kind === 'left' ? right.output.fields.map((field) => ({ ...field, nullable: true })) : right.output.fields
  return [...left.output.fields, ...others]
}

function joinedScope(left: Relation, right: Relation, fields: readonly Field[]): Scope {
  return {
    columns: [...left.scope.columns, ...right.scope.columns],
    variables: mergeVariables([...left.scope.variables, ...right.scope.variables]),
    carried: new Map(fields.map((field) => [field.column, field])),
  }
}

/** Inside the condition no column has been made null yet. */
function conditionScope(left: Relation, right: Relation, scope: Scope): Scope {
  return { ...scope, carried: new Map([...left.scope.carried, ...right.scope.carried]) }
}

/** Two sides under one alias: their columns can be told apart by name only. */
function mergeVariables(variables: Scope['variables']): Scope['variables'] {
  const merged = new Map<string, Scope['variables'][number]>()
  for (const variable of variables) {
    const known = merged.get(variable.name)
    merged.set(
      variable.name,
      known === undefined ? variable : { name: variable.name, columns: [...known.columns, ...variable.columns] },
    )
  }
  return [...merged.values()]
}

function splitCondition(condition: Expr, left: Relation, right: Relation): { on: Pair[]; residual: Expr | undefined } {
  const on: Pair[] = []
  const rest: Expr[] = []
  for (const conjunct of conjuncts(condition)) {
    const pair = asPair(conjunct, left, right)
    if (pair === undefined) rest.push(conjunct)
    else on.push(pair)
  }
  if (rest.length === 0) return { on, residual: undefined }
  return { on, residual: rest.length === 1 ? rest[0] : scalarCall('and', rest, types.bool, condition.at) }
}

function conjuncts(expr: Expr): Expr[] {
  return expr.e === 'call' && expr.fn === 'and' ? expr.args.flatMap(conjuncts) : [expr]
}

/** `l = r` where one side reads only the left input and the other only the right one. */
function asPair(expr: Expr, left: Relation, right: Relation): Pair | undefined {
  if (expr.e !== 'call' || expr.fn !== 'equal') return undefined
  const [a, b] = expr.args
  if (readsOnly(a, left) && readsOnly(b, right)) return { left: a, right: b }
  if (readsOnly(b, left) && readsOnly(a, right)) return { left: b, right: a }
  return undefined
}

function readsOnly(expr: Expr, relation: Relation): boolean {
  const columns = columnsOf(expr)
  return columns.length > 0 && columns.every((column) => relation.scope.carried.has(column))
}
