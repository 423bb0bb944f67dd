import type { Place } from '../base/place.ts'
import type { Type, Value } from '../data/type.ts'

/** Names a column inside one logical plan; unique, never reused. In physical plans it is the ordinal in the operator's input row. */
export type ColumnId = number & { readonly __column?: unique symbol }
export type NodeId = number & { readonly __node?: unique symbol }

/**
 * A user function as a plan sees it. The live function sits in a `FunctionTable` beside the plan, under the same id.
 * `ordinal` is its place in build order, so that a worker which builds the same pipeline finds it.
 */
export interface FnRef {
  id: number
  /** Name for people: `map at words.ts:12:6`, or the name it was imported by. */
  label: string
  /** File URL of the module that made it; empty when no worker can import it. */
  module: string
  /** Set when the function is an export of `module`; else it is found by `ordinal` in the pipeline that `module` exports. */
  export?: string
  ordinal: number
  sourceHash: string
  /** Fields of its row argument that it reads. */
  reads: readonly string[] | 'all'
  /** Free names that are no imports and no known pure globals; `unknown` when the source cannot be read. */
  captures: readonly string[]
  capturesKnown: boolean
  deterministic: boolean
  effects: boolean
  /** A CombineFn or another record of functions instead of a function. */
  kind: 'function' | 'combine'
  args?: readonly Type[]
  returns?: Type
}

/** A typed expression over the columns of one row. */
export type Expr = { type: Type; nullable: boolean; at?: Place } & ExprForm
export type ExprForm =
  | { e: 'column'; column: ColumnId }
  | { e: 'constant'; value: Value }
  /** A catalogue function, operators and casts included: see `ir/functions/catalogue.ts`. */
  | { e: 'call'; fn: string; args: readonly Expr[] }
  | { e: 'user'; fn: FnRef; args: readonly Expr[] }
  | { e: 'case'; arms: readonly { when: Expr; then: Expr }[]; else?: Expr }

export interface SortKey {
  expr: Expr
  desc: boolean
  nullsFirst: boolean
}

/** What may be done with partial results of an aggregate. */
export interface Algebra {
  associative: boolean
  commutative: boolean
  idempotent: boolean
  invertible: boolean
}

/** One aggregate of an aggregate node; `fn` is a catalogue name or a user CombineFn. */
export interface AggCall {
  column: ColumnId
  fn: string | FnRef
  args: readonly Expr[]
  distinct: boolean
  /** Only rows for which this is true are aggregated. */
  where?: Expr
  algebra: Algebra
  type: Type
  nullable: boolean
  at?: Place
}
