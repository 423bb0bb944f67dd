import { planError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import type { Aggregate } from './aggregates.ts'
import { conditionOf, expressionOf, isRecord, namesOf, recordOf, wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { rowHandle, textSyntax, toSyntax } from './expr.ts'
import { refuseOperators } from './javascript-operators.ts'
import { nameOfKind } from './kind-name.ts'
import type { ItemSyntax, Syntax } from './syntax.ts'

/** Names of the sides of a join whose columns have different names; nobody can write them. */
export const leftAlias = 'left side'
export const rightAlias = 'right side'

export const equalColumns = (left: string, right: string): Syntax => {
  const at = callPlace()
  const side = (alias: string, name: string): Syntax => ({
    at,
    s: 'field',
    of: { at, s: 'name', name: alias, quoted: true },
    name,
    nameAt: at,
  })
  return { at, s: 'call', fn: 'equal', fnAt: at, args: [side(leftAlias, left), side(rightAlias, right)], named: [] }
}

/** The condition of `where`. */
export function predicateSyntax(predicate: string | Function): Syntax {
  if (typeof predicate === 'string') return textSyntax(predicate)
  if (typeof predicate === 'function') return toSyntax(conditionOf('where', overRow('where', predicate)))
  throw wrongArgument('where', 'a condition', predicate, "for example where((row) => row.price.gt(1)) or where('price > 1')")
}

/** A column by its name. */
export const columnItem = (name: string): ItemSyntax => {
  const at = callPlace()
  return { item: 'expr', value: { at, s: 'name', name, quoted: true }, name, at }
}

/** The columns that a callback computes. */
export function columnsOf(verb: string, items: unknown): { name: string; value: Syntax; at: Place }[] {
  const at = callPlace()
  const example = `for example ${verb}((row) => ({ total: row.price.mul(row.count) }))`
  const record = recordOf(verb, overRow(verb, callbackOf(verb, items, example)))
  return Object.entries(record).map(([name, value]) => ({ name, value: toSyntax(value), at }))
}

export const itemsOf = (verb: string, items: unknown): ItemSyntax[] =>
  columnsOf(verb, items).map((column) => ({ item: 'expr', ...column }))

/** What a callback makes of a row of expressions. */
function overRow(verb: string, callback: Function): unknown {
  refuseOperators(verb, callback)
  return callback(rowHandle())
}

function callbackOf(verb: string, given: unknown, example: string): Function {
  if (typeof given === 'function') return given
  throw wrongArgument(verb, 'a function from a row of expressions', given, example)
}

/** The aggregates of `aggregate` by name, or what computes them. */
export function aggregateItems(aggregates: unknown): ItemSyntax[] {
  const at = callPlace()
  const record = typeof aggregates === 'function' ? recordOf('aggregate', overRow('aggregate', aggregates)) : aggregates
  if (!isRecord(record))
    throw wrongArgument('aggregate', 'aggregates by name', record, "for example aggregate({ rows: count() }, { by: 'shop' })")
  return Object.entries(record).map(([name, given]) => {
    const value = (given as Partial<Aggregate> | undefined)?.syntax
    if (value !== undefined) return { item: 'expr', value, name, at }
    throw wrongArgument(`'${name}'`, 'an aggregate', given, `for example { ${name}: count() } or { ${name}: sum('column') }`)
  })
}

/** What `aggregate` groups by. */
export function byItems(by: unknown): ItemSyntax[] {
  if (by === undefined) return []
  if (typeof by === 'function') return itemsOf('by', by)
  return namesOf('by', [by].flat(), "for example { by: 'shop' } or { by: ['shop', 'day'] }").map(columnItem)
}

/** Refuses what is no condition or kind of a join. */
export function checkJoin(verb: string, on: unknown, kind: string): void {
  const example = `for example ${verb}(others, { on: 'id' }) or ${verb}(others, { on: { left_id: 'right_id' } })`
  const names = typeof on === 'string' ? [on] : Array.isArray(on) ? on : isRecord(on) ? Object.values(on) : undefined
  if (names === undefined || names.length === 0) throw wrongArgument(verb, "the columns that must be equal as 'on'", on, example)
  namesOf(verb, names, example)
  if (kind === 'inner' || kind === 'left') return
  throw planError('PLAN_ARGUMENTS', `${verb} takes the kinds inner and left, found '${kind}'`, {
    at: callPlace(),
    hint: "leave kind out for 'inner'",
  })
}

/** Refuses what is no number of rows. */
export function checkRowCount(number: unknown): void {
  if (Number.isSafeInteger(number) && (number as number) >= 0) return
  const found = typeof number === 'number' ? String(number) : nameOfKind(number)
  throw planError('PLAN_ARGUMENTS', `limit takes a whole number from 0, found ${found}`, {
    at: callPlace(),
    hint: 'for example limit(10) or limit(10, { offset: 20 })',
  })
}

/** The array of `unnest`, and the name for its items. */
export function unnestItems(array: unknown, as: string | undefined): { value: Syntax; as: string } {
  const example = "for example unnest((row) => row.tags, { as: 'tag' })"
  if (as === undefined) throw wrongArgument('unnest', "the name of the new column as 'as'", as, example)
  return { value: toSyntax(expressionOf('unnest', overRow('unnest', callbackOf('unnest', array, example)))), as }
}

/** Options of functions over values, and of those that make new ones. */
export const functionOptions = { effects: 'boolean', deterministic: 'boolean' } as const
export const closureOptions = { ...functionOptions, returns: 'other' } as const
