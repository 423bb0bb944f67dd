import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { formatType, sameType, type Type, types } from '../../data/type.ts'
import type { Expr, SortKey } from '../../ir/expr.ts'
import { foldConstant } from '../../ir/fold.ts'
import type { Field } from '../../ir/logical.ts'
import type { Syntax, UnboundForm } from '../syntax.ts'
import { coerce, tryCoerce } from './coerce.ts'
import type { Scope } from './context.ts'
import { bindExpression, bindPredicate, bindSettled } from './expression.ts'
import { emptyScope, matchName } from './scope.ts'
import { addNode, type BindState, environmentOf, newColumn, orderAfter, passColumn, type Relation, visibleOnly } from './state.ts'

import { FollowOn, unknownExpr, unknownType } from './unknown.ts'

type Form<U extends UnboundForm['u']> = Extract<UnboundForm, { u: U }>

/** `where`: rows for which the predicate is true. */
export function bindWhere(state: BindState, form: Form<'where'>, input: Relation, at: Place): Relation {
  const predicate = bindPredicate(environmentOf(state, input), form.predicate, 'where')
  return addNode(state, { op: 'filter', predicate }, [input], input.output, at, input.scope)
}

/** `distinct`: each row once; columns that cannot be seen do not count. */
export function bindDistinct(state: BindState, input: Relation, at: Place): Relation {
  const visible = visibleOnly(state, input, at)
  return addNode(state, { op: 'distinct' }, [visible], { ...visible.output, order: 'undefined' }, at, visible.scope)
}

/** `order by`: nulls are smallest unless said otherwise. */
export function bindOrderBy(state: BindState, form: Form<'orderBy'>, input: Relation, at: Place): Relation | undefined {
  const keys = form.keys.map((key, i) =>
    state.errors.attempt((): SortKey => {
      const direction = directionAsName(input.scope, form.keys, i)
      if (direction !== undefined) throw direction
      const expr = bindSettled(environmentOf(state, input), key.value)
      if (expr.e === 'constant' && key.value.s === 'number') {
        throw planError('PLAN_CONSTANT', 'order by takes columns and expressions, not positions', {
          at: key.value.at,
          hint: 'name the column',
        })
      }
      if (expr.type.kind === 'struct')
        throw planError('PLAN_TYPE_MISMATCH', `order by cannot compare ${formatType(expr.type)}`, { at: key.value.at })
      return { expr, desc: key.desc, nullsFirst: key.nulls === undefined ? !key.desc : key.nulls === 'first' }
    }),
  )
  if (keys.includes(undefined)) return undefined
  const by = keys as SortKey[]
  return addNode(state, { op: 'sort', by }, [input], { ...input.output, order: { sorted: by } }, at, input.scope)
}

/** In the fluent API `orderBy('age', 'desc')` and `orderBy('age desc')` name columns that are not there. */
function directionAsName(scope: Scope, keys: Form<'orderBy'>['keys'], i: number): Error | undefined {
  const { value } = keys[i]
  if (value.s !== 'name' || value.quoted !== true || matchName(scope.columns, value.name).length > 0) return undefined
  const found = /^(?:(.+)\s)?(asc|desc)(?:ending)?$/i.exec(value.name.trim())
  if (found === null) return undefined
  const before = i === 0 ? undefined : keys[i - 1].value
  const column = found[1]?.trim() ?? (before?.s === 'name' ? before.name : undefined)
  if (column === undefined) return undefined
  const hint = `the direction is a function: orderBy(${found[2].toLowerCase()}('${column}'))`
  return planError('PLAN_UNKNOWN_COLUMN', `unknown column '${value.name}'`, { at: value.at, hint })
}

/** `limit` and `offset`: constants, not negative. */
export function bindLimit(state: BindState, form: Form<'limit'>, input: Relation, at: Place): Relation {
  const count = rowCount(state, form.count, 'limit')
  const offset = form.offset === undefined ? 0 : rowCount(state, form.offset, 'offset')
  return addNode(state, { op: 'limit', count, offset }, [input], input.output, at, input.scope)
}

function rowCount(state: BindState, syntax: Syntax, what: string): number {
  const expr = coerce(bindExpression({ names: state.names, scope: emptyScope }, syntax), types.int64, what, syntax.at)
  const value = foldConstant(expr)
  if (value === undefined) throw planError('PLAN_CONSTANT', `${what} needs a constant`, { at: syntax.at })
  if (value === null || Number(value) < 0 || !Number.isSafeInteger(Number(value))) {
    throw planError('PLAN_CONSTANT', `${what} needs a number of rows, found ${value}`, { at: syntax.at })
  }
  return Number(value)
}

/** `unnest`: the row, once for each item. */
export function bindUnnest(state: BindState, form: Form<'unnest'>, input: Relation, at: Place): Relation {
  const array = state.errors.attempt(() => bindArray(state, form.value, input))
  const { expr, itemType, nullableItems } = array ?? unknownArray(form.value.at)
  const item = newColumn(state)
  const added: Field[] = [{ name: form.as, column: item, type: itemType, nullable: form.outer || nullableItems }]
  const ordinal = form.offset === undefined ? undefined : newColumn(state)
  if (ordinal !== undefined) added.push({ name: form.offset!, column: ordinal, type: types.int64, nullable: form.outer })
  const fields = [...input.output.fields, ...added]
  const scope = {
    columns: [...input.scope.columns, ...added.map(({ name, column }) => ({ name, column }))],
    variables: input.scope.variables,
    carried: new Map(fields.map((field) => [field.column, field])),
  }
  const output = { ...input.output, fields, element: false, keys: undefined, keyElement: undefined, grouped: undefined }
  return addNode(state, { op: 'unnest', expr, item, ordinal, outer: form.outer }, [input], output, at, scope)
}

interface BoundArray {
  expr: Expr
  itemType: Type
  nullableItems: boolean
}

function bindArray(state: BindState, syntax: Syntax, input: Relation): BoundArray {
  const expr = bindSettled(environmentOf(state, input), syntax)
  if (expr.type.kind === 'array') return { expr, itemType: expr.type.item, nullableItems: expr.type.nullableItems }
  throw planError('PLAN_TYPE_MISMATCH', `unnest needs an array, found ${formatType(expr.type)}`, { at: syntax.at })
}

const unknownArray = (at: Place): BoundArray => ({ expr: unknownExpr(at), itemType: unknownType, nullableItems: true })

/** `union all` and `union distinct`: columns by position, names of the first input. */
export function bindUnion(state: BindState, form: Form<'union'>, inputs: readonly Relation[], at: Place): Relation | undefined {
  const visible = inputs.map((input) => visibleOnly(state, input, at))
  if (visible.some((input) => input.output.fields.some((field) => field.type === unknownType))) throw new FollowOn()
  const width = visible[0].output.fields.length
  const narrow = visible.find((input) => input.output.fields.length !== width)
  if (narrow !== undefined) {
    throw planError('PLAN_COLUMN_COUNT', `the inputs of union have ${width} and ${narrow.output.fields.length} columns`, {
      at,
      hint: 'select the same columns from each',
    })
  }
  const columnTypes = visible[0].output.fields.map((_, i) => state.errors.attempt(() => unionType(visible, i, at)))
  if (columnTypes.includes(undefined)) return undefined
  const cast = visible.map((input) => castColumns(state, input, columnTypes as Type[], at))
  const first = visible[0].output
  const fields = first.fields.map(({ name, column }, i): Field => {
    const fresh = newColumn(state)
    if (state.unnamed.has(column)) state.unnamed.add(fresh)
    return { name, column: fresh, type: columnTypes[i]!, nullable: cast.some((input) => input.output.fields[i].nullable) }
  })
  const columns = cast.map((input) => input.output.fields.map((field) => field.column))
  const changes = cast.some((input) => input.output.changes === 'zset') ? 'zset' : 'insertOnly'
  const order = cast.every((input) => input.output.order === 'source') ? 'source' : 'undefined'
  const element = cast.every((input) => input.output.element)
  const all = addNode(state, { op: 'flatten', columns }, cast, { name: '', fields, element, changes, order }, at)
  return form.all ? all : bindDistinct(state, all, at)
}

function unionType(inputs: readonly Relation[], i: number, at: Place): Type {
  const found = inputs.map((input) => input.output.fields[i])
  const wide = found.find((field) => field.type.kind === 'float64') ?? found[0]
  const other = found.find((field) => tryCoerce({ expr: passColumn(field.column, field) }, wide.type) === undefined)
  if (other === undefined) return wide.type
  throw planError(
    'PLAN_TYPE_MISMATCH',
    `column ${i + 1} of union is ${formatType(wide.type)} ('${wide.name}') and ${formatType(other.type)} ('${other.name}')`,
    {
      at,
      hint: 'cast one of them before the union',
    },
  )
}

function castColumns(state: BindState, input: Relation, columnTypes: readonly Type[], at: Place): Relation {
  const { fields } = input.output
  if (fields.every((field, i) => sameType(field.type, columnTypes[i]))) return input
  const exprs = fields.map((field, i) => {
    const expr = tryCoerce({ expr: passColumn(field.column, field) }, columnTypes[i])!
    return { column: expr.e === 'column' ? expr.column : newColumn(state), expr }
  })
  const cast = exprs.map(
    ({ column, expr }, i): Field => ({ name: fields[i].name, column, type: expr.type, nullable: expr.nullable }),
  )
  return addNode(
    state,
    { op: 'project', exprs },
    [input],
    { ...input.output, fields: cast, order: orderAfter(input.output.order, cast) },
    at,
  )
}
