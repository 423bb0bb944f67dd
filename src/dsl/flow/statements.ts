import type { Place } from '../../base/place.ts'
import type { NamedArgument, ParamSyntax, RowTypeSyntax, Syntax, TypeSyntax, UnboundForm } from '../syntax.ts'

/** A name with its place; `quoted` ones stood in backquotes. */
export interface NameAt {
  name: string
  quoted: boolean
  at: Place
}

/** The statements of a `.flow` file as they were written. */
export type Statement = { at: Place } & (
  | { st: 'import'; items: readonly ImportItem[]; path: string; pathAt: Place }
  | { st: 'param'; param: ParamSyntax }
  | { st: 'type'; name: NameAt; type: TypeSyntax }
  | { st: 'let'; name: NameAt; query: Query }
  | { st: 'set'; name: NameAt; value: Syntax }
  | { st: 'query'; query: Query }
)

export type ImportStatement = Extract<Statement, { st: 'import' }>

/** `name [(types) returns type] [as alias]`. */
export interface ImportItem {
  name: NameAt
  signature?: { args: readonly TypeSyntax[]; returns: TypeSyntax }
  alias?: NameAt
}

export interface Query {
  at: Place
  from: TableRef
  ops: readonly PipeOp[]
}

/** What rows come from. */
export type TableRef = { at: Place; alias?: NameAt } & (
  | { from: 'name'; name: NameAt; schema?: RowTypeSyntax }
  | { from: 'source'; name: NameAt; args: Arguments; schema?: RowTypeSyntax }
  | { from: 'values'; rows: readonly (readonly Syntax[])[]; names?: readonly NameAt[] }
  | { from: 'query'; query: Query }
)

export interface Arguments {
  positional: readonly Syntax[]
  named: readonly NamedArgument[]
}

/** One operator after `|>`. Those with one input carry the form of their plan node. */
export type PipeOp = { at: Place } & (
  | { op: 'unary'; form: UnboundForm }
  | { op: 'join'; kind: 'inner' | 'left'; right: TableRef; on?: Syntax; using?: readonly NameAt[] }
  | { op: 'union'; all: boolean; queries: readonly Query[] }
)
