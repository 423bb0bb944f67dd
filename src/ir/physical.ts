import type { Place } from '../base/place.ts'
import type { Schema, Type, Value } from '../data/type.ts'
import type { Algebra, Expr, FnRef, NodeId } from './expr.ts'
import type { Split } from './logical.ts'
import type { OnError } from './on-error.ts'

/** Ordinals in the operator's input row, as everywhere in a physical plan. */
export interface PhysicalSortKey {
  column: number
  desc: boolean
  nullsFirst: boolean
}

export type Partitioning =
  | { by: 'forward' | 'gather' | 'broadcast' | 'roundRobin'; count: number }
  | { by: 'hash'; keys: readonly number[]; count: number }
  /** Each partition holds a range of the order by `keys`, ties by all other columns ascending; producers leave sorted runs, consumers merge them. */
  | { by: 'range'; keys: readonly PhysicalSortKey[]; count: number }

export interface Estimate {
  value: number
  from: 'hint' | 'source' | 'previousRun' | 'actual' | 'default'
}

/** What holds for the rows that a physical node makes; derived bottom-up and checked by `validatePhysical`. */
export interface Properties {
  partitioning: Partitioning
  order: 'source' | 'undefined' | { sorted: readonly PhysicalSortKey[] }
  /** Sets of columns whose values differ in every row. */
  unique: readonly (readonly number[])[]
  rows?: Estimate
  bytes?: Estimate
}

/** How the rows of an operator look to a closure. Column ordinals; `key` absent when not keyed. */
export interface RowShape {
  fields: Schema
  element: boolean
  keys?: readonly number[]
  keyElement?: boolean
  /** The last column is a group's values; on clustered batches closures get `[key, iterable]`. */
  grouped?: boolean
}

/** One step of a fused segment. Expressions refer to the ordinals of the step's own input row. */
export type SegmentStep =
  /** Output row = the expressions, in order. */
  | { step: 'project'; exprs: readonly { name: string; expr: Expr }[]; from: NodeId }
  | { step: 'filter'; predicate: Expr; from: NodeId }
  /** Output row = input row + item (+ 0-based ordinal). */
  | {
      step: 'unnest'
      expr: Expr
      name: string
      itemType: Type
      itemNullable: boolean
      ordinalName?: string
      outer: boolean
      from: NodeId
    }
  /** Input row as the closure sees it (`input`), output row as its results are stored (`output`). */
  | {
      step: 'parallelDo'
      shape: 'map' | 'filter' | 'flatMap' | 'do'
      fn: FnRef
      input: RowShape
      output: RowShape
      at: Place
      from: NodeId
    }

/**
 * One aggregate; `args` and `where` are ordinals of the input row. With phase `final` the args are the state columns.
 * `argTypes` are the types of the user's arguments in every phase, since they decide the form of the state.
 */
export interface PhysicalAggCall {
  name: string
  fn: string | FnRef
  args: readonly number[]
  argTypes: readonly Type[]
  distinct: boolean
  where?: number
  returns: Type
  nullable: boolean
  algebra: Algebra
  at?: Place
}

/** The closed list of physical operators: what each reads from its inputs and which row it makes. */
export type PhysicalForm =
  /** Reads the split of its task. Output: `fields`, a subset of the source's, in its order. */
  | { operator: 'scan'; spec: { connector: string; options: Value; reader?: Value; splits: readonly Split[]; limit?: number } }
  | { operator: 'values'; spec: { rows: readonly (readonly Value[])[] } }
  /** Reads its partition of the exchanges: of each in turn when `ordered` (partitions in order), else as batches arrive. */
  | { operator: 'receive'; spec: { exchanges: readonly number[]; ordered: boolean } }
  /** parallelDo, project, filter and unnest in one generated loop. `clustered` input comes from groupByKey. */
  | { operator: 'segment'; spec: { steps: readonly SegmentStep[]; clustered: boolean } }
  /**
   * Hash aggregate. Input row of complete and partial: any, keys and args by ordinal; of final: keys, then the state columns of each call.
   * Output of partial: keys, then each call's state columns (`ir/functions`: `stateTypes`); of complete and final: keys, then results.
   * Groups come out ordered by (hash64, key bytes).
   */
  | {
      operator: 'aggregate'
      spec: {
        keys: readonly number[]
        calls: readonly PhysicalAggCall[]
        phase: 'complete' | 'partial' | 'final'
        changes: 'insertOnly' | 'zset'
      }
    }
  /** Hash join; input 0 probes, input 1 is the build side. Output: probe columns, then build columns. Residual refers to the output row. */
  | {
      operator: 'join'
      spec: { kind: 'inner' | 'left'; probeKeys: readonly number[]; buildKeys: readonly number[]; residual?: Expr }
    }
  /** Input: any row. Output: key columns, then the array column. `clustered` emits batches with groupStarts and the value columns instead of the array. */
  | { operator: 'groupByKey'; spec: { keys: readonly number[]; values: readonly number[]; element: boolean; clustered: boolean } }
  /** External sort by `by`, ties by all other columns ascending. */
  | { operator: 'sort'; spec: { by: readonly PhysicalSortKey[] } }
  | { operator: 'topK'; spec: { by: readonly PhysicalSortKey[]; count: number; offset: number } }
  | { operator: 'limit'; spec: { count: number; offset: number } }
  /** Hands its input to an exchange. */
  | { operator: 'send'; spec: { exchange: number } }
  /** Writes a staged part; the coordinator commits all parts of a sink together. `sink` is its number in the plan. */
  | { operator: 'sink'; spec: { sink: number; connector: string; options: Value } }
  /** Hands rows to the caller as output number `output`; one task. */
  | { operator: 'collect'; spec: { output: number } }

export interface PhysicalBase {
  /** Unique in the plan. */
  id: number
  /** Ids of physical nodes of the same stage, in input order. */
  inputs: readonly number[]
  inputOrder: 'build-first' | 'any'
  /** A: generated loops over typed arrays; A*: some function has only its reference evaluator; B: calls user functions. */
  tier: 'A' | 'A*' | 'B'
  /** Logical nodes it was made from. */
  from: readonly NodeId[]
  /** The row it makes. */
  fields: Schema
  properties: Properties
}
export type PhysicalNode = PhysicalBase & PhysicalForm
export type PhysicalOp = PhysicalForm['operator']
export type PhysicalNodeOf<Op extends PhysicalOp> = Extract<PhysicalNode, { operator: Op }>

/** Operators fused between exchanges; runs as `tasks` tasks, one a partition. */
export interface Stage {
  id: number
  /** Topological order; leaves are scan, values and receive, roots are send, sink and collect. */
  nodes: readonly PhysicalNode[]
  tasks: number
  /** Exchanges it reads and writes. */
  inputs: readonly number[]
  outputs: readonly number[]
  /** `coordinator`: the task runs in the coordinator's process (results for the caller). */
  placement: 'worker' | 'coordinator'
}

/** An edge between stages. Producer task i writes one stream a consumer partition; `count` of the partitioning = tasks of the consumer. */
export interface Exchange {
  id: number
  from: number
  to: number
  /** The receive node of the consumer stage. */
  input: number
  partitioning: Partitioning
  /** Rows flow between tasks that run together; or go through files, which are read once all are there, or (hybrid) each as soon as its task is done. */
  mode: 'pipelined' | 'hybrid' | 'blocking'
  /** Reason code and sentence for the mode. */
  code: string
  why: string
  fields: Schema
}

export interface PhysicalPlan {
  version: 1
  epoch: number
  /** Stages whose exchanges between them are pipelined run together; regions run in dependency order. */
  regions: readonly { id: number; stages: readonly number[] }[]
  stages: readonly Stage[]
  exchanges: readonly Exchange[]
  outputs: readonly {
    name: string
    fields: Schema
    element: boolean
    keys?: readonly number[]
    keyElement?: boolean
    grouped?: boolean
    order: 'source' | 'undefined' | 'sorted'
  }[]
  sinks: readonly { connector: string; options: Value; fields: Schema; tasks: number; stage: number }[]
  /** Rows that fail; `sink` is the number of the sink of dead letters, to which any task may add a part. Absent: they end the run. */
  onError?: OnError & { sink?: number }
  fns: readonly FnRef[]
  params: Readonly<Record<string, { type: Type; value: Value }>>
  hashSeed: number
  mode: 'serial' | 'hybrid' | 'pipelined'
  /** One sentence: why this mode. */
  modeReason: string
  /** Deltas by epochs instead of one whole run. */
  incremental: boolean
  fingerprint: string
}
