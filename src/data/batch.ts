import type { Column } from './column.ts'

/** Fixed limits of a batch. */
export const maxBatchRows = 65_536
export const maxBatchBytes = 2 ** 30
export const maxColumns = 10_000
/** What sources and operators aim at: moving smaller or larger batches costs more a row. */
export const targetBatchRows = 8_192
export const targetBatchBytes = 256 * 1024

/** Who made a batch, and where it stands in time. `watermark` is −Infinity until a source knows better. */
export interface BatchHeader {
  producer: number
  attempt: number
  sequence: number
  epoch: number
  watermark: number
  ingestTimeUs: number
  /** Only on batches that were read from a split. */
  source?: { split: number; firstRow: number; origin?: BatchOrigin }
  /** The last group of a clustered batch goes on in the next one. */
  openGroup?: boolean
}

/** Where the rows of a batch stand in a file; slices of the batch share it. It stays in the thread that has read the batch. */
export interface BatchOrigin {
  file: string
  /** Place in the file of row `row` of the split, the first one that was read with it. */
  byteOffset: number
  row: number
  /** How far behind it each row starts; absent where every row is a line. */
  starts?: Int32Array
}

/** Columnar rows, immutable once emitted: the unit of tracking, retry, I/O and flow control. */
export interface Batch {
  readonly header: BatchHeader
  readonly rowCount: number
  readonly columns: readonly Column[]
  /** Multiplicity of each row; absent when every row counts once. */
  readonly weights?: Int32Array
  /** First row of each group, when rows of one key are adjacent. */
  readonly groupStarts?: Int32Array
  readonly sizeBytes: number
}

/** The header of a batch that operators made; the runtime fills in producer, attempt and sequence. */
export const freshHeader: BatchHeader = Object.freeze({
  producer: 0,
  attempt: 0,
  sequence: 0,
  epoch: 0,
  watermark: Number.NEGATIVE_INFINITY,
  ingestTimeUs: 0,
})
