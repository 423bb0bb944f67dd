import type { Batch } from '../../data/batch.ts'
import { targetBatchBytes, targetBatchRows } from '../../data/batch.ts'
import type { OperatorContext } from '../operator.ts'

/** Emits batches one after the other, waiting for credit in between and stopping when the run is cancelled. */
export async function emitAll(ctx: OperatorContext, batches: Iterable<Batch>): Promise<void> {
  for (const batch of batches) {
    ctx.signal.throwIfAborted()
    const wait = ctx.emit(batch)
    if (wait !== undefined) await wait
  }
}

/** How many rows of this average size make a batch. */
export function rowsPerBatch(rowCount: number, sizeBytes: number): number {
  if (rowCount === 0) return targetBatchRows
  const fitting = Math.floor(targetBatchBytes / (sizeBytes / rowCount + 1))
  return Math.max(1, Math.min(targetBatchRows, fitting))
}
