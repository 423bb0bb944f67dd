import type { StagedPart } from '../io/connector.ts'
import type { OperatorMetrics } from './operator.ts'

/** A worker by number; `coordinatorHost` is the coordinator's own process. Numbers of lost workers are never used again. */
export type WorkerId = number
export const coordinatorHost: WorkerId = -1

/** One block of a partition file, or the end of an epoch. */
export type FileEntry = { offset: number; length: number } | { barrier: number }

/** What one producer task left for one exchange: the entries of each partition, in the order they were sent. */
export interface PartitionFile {
  exchange: number
  path: string
  partitions: readonly (readonly FileEntry[])[]
}

/** What a task is to read of a blocking exchange; `files[i]` is of producer task i. */
interface FileInput {
  exchange: number
  files: readonly { path: string; entries: readonly FileEntry[] }[]
}

/** One attempt of a task, plain data. */
export interface TaskOrder {
  region: number
  stage: number
  task: number
  /** Unique over all attempts of this task, those of interrupted runs included; all tasks of a pipelined region share it. */
  attempt: number
  /** It keeps its thread busy: a thread runs few of them at once, others wait their turn. */
  slotted: boolean
  inputs: readonly FileInput[]
  /** Workers of the consumer tasks of each pipelined exchange that the stage writes. */
  consumers: readonly { exchange: number; workers: readonly WorkerId[] }[]
}

/** What a finished attempt has made, plain data: enough to commit it, also after a restart. */
export interface TaskReport {
  outputs: readonly PartitionFile[]
  parts: readonly { sink: number; part: StagedPart }[]
  nodes: readonly ({ node: number } & OperatorMetrics)[]
  rowsRead: number
  bytesRead: number
  peakMemoryBytes: number
}
