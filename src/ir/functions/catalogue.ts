import type { Type } from '../../data/type.ts'
import type { CallTypes, CatalogueFunction } from './define.ts'

/**
 * Names of the operators as functions: add subtract multiply divide negate, equal not_equal less less_equal greater greater_equal,
 * is_distinct_from, and or not, is_null is_not_null, concat (also `||`), like, in (value, then the list), cast safe_cast (target = type of
 * the expression), subscript (array, 0-based index), field (struct, constant name), array (constructor), struct (constructor; names from its type).
 */
const families: readonly (readonly CatalogueFunction[])[] = []

const byName: ReadonlyMap<string, CatalogueFunction> = new Map(families.flat().map((fn) => [fn.name, fn]))

/** The function of this name, in any case. */
export function findFunction(name: string): CatalogueFunction | undefined {
  return byName.get(name.toLowerCase())
}

/** All names that users may write, for suggestions and docs. */
export function functionNames(): readonly string[] {
  return [...byName.values()].filter((fn) => fn.kind === 'aggregate' || !fn.internal).map((fn) => fn.name)
}

/** An argument as the binder knows it. `literal` arguments take another type when a signature asks for it: contracts D14. */
export interface Argument {
  type: Type | 'null'
  literal?: 'int' | 'decimal' | 'string'
}

/**
 * Finds the signature that takes these arguments with the fewest coercions (int64 → float64; untyped numbers and null to anything that fits;
 * string literals to date and timestamp). `types.args` are the types that the arguments are to be cast to.
 */
export declare function resolveCall(fn: CatalogueFunction, args: readonly Argument[]): CallTypes | undefined
