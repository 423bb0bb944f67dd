import { didYouMean } from '../../base/did-you-mean.ts'
import { planError } from '../../base/errors.ts'
import type { ItemSyntax, Syntax } from '../syntax.ts'
import { visit } from './analyse.ts'
import type { Scope } from './context.ts'
import { impliedName } from './expression.ts'
import { matchName } from './scope.ts'

type ExprItem = Extract<ItemSyntax, { item: 'expr' }>

/**
 * The name of an item: the given one, else that of the plain column it is.
 *
 * @throws MillraceError `PLAN_BARE_ALIAS` for `id name` where both are columns, which a missing comma makes of two columns. `lower(name) name` is
 * no such case.
 */
export function nameOfItem(item: ExprItem, scope: Scope): string | undefined {
  const { name, value, nameIsBare, nameAt, at } = item
  if (name === undefined) return impliedName(value)
  if (nameIsBare !== true || matchName(scope.columns, name).length === 0 || reads(value, name)) return name
  throw planError('PLAN_BARE_ALIAS', `'${name}' is a column, and would here be the new name of the item before it`, {
    at: nameAt ?? at,
    hint: `is a comma missing? if not, write as ${name}`,
  })
}

/** The name of an item with an error: of a misspelt column the one that was meant, so that the right name further down is no second error. */
export function nameOfUnknown({ name, value }: ExprItem, scope: Scope): string | undefined {
  const implied = impliedName(value)
  if (name !== undefined || implied === undefined) return name
  return (
    didYouMean(
      implied,
      scope.columns.map((column) => column.name),
    ) ?? implied
  )
}

function reads(value: Syntax, name: string): boolean {
  let found = false
  visit(value, (part) => {
    found ||= impliedName(part)?.toLowerCase() === name.toLowerCase()
  })
  return found
}
