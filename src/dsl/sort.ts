import { callPlace } from './call-place.ts'
import { Expr } from './expr.ts'
import type { SortSyntax, Syntax } from './syntax.ts'

/** A sort key: a column by its name, with its direction. */
export interface SortSpec<C extends string = string> {
  readonly __column?: C
  /** @internal */
  readonly syntax: SortSyntax
}

const keyOf = (key: string | Expr): Syntax =>
  key instanceof Expr ? key.syntax : { at: callPlace(), s: 'name', name: key, quoted: true }

/** Smallest first; nulls are smallest. */
export function asc<C extends string>(column: C): SortSpec<C> {
  return { syntax: { value: keyOf(column), desc: false } }
}
/** Largest first; nulls come last. */
export function desc<C extends string>(column: C): SortSpec<C> {
  return { syntax: { value: keyOf(column), desc: true } }
}

export function sortSyntax(key: string | SortSpec): SortSyntax {
  return typeof key === 'string' ? asc(key).syntax : key.syntax
}
