import type { Place } from '../base/place.ts'
import { wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { type Expr, toSyntax } from './expr.ts'
import type { Syntax } from './syntax.ts'

/** One aggregate of `aggregate({ ... })`: over a column by name, or over an expression. `C` are the columns it names, `R` its result. */
export interface Aggregate<C extends string = string, R = unknown> {
  readonly __columns?: C
  readonly __result?: R
  /** @internal */
  readonly syntax: Syntax
}

type Argument = string | Expr
// The type of a column named by a text is known where the aggregate is used, not here.
type ResultOf<A> = A extends Expr<infer T> ? T | null : ColumnValue<A>
/** The value of the column `C` of the collection that is aggregated, or null. */
export interface ColumnValue<C> {
  readonly __of: C
}
type ColumnsOf<A> = A extends string ? A : never

function aggregate<C extends string, R>(
  fn: string,
  args: readonly unknown[],
  extra: { distinct?: boolean; star?: boolean } = {},
): Aggregate<C, R> {
  const at = callPlace()
  return { syntax: { at, s: 'call', fn, fnAt: at, args: args.map((arg) => argument(fn, arg, at)), named: [], ...extra } }
}

// A text is a column's name here: constants make no sense as the argument of an aggregate.
function argument(fn: string, arg: unknown, at: Place): Syntax {
  if (arg === undefined) throw wrongArgument(fn, 'the name of a column or an expression', arg, `for example ${fn}('price')`)
  return typeof arg === 'string' ? { at, s: 'name', name: arg, quoted: true } : toSyntax(arg)
}

/** Number of rows, or of rows where the argument is not null. */
export function count<const A extends Argument = never>(of?: A): Aggregate<ColumnsOf<A>, number> {
  return of === undefined ? aggregate('count', [], { star: true }) : aggregate('count', [of])
}
/** Number of different values that are not null. */
export function countDistinct<const A extends Argument>(of: A): Aggregate<ColumnsOf<A>, number> {
  return aggregate('count', [of], { distinct: true })
}
/** Number of rows for which the condition is true. */
export function countIf<const A extends Argument>(condition: A): Aggregate<ColumnsOf<A>, number> {
  return aggregate('countif', [condition])
}
/** Sum of the values that are not null; null when there is none. Sums of float64 are exact and rounded once, in any order of rows. */
export function sum<const A extends Argument>(of: A): Aggregate<ColumnsOf<A>, number | null> {
  return aggregate('sum', [of])
}
/** Mean of the values that are not null as float64; null when there is none. */
export function avg<const A extends Argument>(of: A): Aggregate<ColumnsOf<A>, number | null> {
  return aggregate('avg', [of])
}
/** Smallest value that is not null. */
export function min<const A extends Argument>(of: A): Aggregate<ColumnsOf<A>, ResultOf<A>> {
  return aggregate('min', [of])
}
/** Largest value that is not null. */
export function max<const A extends Argument>(of: A): Aggregate<ColumnsOf<A>, ResultOf<A>> {
  return aggregate('max', [of])
}
