import type { FnRef } from './expr.ts'

/** A user aggregate for `combineValues`. `add` and `merge` may change and return their first argument, and must not keep the value. */
export interface CombineFn<V = never, A = unknown, R = unknown> {
  /** The state of no values. */
  zero(): A
  /** The state with one value more. */
  add(accumulator: A, value: V): A
  /** The state of both. */
  merge(a: A, b: A): A
  /** The result of a state. */
  extract(accumulator: A): R
  /** Default true: partial results may be merged in any grouping. */
  associative?: boolean
  /** Default true: partial results may be merged in any order. */
  commutative?: boolean
}

export type UserFunction = ((...args: never[]) => unknown) | CombineFn

/** Live functions beside a plan, by `FnRef.id`. */
export type FunctionTable = ReadonlyMap<FnRef['id'], UserFunction>
