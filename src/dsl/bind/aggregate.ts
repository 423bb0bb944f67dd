import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { AggCall, ColumnId, Expr } from '../../ir/expr.ts'
import { fingerprintData } from '../../ir/fingerprint.ts'
import type { Field } from '../../ir/logical.ts'
import type { ItemSyntax, UnboundForm } from '../syntax.ts'
import type { AggregateCollector } from './call.ts'
import { bindSettled } from './expression.ts'
import { nameOfItem } from './item-name.ts'
import { type Item, project, unknownItems } from './project.ts'
import { addNode, type BindState, columnsOf, environmentOf, newColumn, passColumn, type Relation, rowOutput } from './state.ts'

type AggregateForm = Extract<UnboundForm, { u: 'aggregate' }>
interface Group {
  name: string | undefined
  column: ColumnId
  expr: Expr
  at: Place
}

/**
 * `aggregate ... group by ...`: an aggregate node, and a project above it when an item is more than one aggregate call. Output: grouping columns,
 * then the items. Without items the groups alone.
 */
export function bindAggregate(state: BindState, form: AggregateForm, input: Relation, at: Place): Relation | undefined {
  const { failures } = state.errors
  const groups = bindGroups(state, form.by, input)
  // With a group that is not known, no column is known not to be grouped by.
  const known = state.errors.failures === failures ? groups : undefined
  const calls = collectCalls(state, form.by.length > 0)
  const items = form.items.flatMap(
    (item) => state.errors.attempt(() => bindItem(state, item, input, calls, known)) ?? unknownItems(input.scope, item),
  )
  if (groups.length === 0 && items.length === 0)
    throw planError('PLAN_AGGREGATE_MISSING', 'aggregate needs an aggregate function or group by', { at })
  const named = [...groups.map(groupItem), ...items]
  const aggregated = addAggregate(state, groups, calls.calls, named, input, at)
  return project(state, aggregated, named, at, 'drop variables')
}

/** The aggregate node itself. Its columns have the names of the items that they are, so that a project above is needed only where items compute. */
function addAggregate(
  state: BindState,
  groups: readonly Group[],
  calls: readonly AggCall[],
  items: readonly Item[],
  input: Relation,
  at: Place,
): Relation {
  const columns = [...groups.map(({ column, expr: { type, nullable } }) => ({ column, type, nullable })), ...calls]
  const fields = columns.map(({ column, type, nullable }, i): Field => {
    const item = items.find(({ expr }) => expr.e === 'column' && expr.column === column)
    return { name: item?.name ?? `_c${i}`, column, type, nullable }
  })
  const by = groups.map(({ column, expr }) => ({ column, expr }))
  return addNode(
    state,
    { op: 'aggregate', by, calls, phase: 'complete' },
    [input],
    rowOutput(fields, input.output, 'undefined'),
    at,
  )
}

const groupItem = ({ name, column, expr, at }: Group): Item => ({ name, expr: passColumn(column, expr), at })

function bindGroups(state: BindState, by: readonly ItemSyntax[], input: Relation): Group[] {
  const used = new Set<ColumnId>()
  return by.flatMap((item) => {
    const group = state.errors.attempt((): Group => {
      if (item.item === 'star') throw planError('PLAN_INVALID', 'group by takes no *', { at: item.at, hint: 'name the columns' })
      const expr = bindSettled(environmentOf(state, input), item.value)
      if (expr.e === 'constant' && item.value.s === 'number') {
        throw planError('PLAN_CONSTANT', 'group by takes columns and expressions, not positions', {
          at: item.at,
          hint: 'name the column',
        })
      }
      const column = expr.e === 'column' && !used.has(expr.column) ? expr.column : newColumn(state)
      used.add(column)
      return { name: nameOfItem(item, input.scope), column, expr, at: item.at }
    })
    if (group !== undefined) return [group]
    return unknownItems(input.scope, item).map(({ name, expr, at }) => ({ name, column: newColumn(state), expr, at }))
  })
}

function bindItem(
  state: BindState,
  item: ItemSyntax,
  input: Relation,
  calls: AggregateCollector & { calls: AggCall[] },
  groups: readonly Group[] | undefined,
): Item {
  if (item.item === 'star')
    throw planError('PLAN_AGGREGATE_MISSING', 'an aggregate list takes no *', { at: item.at, hint: 'count rows with count(*)' })
  const taken = calls.taken
  const expr = bindSettled({ ...environmentOf(state, input), aggregates: calls }, item.value)
  if (calls.taken === taken) {
    throw planError('PLAN_AGGREGATE_MISSING', 'this item holds no aggregate function', {
      at: item.at,
      hint: 'put the column into group by, or aggregate it, for example with any_value(...)',
    })
  }
  const name = item.name === undefined ? undefined : nameOfItem(item, input.scope)
  if (groups === undefined) return { name, expr, at: item.at }
  const results = new Set([...calls.calls.map((call) => call.column), ...groups.map((group) => group.column)])
  if (columnsOf(expr).some((column) => !results.has(column))) {
    throw planError(
      'PLAN_AGGREGATE_MISSING',
      'a column stands outside the aggregate functions of this item and is not in group by',
      {
        at: item.at,
        hint: 'group by it, or aggregate it, for example with any_value(...)',
      },
    )
  }
  return { name, expr, at: item.at }
}

/** Gathers the calls of a list; equal ones are computed once. `taken` counts the calls asked for. */
function collectCalls(state: BindState, grouped: boolean): AggregateCollector & { calls: AggCall[] } {
  const calls: AggCall[] = []
  const byText = new Map<string, AggCall>()
  return {
    calls,
    taken: 0,
    add(call) {
      this.taken++
      const text = callKey(call)
      let known = byText.get(text)
      if (known === undefined) {
        // A group has a row, so only a null argument or a condition leaves an aggregate without values.
        const mayBeEmpty = !grouped || call.where !== undefined || call.args.some((arg) => arg.nullable)
        known = { ...call, column: newColumn(state), nullable: call.nullable && mayBeEmpty }
        byText.set(text, known)
        calls.push(known)
      }
      return { e: 'column', column: known.column, type: known.type, nullable: known.nullable, at: call.at }
    },
  }
}

const callKey = ({ fn, args, distinct, where }: Omit<AggCall, 'column'>): string => fingerprintData({ fn, args, distinct, where })
