import type { Place } from '../base/place.ts'
import type { Type, Value } from '../data/type.ts'
import type { AggCall, ColumnId, Expr, FnRef, NodeId, SortKey } from './expr.ts'

/** Output `out` of plan node `node`. */
export interface Port {
  node: NodeId
  out: number
}

/** A named column of a node's output. Two fields may have one name. */
export interface Field {
  name: string
  column: ColumnId
  type: Type
  nullable: boolean
}

/**
 * `sorted` holds the keys of an earlier sort whose columns are still there, up to the first one that is gone. Rows stay in their places when
 * columns go, so an order without keys is an order all the same.
 */
export type Order = 'source' | 'undefined' | { sorted: readonly SortKey[] }

/** What one output port of a node carries. */
export interface Output {
  name: string
  fields: readonly Field[]
  /** True when closures see the single column `value` as the element itself, false when they see an object with a property a field. */
  element: boolean
  /** Key columns of a PTable; closures then get `[key, value]`, `element` speaks of the value and `keyElement` of the key. */
  keys?: readonly ColumnId[]
  keyElement?: boolean
  /** Result of groupByKey: the last column is the array of the key's values. */
  grouped?: boolean
  changes: 'insertOnly' | 'zset'
  order: Order
}

export interface Hints {
  readonly [key: string]: Value
}

export interface NodeBase {
  id: NodeId
  inputs: readonly Port[]
  outputs: readonly Output[]
  at: Place
  /** Ids of the nodes it was made from by rules; empty for what the user wrote. */
  origin: readonly NodeId[]
  hints: Hints
}

export type JoinKind = 'inner' | 'left'

/** The forms of a logical plan node: one set for both front ends. */
export type LogicalForm =
  | {
      op: 'source'
      connector: string
      options: Value
      described: Described
      /** What rules moved into the source. `columns` are the ones it still produces, in the order of its fields. */
      pushed: { columns?: readonly ColumnId[]; limit?: number }
    }
  | { op: 'values'; rows: readonly (readonly Value[])[] }
  /** select, extend, set, drop and rename: output i is `exprs[i]`. */
  | { op: 'project'; exprs: readonly { column: ColumnId; expr: Expr }[] }
  | { op: 'filter'; predicate: Expr }
  /** map, filter, flatMap, keyBy and parallelDo. With `keys` on its output the function returns `[key, value]` pairs. */
  | { op: 'parallelDo'; shape: 'map' | 'filter' | 'flatMap' | 'do'; fn: FnRef; sampledRows?: number }
  /** One row an item of `expr`; `outer` keeps rows with no item, with null. All input columns stay; `item` is appended, then `ordinal` (0-based). */
  | { op: 'unnest'; expr: Expr; item: ColumnId; ordinal?: ColumnId; outer: boolean }
  /** Output: the `by` columns, then the calls. Without `by` there is exactly one output row, also for no input. */
  | {
      op: 'aggregate'
      by: readonly { column: ColumnId; expr: Expr }[]
      calls: readonly AggCall[]
      phase: 'complete' | 'partial' | 'final'
    }
  /** Output: key columns, then `values`: an array of the other columns' values (structs unless element). */
  | { op: 'groupByKey' }
  /** Output: all fields of input 0, then all of input 1 (nullable in a left join). `on` sides refer to input 0 and input 1. */
  | { op: 'join'; kind: JoinKind; on: readonly { left: Expr; right: Expr }[]; residual?: Expr }
  /** union all: `columns[i][j]` is the column of input i that becomes field j. */
  | { op: 'flatten'; columns: readonly (readonly ColumnId[])[] }
  | { op: 'distinct' }
  | { op: 'sort'; by: readonly SortKey[] }
  | { op: 'limit'; count: number; offset: number }
  | { op: 'topK'; by: readonly SortKey[]; count: number; offset: number }
  | { op: 'sink'; connector: string; options: Value }

export type LogicalNode = NodeBase & LogicalForm
export type LogicalOp = LogicalForm['op']
export type NodeOf<Op extends LogicalOp> = Extract<LogicalNode, { op: Op }>

/** Input files as they stood at bind; a file that changes under a run is `SOURCE_CHANGED`. */
export interface SourceFile {
  path: string
  sizeBytes: number
  mtimeMs: number
}

/** A piece of a source that one task reads: bytes `offset .. offset + length` of a file, or rows of a list. Depends on sizes only. */
export interface Split {
  file?: SourceFile
  offset: number
  length: number
}

/** What a connector says of a source at bind. `fields` are all of its columns. */
export interface Described {
  fields: readonly Field[]
  sizeBytes?: number
  rowCount?: number
  traits: ConnectorTraits
  files?: readonly SourceFile[]
  splits: readonly Split[]
  /** Plain data the reader needs and that was found out at bind, such as the order of the columns in the file. */
  reader?: Value
  /** True when the types were inferred and not declared. */
  inferred?: boolean
}

export interface ConnectorTraits {
  pushProjection: boolean
  pushFilter: boolean
  pushLimit: boolean
  splittable: boolean
  replayable: boolean
  bounded: boolean
  exactlyOnce: boolean
  weights: boolean
}

export interface PlanOutput {
  name: string
  port: Port
}

/**
 * A logical plan: a flat table of frozen nodes in topological order. Sinks are nodes without consumers;
 * `outputs` are the results that the caller reads.
 */
export interface Plan {
  version: 1
  nodes: readonly LogicalNode[]
  outputs: readonly PlanOutput[]
  params: Readonly<Record<string, { type: Type; value: Value }>>
  fns: readonly FnRef[]
  hashSeed: number
  /** Next free column id and node id, for rules that make new ones. */
  nextColumn: number
  nextNode: number
  /** Partitions of a keyed exchange: `set parallelism`, default 8. */
  parallelism: number
}
