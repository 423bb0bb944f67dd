import type { Batch } from '../../data/batch.ts'

/** Turns batches into the bytes of a file. What a call returns is the caller's to keep. */
export interface Encoder {
  /** What stands before the first row: the header line of csv, else nothing. */
  start(): Uint8Array
  /** The rows of a batch, in order; weights are not looked at. */
  push(batch: Batch): Uint8Array
}
