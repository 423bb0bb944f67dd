import type { MillraceError } from '../../base/errors.ts'
import type { Host } from '../../base/host.ts'
import type { Place } from '../../base/place.ts'
import type { Schema, Type, Value } from '../../data/type.ts'
import type { ConnectorOptions } from '../../io/connector.ts'
import type { ConnectorRegistry } from '../../io/registry.ts'
import type { ColumnId, NodeId } from '../../ir/expr.ts'
import type { Plan } from '../../ir/logical.ts'
import { FollowOn } from './unknown.ts'

/** A table that the caller gives a run by name: rows in memory, or a source with its options. */
export type GivenTable =
  | { rows: readonly (readonly Value[])[]; schema: Schema }
  | { connector: string; options: ConnectorOptions; schema?: Schema }

/** A parameter as the caller gives it: text from a command line, or a JavaScript value. */
export type GivenParam = { text: string } | { value: unknown }

/** What binding needs from outside. */
export interface BindContext {
  connectors: ConnectorRegistry
  host: Host
  /** Folder that relative paths start from. */
  cwd: string
  params: ReadonlyMap<string, GivenParam>
  tables: ReadonlyMap<string, GivenTable>
  /** Changes flow as deltas, epoch by epoch. */
  incremental: boolean
  /** Refuse outputs that exist or cannot be written. */
  checkSinks: boolean
  /**
   * Runs the plan's prefix that ends at `node` on a few rows and returns what closures would see of its output: elements, row objects, or
   * `[key, value]` pairs. At most the first 1,024 input rows are read.
   */
  sample(plan: Plan, node: NodeId): Promise<readonly unknown[]>
}

/** Something legal that is probably not meant. */
export interface BindWarning {
  message: string
  at: Place
  hint?: string
}

/** A column that names can reach. */
export interface ScopeColumn {
  name: string
  column: ColumnId
}

/** A column as expressions need it. */
export interface ColumnInfo {
  type: Type
  nullable: boolean
}

/**
 * What names mean at one place. `columns` are the visible ones in order. A range variable keeps the columns it had when it was made, so that
 * `t.x` after `set x = ...` is the older column; such a column may be carried without being visible.
 */
export interface Scope {
  columns: readonly ScopeColumn[]
  variables: readonly { name: string; columns: readonly ScopeColumn[] }[]
  carried: ReadonlyMap<ColumnId, ColumnInfo>
}

/** Collects errors so that one check reports all of them. */
export class ErrorList {
  readonly errors: MillraceError[] = []
  /** How often something failed: errors, and what follows from them. */
  failures = 0
  /** Runs `action`; an error of the user's is kept and gives undefined. */
  attempt<T>(action: () => T): T | undefined {
    try {
      return action()
    } catch (thrown) {
      this.add(thrown)
      return undefined
    }
  }
  add(thrown: unknown): void {
    this.failures++
    if (thrown instanceof FollowOn) return
    if (!isUserError(thrown)) throw thrown
    this.errors.push(...thrown.errors)
  }
}

const isUserError = (thrown: unknown): thrown is MillraceError =>
  thrown instanceof Error && 'code' in thrown && 'errors' in thrown && thrown.code !== 'BUG_INVARIANT'
