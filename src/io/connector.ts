import type { MillraceError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import type { Place } from '../base/place.ts'
import type { Batch } from '../data/batch.ts'
import type { Schema, Type, Value } from '../data/type.ts'
import type { ConnectorTraits, SourceFile, Split } from '../ir/logical.ts'

/** What an option of a connector takes; the binder checks values and suggests names. */
export interface OptionSpec {
  type: Type
  /** Allowed texts, when it is a closed list. */
  values?: readonly string[]
  summary: string
}

/**
 * Options of a source or sink in a plan, plain data. `path` is the first positional argument; `schema` the declared fields.
 */
export interface ConnectorOptions {
  readonly [name: string]: Value
}

/** What `describe` is given beside the options. */
export interface DescribeContext {
  host: Host
  /** Folder that relative paths start from. */
  cwd: string
  /** Declared row type, when the program gives one. */
  schema?: Schema
  at: Place
  /** An incremental run reads the changes themselves; a plain run wants them consolidated. */
  incremental: boolean
}

/** The answer of `describe`: names and types of all columns, sizes, the files as they are now, and the splits they fall into. */
export interface SourceDescription {
  schema: Schema
  inferred: boolean
  sizeBytes?: number
  rowCount?: number
  traits: ConnectorTraits
  files?: readonly SourceFile[]
  splits: readonly Split[]
  /** Whatever `read` needs and was found out here. */
  reader?: Value
  /** `zset` when the batches carry weights. */
  changes?: 'insertOnly' | 'zset'
}

/** What `read` is asked for. */
export interface ReadRequest {
  options: ConnectorOptions
  reader?: Value
  split: Split
  splitIndex: number
  /** Columns to make, a subset of the described ones in their order. */
  fields: Schema
  /** Stop after this many rows; the reader may give more. */
  limit?: number
  /** Each batch is wanted until the next one is asked for: its arrays may be used again. */
  lent?: boolean
  /** Takes the error of a record that cannot be read, which is then left out. Without it such a record is an error of the read. */
  onBadRecord?(error: MillraceError): void
  host: Host
  signal: AbortSignal
}

/** Reads rows of a kind of input. The same split always gives the same batches. */
export interface SourceConnector {
  kind: string
  /** Name of the first positional argument, if the connector takes one. */
  positional?: string
  options: Readonly<Record<string, OptionSpec>>
  /** True when a program must declare or infer a schema; false when it is fixed (text) or given by other means. */
  takesSchema: boolean
  describe(options: ConnectorOptions, context: DescribeContext): Promise<SourceDescription>
  /** Iterates the batches of a split; synchronous inside, one step a batch. A barrier between epochs is `{ barrier: epoch }`. */
  read(request: ReadRequest): Iterable<Batch | { barrier: number }>
}

/** A part that a sink task has staged: plain data, journaled, enough to commit or discard it after a crash. */
export interface StagedPart {
  partition: number
  path: string
  rowCount: number
  sizeBytes: number
}

export interface SinkContext {
  host: Host
  cwd: string
  fields: Schema
  partition: number
  attempt: number
  /** Unique for the run; part of staged names, so that left-overs of a run are found by name. */
  runId: string
}

export interface Sink {
  /** It keeps nothing of a batch beyond `write`. */
  readonly borrows?: boolean
  write(batch: Batch): void
  /** Ends an epoch of an incremental run. */
  barrier?(epoch: number): void
  /** Flushes, syncs and closes; the part can then be committed. */
  prepare(): StagedPart
  /** Closes and removes what was staged. */
  abort(): void
}

/** Writes rows exactly once: tasks stage parts, the coordinator commits all of them by rename (idempotent). */
export interface SinkConnector {
  kind: string
  positional?: string
  /** No program writes to it: the runtime does. */
  isInternal?: boolean
  options: Readonly<Record<string, OptionSpec>>
  traits: { exactlyOnce: boolean; weights: boolean }
  /** Do all rows go to one part? Decided by the options alone. */
  singlePart(options: ConnectorOptions): boolean
  /** Before any work: `SINK_EXISTS`, `SINK_UNWRITABLE`, bad options. */
  check(options: ConnectorOptions, context: { host: Host; cwd: string; fields: Schema }): void
  open(options: ConnectorOptions, context: SinkContext): Sink
  /** Makes the parts visible under the final name by one rename; does nothing when that has been done. */
  commit(options: ConnectorOptions, parts: readonly StagedPart[], context: { host: Host; cwd: string; runId: string }): void
  /** Removes every staged file of the run, committed or not. */
  discard(options: ConnectorOptions, context: { host: Host; cwd: string; runId: string }): void
}
