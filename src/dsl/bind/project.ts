import { suggest } from '../../base/did-you-mean.ts'
import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { ColumnId, Expr } from '../../ir/expr.ts'
import type { Field } from '../../ir/logical.ts'
import type { ItemSyntax, Syntax, UnboundForm } from '../syntax.ts'
import type { Scope } from './context.ts'
import { bindSettled } from './expression.ts'
import { nameOfItem, nameOfUnknown } from './item-name.ts'
import { columnExpr, findColumn, findVariable, matchName, scopeOf, unknownColumn } from './scope.ts'
import { addNode, type BindState, environmentOf, newColumn, orderAfter, type Relation, rowOutput } from './state.ts'
import { unknownExpr } from './unknown.ts'

/** A column to be made: its name (absent when the user gave none) and its expression. */
export interface Item {
  name?: string
  expr: Expr
  at: Place
}

type Form<U extends UnboundForm['u']> = Extract<UnboundForm, { u: U }>

/** `select`: the items alone; range variables end. */
export function bindSelect(state: BindState, form: Form<'select'>, input: Relation, at: Place): Relation {
  const items = bindItems(state, input, form.items)
  const selected = project(state, input, items, at, 'drop variables')
  if (!form.distinct) return selected
  return addNode(state, { op: 'distinct' }, [selected], { ...selected.output, order: 'undefined' }, at, selected.scope)
}

/** `extend`: all columns, then the items. */
export function bindExtend(state: BindState, form: Form<'extend'>, input: Relation, at: Place): Relation {
  const items = bindItems(state, input, form.items)
  return project(state, input, [...passAll(input.scope, at), ...items], at, 'keep variables')
}

/** `set`: replaces columns in place; every expression sees the row as it was. */
export function bindSet(state: BindState, form: Form<'set'>, input: Relation, at: Place): Relation {
  const targets = new Map<ColumnId, Item>()
  for (const { name, value, at: itemAt } of form.items) {
    const expr = state.errors.attempt(() => bindSettled(environmentOf(state, input), value)) ?? unknownExpr(itemAt)
    state.errors.attempt(() => {
      const { column, name: own } = findColumn(input.scope, name, itemAt)
      if (targets.has(column)) throw planError('PLAN_DUPLICATE_COLUMN', `column '${name}' is set twice`, { at: itemAt })
      targets.set(column, { name: own, expr, at: itemAt })
    })
  }
  const items = passAll(input.scope, at).map((item) => targets.get((item.expr as { column: ColumnId }).column) ?? item)
  return project(state, input, items, at, 'keep variables')
}

/** `drop`: every column of each name. */
export function bindDrop(state: BindState, form: Form<'drop'>, input: Relation, at: Place): Relation {
  const dropped = new Set<ColumnId>()
  for (const { name, at: nameAt } of form.names) {
    const matches = matchName(input.scope.columns, name)
    if (matches.length === 0) state.errors.add(unknownColumn(input.scope, name, nameAt))
    for (const match of matches) dropped.add(match.column)
  }
  const items = passAll(input.scope, at).filter((item) => !dropped.has((item.expr as { column: ColumnId }).column))
  if (items.length === 0) throw planError('PLAN_INVALID', 'drop would leave no column', { at })
  return project(state, input, items, at, 'keep variables')
}

/** `rename`: all pairs at once, so that names can be swapped. */
export function bindRename(state: BindState, form: Form<'rename'>, input: Relation, at: Place): Relation {
  const renamed = new Map<ColumnId, string>()
  const unknown: Item[] = []
  for (const { from, to, at: pairAt } of form.pairs) {
    const column = state.errors.attempt(() => findColumn(input.scope, from, pairAt).column)
    if (column === undefined) unknown.push({ name: to, expr: unknownExpr(pairAt), at: pairAt })
    else renamed.set(column, to)
  }
  const items = passAll(input.scope, at).map((item) => ({
    ...item,
    name: renamed.get((item.expr as { column: ColumnId }).column) ?? item.name,
  }))
  return project(state, input, [...items, ...unknown], at, 'keep variables')
}

/** Every visible column as it is. */
function passAll(scope: Scope, at: Place): Item[] {
  return scope.columns.map(({ name, column }) => ({ name, expr: columnExpr(scope, column), at }))
}

/** The items of a list; one with an error is a column of which nothing but the name is known. */
function bindItems(state: BindState, input: Relation, items: readonly ItemSyntax[]): Item[] {
  return items.flatMap((item) => state.errors.attempt(() => bindItem(state, input, item)) ?? unknownItems(input.scope, item))
}

/** What is known of an item with an error. */
export function unknownItems(scope: Scope, item: ItemSyntax): Item[] {
  if (item.item === 'star') return passAll(scope, item.at)
  return [{ name: nameOfUnknown(item, scope), expr: unknownExpr(item.at), at: item.at }]
}

function bindItem(state: BindState, input: Relation, item: ItemSyntax): Item[] {
  if (item.item === 'star') return bindStar(state, input, item)
  refuseAssignment(input.scope, item)
  const expr = bindSettled(environmentOf(state, input), item.value)
  return [{ name: nameOfItem(item, input.scope), expr, at: item.at }]
}

/** `x = age * 2` compares, though there is no column x. */
function refuseAssignment(scope: Scope, { value, name }: Extract<ItemSyntax, { item: 'expr' }>): void {
  if (name !== undefined || value.s !== 'call' || value.fn !== 'equal') return
  const [left] = value.args
  if (left.s !== 'name' || matchName(scope.columns, left.name, left.quoted).length > 0) return
  throw planError('PLAN_UNKNOWN_COLUMN', `unknown column '${left.name}'`, {
    at: left.at,
    hint: `a new column is named behind its value: ... as ${left.name}`,
  })
}

/** `*` and `t.*` with `except` and `replace`. */
function bindStar(state: BindState, input: Relation, star: Extract<ItemSyntax, { item: 'star' }>): Item[] {
  const { scope } = input
  const columns = star.of === undefined ? scope.columns : columnsOfVariable(scope, star.of, star.at)
  for (const { name, at } of star.except) if (matchName(columns, name).length === 0) throw unknownColumn(scope, name, at, columns)
  for (const { name, at } of star.replace)
    if (matchName(columns, name).length === 0) throw unknownColumn(scope, name, at, columns)
  const except = new Set(star.except.flatMap(({ name }) => matchName(columns, name)))
  const replaced = new Map(
    star.replace.flatMap(({ name, value }) =>
      matchName(columns, name).map((column) => [column, value] as [typeof column, Syntax]),
    ),
  )
  return columns
    .filter((column) => !except.has(column) && scope.carried.has(column.column))
    .map((column) => {
      const value = replaced.get(column)
      const expr = value === undefined ? columnExpr(scope, column.column) : bindSettled(environmentOf(state, input), value)
      return { name: column.name, expr, at: star.at }
    })
}

function columnsOfVariable(scope: Scope, name: string, at: Place): Scope['columns'] {
  const variable = findVariable(scope, name)
  if (variable !== undefined) return variable.columns
  const names = scope.variables.map((candidate) => candidate.name)
  throw planError('PLAN_UNKNOWN_COLUMN', `no table alias '${name}'`, {
    at,
    hint: suggest(name, names, names.length > 0 ? `table aliases here: ${names.join(', ')}` : undefined),
  })
}

/**
 * A project node over the items, or the input itself when nothing would change. A plain column keeps its id (the second time it gets a new
 * one), and columns of range variables that the program still names are carried along unseen.
 */
export function project(
  state: BindState,
  input: Relation,
  items: readonly Item[],
  at: Place,
  variables: 'keep variables' | 'drop variables',
): Relation {
  const used = new Set<ColumnId>()
  const exprs = items.map(({ name, expr }, i) => {
    const keeps = expr.e === 'column' && !used.has(expr.column)
    const column = keeps ? expr.column : newColumn(state)
    used.add(column)
    if (name === undefined) state.unnamed.add(column)
    return { column, expr, name: name ?? `_c${i}` }
  })
  const fields = exprs.map(({ name, column, expr }): Field => ({ name, column, type: expr.type, nullable: expr.nullable }))
  warnOfDuplicates(state, input, items, fields)
  const hidden = variables === 'keep variables' ? hiddenFields(state, input.scope, used) : []
  const all = [...fields, ...hidden]
  const kept = variables === 'keep variables' ? input.scope.variables : []
  const scope: Scope = { columns: scopeOf(fields).columns, variables: kept, carried: scopeOf(all).carried }
  if (isSame(all, input.output.fields) && !input.output.element) return { ...input, scope }
  const form = {
    op: 'project',
    exprs: [
      ...exprs.map(({ column, expr }) => ({ column, expr })),
      ...hidden.map(({ column }) => ({ column, expr: columnExpr(input.scope, column) })),
    ],
  } as const
  const output = rowOutput(all, input.output, orderAfter(input.output.order, all))
  return addNode(state, form, [input], output, at, scope)
}

const isSame = (a: readonly Field[], b: readonly Field[]): boolean =>
  a.length === b.length && a.every((field, i) => field.column === b[i].column && field.name === b[i].name)

/** Columns that only `t.x` can reach from here on, as far as the program has such a name. */
function hiddenFields(state: BindState, scope: Scope, visible: ReadonlySet<ColumnId>): Field[] {
  const hidden = new Map<ColumnId, Field>()
  for (const variable of scope.variables) {
    const owner = variable.name.toLowerCase()
    for (const { name, column } of variable.columns) {
      const info = scope.carried.get(column)
      if (info === undefined || visible.has(column)) continue
      const last = Math.max(state.mentioned.get(`${owner}.${name.toLowerCase()}`) ?? -1, state.mentioned.get(`${owner}.*`) ?? -1)
      if (last > state.current) hidden.set(column, { name, column, type: info.type, nullable: info.nullable })
    }
  }
  return [...hidden.values()]
}

/** A name that this operator doubles is legal, and an error as soon as it is used: probably `set` was meant. */
function warnOfDuplicates(state: BindState, input: Relation, items: readonly Item[], fields: readonly Field[]): void {
  const seen = new Map<string, number>()
  const before = new Map<string, number>()
  for (const { name } of input.scope.columns) before.set(name, (before.get(name) ?? 0) + 1)
  fields.forEach(({ name }, i) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    if (count > 1 && count > (before.get(name) ?? 0)) {
      state.warnings.push({
        message: `two columns are called '${name}'`,
        at: items[i].at,
        hint: `use set to replace a column, or another name`,
      })
    }
  })
}
