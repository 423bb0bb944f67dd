import type { Batch } from '../../data/batch.ts'
import { targetBatchBytes, targetBatchRows } from '../../data/batch.ts'
import type { OperatorContext } from '../operator.ts'

/**
 * Emits batches one after the other, waiting for credit in between and stopping when the run is cancelled. Other work of the thread has its turn too:
 * what an operator has gathered may take minutes to give away, and a worker that is silent for long is ended.
 */
export async function emitAll(ctx: Pick<OperatorContext, 'emit' | 'pause' | 'signal'>, batches: Iterable<Batch>): Promise<void> {
  for (const batch of batches) {
    ctx.signal.throwIfAborted()
    const wait = ctx.emit(batch)
    if (wait !== undefined) await wait
    const pause = ctx.pause()
    if (pause !== undefined) await pause
  }
}

/** How many rows of this average size make a batch. */
export function rowsPerBatch(rowCount: number, sizeBytes: number): number {
  if (rowCount === 0) return targetBatchRows
  const fitting = Math.floor(targetBatchBytes / (sizeBytes / rowCount + 1))
  return Math.max(1, Math.min(targetBatchRows, fitting))
}
