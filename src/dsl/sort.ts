import { wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { Expr } from './expr.ts'
import type { SortSyntax, Syntax } from './syntax.ts'

/** A sort key: a column by its name, with its direction. */
export interface SortSpec<C extends string = string> {
  readonly __column?: C
  /** @internal */
  readonly syntax: SortSyntax
}

function keyOf(verb: string, key: string | Expr): Syntax {
  if (key instanceof Expr) return key.syntax
  if (typeof key === 'string') return { at: callPlace(), s: 'name', name: key, quoted: true }
  throw wrongArgument(verb, 'the name of a column', key, `for example ${verb}('price')`)
}

/** Smallest first; nulls are smallest. */
export function asc<C extends string>(column: C): SortSpec<C> {
  return { syntax: { value: keyOf('asc', column), desc: false } }
}
/** Largest first; nulls come last. */
export function desc<C extends string>(column: C): SortSpec<C> {
  return { syntax: { value: keyOf('desc', column), desc: true } }
}

export function sortSyntax(key: string | SortSpec): SortSyntax {
  if (typeof key === 'string') return asc(key).syntax
  const syntax = (key as Partial<SortSpec> | null | undefined)?.syntax
  if (syntax !== undefined && 'desc' in syntax) return syntax
  throw wrongArgument(
    'orderBy',
    'names of columns, or what asc and desc make of them',
    key,
    "for example orderBy('shop', desc('price'))",
  )
}
