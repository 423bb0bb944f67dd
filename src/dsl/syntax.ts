import type { Place } from '../base/place.ts'
import type { Type } from '../data/type.ts'
import type { Algebra, FnRef } from '../ir/expr.ts'
import type { ErrorPolicy } from '../ir/on-error.ts'
import type { RunMode } from '../ir/run-mode.ts'

/**
 * Expressions as the user wrote them: names not looked up, types not known. The text language parses to this, the builder callbacks and
 * expression texts of the fluent API make the same. Every part knows its place.
 */
export type Syntax = { at: Place } & SyntaxForm
export type SyntaxForm =
  /** A column, or a range variable when a `field` follows; `quoted` names are matched exactly. */
  | { s: 'name'; name: string; quoted?: boolean }
  /** `of.name`: column of a range variable, or field of a struct. */
  | { s: 'field'; of: Syntax; name: string; nameAt: Place }
  | { s: 'index'; of: Syntax; index: Syntax }
  /** Digits as written; untyped until it meets another operand. */
  | { s: 'number'; text: string }
  | { s: 'string'; value: string }
  | { s: 'bool'; value: boolean }
  | { s: 'null' }
  /** A constant with its own type: `date '2026-01-01'`, or a value bound in TypeScript. */
  | { s: 'typed'; type: Type; text: string }
  | { s: 'param'; name: string }
  /** Function call; operators are calls with the catalogue's operator names (`add`, `equal`, `and`, ...), n-ary where they associate. */
  | {
      s: 'call'
      fn: string
      fnAt: Place
      args: readonly Syntax[]
      named: readonly { name: string; value: Syntax }[]
      distinct?: boolean
      star?: boolean
      where?: Syntax
      /** `is true`, which is written as a call of `is_distinct_from`: what it asks of its operand. */
      asks?: string
    }
  | { s: 'cast'; value: Syntax; type: TypeSyntax; safe: boolean }
  | { s: 'case'; operand?: Syntax; arms: readonly { when: Syntax; then: Syntax }[]; else?: Syntax }
  | { s: 'array'; items: readonly Syntax[] }
  | { s: 'struct'; fields: readonly { name?: string; value: Syntax }[] }
  | { s: 'between'; value: Syntax; low: Syntax; high: Syntax; negated: boolean }
  | { s: 'in'; value: Syntax; list: readonly Syntax[]; negated: boolean }

/** A type as written: a name that `type` statements may define, or a compound. */
export type TypeSyntax = { at: Place } & (
  | { t: 'name'; name: string }
  | { t: 'array'; item: TypeSyntax }
  | { t: 'struct'; fields: readonly ColumnSyntax[] }
)
export interface ColumnSyntax {
  name: string
  type: TypeSyntax
  notNull: boolean
  at: Place
}

/** `expr as name`, `*`, `t.*`, with except and replace. `nameIsBare`: the name stands without `as`. */
export type ItemSyntax =
  | { item: 'expr'; value: Syntax; name?: string; nameAt?: Place; nameIsBare?: boolean; at: Place }
  | {
      item: 'star'
      of?: string
      except: readonly { name: string; at: Place }[]
      replace: readonly { name: string; value: Syntax; at: Place }[]
      at: Place
    }

export interface SortSyntax {
  value: Syntax
  desc: boolean
  /** Default: nulls are smallest, so first when ascending and last when descending. */
  nulls?: 'first' | 'last'
}

export type RowTypeSyntax =
  | { named: string; at: Place }
  | { columns: readonly ColumnSyntax[] }
  | { schema: readonly { name: string; type: Type; nullable: boolean }[] }

/** A named argument of a source, a sink or a hint. */
export interface NamedArgument {
  name: string
  value: Syntax
  at: Place
}

export interface UnboundPort {
  node: number
  out: number
}

/** What the user asked for, one node an operation, in build order: no name looked up, no file read. */
export interface UnboundNode {
  id: number
  inputs: readonly UnboundPort[]
  at: Place
  form: UnboundForm
}

export type UnboundForm =
  /** `positional` are the arguments without a name. */
  | {
      u: 'source'
      connector: string
      connectorAt: Place
      positional: readonly Syntax[]
      named: readonly NamedArgument[]
      schema?: RowTypeSyntax
      alias?: string
    }
  /** A table given to the run by name (`--tables`). `datasets`: those that the program defines itself, for suggestions. */
  | { u: 'table'; name: string; alias?: string; datasets?: readonly string[] }
  /** Rows of constants; columns named by `names`, else `_c0`, ... `element`: one column, the values are elements. */
  | { u: 'values'; rows: readonly (readonly Syntax[])[]; names?: readonly string[]; element?: boolean; schema?: RowTypeSyntax }
  | { u: 'as'; alias: string }
  | { u: 'where'; predicate: Syntax }
  | { u: 'select'; distinct: boolean; items: readonly ItemSyntax[] }
  | { u: 'extend'; items: readonly ItemSyntax[] }
  | { u: 'set'; items: readonly { name: string; value: Syntax; at: Place }[] }
  | { u: 'drop'; names: readonly { name: string; at: Place }[] }
  | { u: 'rename'; pairs: readonly { from: string; to: string; at: Place }[] }
  | { u: 'aggregate'; items: readonly ItemSyntax[]; by: readonly ItemSyntax[] }
  | { u: 'distinct' }
  /** Input 1 is the right side. */
  | { u: 'join'; kind: 'inner' | 'left'; on?: Syntax; using?: readonly { name: string; at: Place }[] }
  | { u: 'unnest'; value: Syntax; as: string; offset?: string; outer: boolean }
  | { u: 'orderBy'; keys: readonly SortSyntax[] }
  | { u: 'limit'; count: Syntax; offset?: Syntax }
  | { u: 'union'; all: boolean }
  /**
   * `returns`: declared row or element type; `keyed`: the function returns `[key, value]` pairs; `valueIsRow`: their value is the row it was
   * given, so that only the key's type has to be found out.
   */
  | {
      u: 'parallelDo'
      shape: 'map' | 'filter' | 'flatMap' | 'do'
      fn: FnRef
      returns?: ReturnsSyntax
      keyed?: boolean
      valueIsRow?: boolean
    }
  | { u: 'groupByKey' }
  /** `algebra`: what the record of functions says of itself. */
  | { u: 'combineValues'; fn: FnRef; algebra: Algebra; returns?: ReturnsSyntax }
  | { u: 'sink'; connector: string; connectorAt: Place; positional: readonly Syntax[]; named: readonly NamedArgument[] }

/** A declared result: an object's fields, or one element. */
export type ReturnsSyntax =
  | { schema: readonly { name: string; type: Type; nullable: boolean }[] }
  | { element: Type; nullable: boolean }

export interface ParamSyntax {
  name: string
  type: TypeSyntax
  default?: Syntax
  at: Place
}

/** An imported function of text programs: signature and the reference that finds it. */
export interface ImportedFunction {
  name: string
  fn: FnRef
  kind: 'scalar'
  args: readonly Type[]
  returns: Type
}

/** What a program sets for its runs. */
export interface ProgramOptions {
  parallelism?: number
  mode?: RunMode
  onError?: ErrorPolicy
  /** File of dead letters. */
  deadLetters?: string
  maxErrors?: number
}

/** A whole program before binding. */
export interface UnboundPlan {
  /** File name or pipeline name, for people. */
  program: string
  nodes: readonly UnboundNode[]
  /** Results for the caller, in order; a sink is a node of its own. */
  outputs: readonly { name: string; port: UnboundPort }[]
  params: readonly ParamSyntax[]
  types: readonly { name: string; type: TypeSyntax }[]
  imports: readonly ImportedFunction[]
  options: ProgramOptions
  fns: readonly FnRef[]
  /** Texts by file, for code frames. */
  sources: Readonly<Record<string, string>>
}
