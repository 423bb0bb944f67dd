import type { Aggregate, ColumnValue } from './aggregates.ts'
import type { Expr } from './expr.ts'

/** Values that are elements even though they are objects. */
type Opaque = Date | Uint8Array | readonly unknown[] | Iterable<unknown>

/** Is `T` a row: a plain object with a column a property? */
export type IsRow<T> = T extends Opaque ? false : T extends object ? true : false

/** Names of the columns of a collection of `T`: its properties, or `value` for elements. */
export type ColumnOf<T> = IsRow<T> extends true ? keyof T & string : 'value'

/** Type of the column `K` of a collection of `T`. */
export type ValueOf<T, K> = IsRow<T> extends true ? (K extends keyof T ? T[K] : never) : T

/** What a relational callback gets: a record of expressions for rows, the expression itself for elements. */
export type RowExprs<T> = IsRow<T> extends true ? { readonly [K in keyof T]-?: Expr<T[K]> } : Expr<T>

/** The type an expression or constant stands for. */
export type Of<E> = E extends Expr<infer T> ? T : E

/** A record of expressions as the row it makes. */
export type RowOf<S> = { [K in keyof S]: Of<S[K]> }

// One mapped type a verb: intersections of Omit and & reach the compiler's depth limit after some 60 operators, this after some 160.
/** Row `R` with the columns of `S` put in or replaced. */
export type Extended<R, S> = { [K in keyof R | keyof S]: K extends keyof S ? Of<S[K]> : K extends keyof R ? R[K] : never }
/** Row `R` joined with row `S`; columns of `S` may be null in a left join. */
export type Joined<R, S, Kind> = {
  [K in keyof R | keyof S]: K extends keyof R ? R[K] : K extends keyof S ? (Kind extends 'left' ? S[K] | null : S[K]) : never
}
/** Row `R` without the columns `K`. */
export type Without<R, K> = { [P in keyof R as P extends K ? never : P]: R[P] }
/** Row `R` with columns renamed by `M` (old name to new name). */
export type Renamed<R, M> = { [P in keyof R as P extends keyof M ? (M[P] extends string ? M[P] : P) : P]: R[P] }

/** Grouping columns by name. */
export type ByNames<T> = ColumnOf<T> | readonly ColumnOf<T>[]
/** The part of a row `T` that the names `B` select. */
export type RowOfNames<T, B> = B extends readonly (infer K)[]
  ? { [P in K & string]: ValueOf<T, P> }
  : { [P in B & string]: ValueOf<T, P> }
type ResultOf<T, A> = A extends Aggregate<string, infer R> ? (R extends ColumnValue<infer C> ? ValueOf<T, C> | null : R) : never
/** The row of an aggregate over rows `T`: the grouping columns `G`, then the aggregates `A`. */
export type Aggregated<T, G, A> = {
  [K in keyof G | keyof A]: K extends keyof A ? ResultOf<T, A[K]> : K extends keyof G ? G[K] : never
}
/** Columns with one name on both sides, merged into one; or a record from left to right names. */
export type JoinOn<T, U> =
  | (ColumnOf<T> & ColumnOf<U>)
  | readonly (ColumnOf<T> & ColumnOf<U>)[]
  | { readonly [K in ColumnOf<T>]?: ColumnOf<U> }
