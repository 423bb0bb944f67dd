import type { Type, Value } from '../../data/type.ts'
import type { Algebra } from '../expr.ts'

/**
 * The type of an argument or result in a signature. `T` stands for one type, the same wherever it occurs; `any` for every type;
 * `array<T>` for an array of that type.
 */
export type TypePattern =
  | 'bool'
  | 'int64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'date'
  | 'timestamp'
  | 'T'
  | 'any'
  | 'array<T>'
  | 'array<string>'
  | 'array<any>'

export interface Signature {
  args: readonly TypePattern[]
  /** Type of further arguments, any number of them (none included). */
  rest?: TypePattern
  /** How many of `args`, from the end, may be left out. */
  optional?: number
  returns: TypePattern
}

/** What `evaluate` and kernels know of the call beside its values. */
export interface CallTypes {
  args: readonly Type[]
  returns: Type
}

/** A function of one row's values. */
export interface ScalarFunction {
  kind: 'scalar'
  name: string
  signatures: readonly Signature[]
  /** null-in-null-out: null as soon as an argument is null, and `evaluate` is not called; custom: `evaluate` sees nulls. */
  nulls: 'null-in-null-out' | 'custom'
  volatility: 'pure' | 'run' | 'volatile'
  /** May it throw for some values? Then rules never move it above a filter. */
  fails: boolean
  /** May its result be null though no argument is? */
  nullable?: boolean
  /** With custom nulls: null only when all arguments are (`all`), or never. Default: when one of them is. */
  nullWhen?: 'all' | 'never'
  /** The texts that its last argument may be, in any letter case: a constant one is checked when the call is bound. */
  words?: readonly string[]
  /** Its time may grow much faster than its arguments, so that it is left to the rows that need it. */
  backtracks?: boolean
  /** True for operators that text spells with signs; they are left out of suggestions. */
  internal?: boolean
  /** One line for the docs. */
  summary: string
  evaluate(args: readonly Value[], types: CallTypes): Value
}

/** A function of a group's values, row by row and slow: the meaning that kernels are tested against. */
export interface AggregateFunction {
  kind: 'aggregate'
  name: string
  signatures: readonly Signature[]
  algebra: Algebra
  /** Does it skip rows whose first argument is null? All but count(*) and array_agg do. */
  skipsNulls: boolean
  /** Result over no rows: null, or 0 for counts. */
  nullable: boolean
  summary: string
  /** Columns of a partial state, in the order that the operators write them. */
  stateTypes(types: CallTypes): readonly Type[]
  /** The meaning over all values of a group (already without the rows it skips); weights are repeated values. */
  evaluate(rows: readonly (readonly Value[])[], types: CallTypes): Value
}

export type CatalogueFunction = ScalarFunction | AggregateFunction

type ScalarOptions = Omit<ScalarFunction, 'kind' | 'name' | 'volatility' | 'fails' | 'nulls'> &
  Partial<Pick<ScalarFunction, 'volatility' | 'fails' | 'nulls'>>

/** Defines a scalar function; by default pure, never failing, null in null out. */
export function defineScalarFunction(name: string, options: ScalarOptions): ScalarFunction {
  return Object.freeze({ kind: 'scalar', name, volatility: 'pure', fails: false, nulls: 'null-in-null-out', ...options })
}

export function defineAggregateFunction(name: string, options: Omit<AggregateFunction, 'kind' | 'name'>): AggregateFunction {
  return Object.freeze({ kind: 'aggregate', name, ...options })
}
