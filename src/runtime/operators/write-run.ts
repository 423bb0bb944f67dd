import type { Batch } from '../../data/batch.ts'
import { BlockWriter } from '../block-file.ts'
import type { OperatorContext } from '../operator.ts'

/** Writes a run, the batches of one spill in their order, and counts its bytes. Gives the path of its file. */
export function writeRun(ctx: OperatorContext, batches: Iterable<Batch>): string {
  const writer = new BlockWriter(ctx.host.disk, ctx.spillPath())
  for (const batch of batches) writer.append(batch)
  ctx.metrics.spilledBytes += writer.sizeBytes
  ctx.metrics.spillFiles++
  return writer.path
}
