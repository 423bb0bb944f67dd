import type { StagedPart } from '../io/connector.ts'
import type { RangeBound, RangeSample } from './exchange/range-bounds.ts'
import type { OperatorMetrics } from './operator.ts'
import type { FailedRowCount } from './row-errors.ts'

/** A worker by number; `coordinatorHost` is the coordinator's own process. Numbers of lost workers are never used again. */
export type WorkerId = number
export const coordinatorHost: WorkerId = -1

/** What one producer task left for one exchange; its path follows from exchange, task and attempt. */
export interface PartitionFile {
  exchange: number
  rowCount: number
  sizeBytes: number
  /** Differs where the same task gave other rows, or cut them into other batches. */
  checksum: string
  /** Of a range exchange: some of its rows, evenly spaced. */
  samples?: readonly RangeSample[]
}

/** The attempt of a producer task that has not been committed yet. */
export const notYet = -1

/**
 * What a task is to read of an exchange through files: its partition of those that these attempts of the producer tasks made. 0: one that sent nothing;
 * `notYet`: it will be announced.
 */
interface FileInput {
  exchange: number
  attempts: readonly number[]
}

/** A producer task of a hybrid exchange is committed: which attempt of it is to be read; 0: it sent nothing. */
export interface Announcement {
  exchange: number
  task: number
  attempt: number
}

/** Names an attempt of a task. */
export interface TaskName {
  region: number
  stage: number
  task: number
  /** Unique over all attempts of this task, those of interrupted runs included; all tasks of a pipelined region share it. */
  attempt: number
}

/** One attempt of a task, plain data. */
export interface TaskOrder extends TaskName {
  /** It keeps its thread busy: a thread runs few of them at once, others wait their turn. */
  slotted: boolean
  inputs: readonly FileInput[]
  /** Its worker was lost before: it says on disk which batch it is at. */
  care?: Care
  /** Which rows are its own of the range exchanges that a receive node reads: from one bound to the next, to the end where there is none. */
  ranges?: readonly { input: number; from?: RangeBound; to?: RangeBound }[]
  /** Workers of the consumer tasks of each pipelined exchange that the stage writes. */
  consumers: readonly { exchange: number; workers: readonly WorkerId[] }[]
}

/** Rows of a split, and where the first of them stands. */
export interface RowRange {
  firstRow: number
  rows: number
  file?: string
  line?: number
  byteOffset?: number
}

/** How a task whose worker was lost is tried again. */
export interface Care {
  /** The batch that it was at then: its rows are fed one by one. */
  suspect?: RowRange
  /** Rows that have ended a worker when they were fed alone. */
  leftOut: readonly RowRange[]
}

/** What a careful task was at when its worker was lost; `isWaiting`: for credit, so that another task may have had the turn. */
export type LastBatch = TaskName & RowRange & { isWaiting: boolean }

/** A worker that has outlived an earlier coordinator of the run, and its orders: they are worked on, or their answers wait. */
export interface AdoptedWorker {
  worker: WorkerId
  orders: readonly TaskOrder[]
}

/** How far an attempt is. */
export interface TaskProgress extends TaskName {
  /** Taken in, from a source or from other tasks. */
  rows: number
  bytes: number
  /** Of a task that began early: of how many producer tasks it knows what to read. */
  known?: number
}

/** What a worker tells about once a second, be it that nothing has changed. */
export interface SignOfLife {
  tasks: readonly TaskProgress[]
  /** What its tasks have sent to others and that did not arrive. */
  lost: readonly LostItem[]
}

/** An item of a channel between two tasks, by its number in the channel. */
export interface LostItem {
  region: number
  attempt: number
  exchange: number
  producer: number
  consumer: number
  sequence: number
}

/** What a finished attempt has made, plain data: enough to commit it, also after a restart. */
export interface TaskReport {
  outputs: readonly PartitionFile[]
  parts: readonly { sink: number; part: StagedPart }[]
  nodes: readonly ({ node: number } & OperatorMetrics)[]
  /** Rows that were left out because they failed; absent when there were none. */
  failedRows?: readonly FailedRowCount[]
  rowsRead: number
  bytesRead: number
  /** Rows from other tasks. */
  rowsReceived: number
  /** CPU of its thread, as far as it was the task's. */
  cpuMs: number
  peakMemoryBytes: number
}
