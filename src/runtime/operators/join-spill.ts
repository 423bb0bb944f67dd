import { type Batch, targetBatchBytes } from '../../data/batch.ts'
import type { Schema } from '../../data/type.ts'
import { BlockWriter, readBlocks } from '../block-file.ts'
import { createPartitioner, type Partitioner } from '../exchange/partitioner.ts'
import { removeKept } from '../kept-file.ts'
import type { OperatorContext } from '../operator.ts'

/** Files a side is split into at one level of a grace join. */
export const spillPartitions = 16

const leastBatchBytes = 2 ** 16
/** Arrays have some room for more than they hold, and are there twice while they grow. */
const roomFactor = 1.5

/** How large batches in the files are: smaller where memory for those of both sides is short, which is granted. */
export function spillRoom(ctx: OperatorContext): number {
  let batchBytes = targetBatchBytes
  const held = (): number => 2 * spillPartitions * batchBytes * roomFactor
  while (batchBytes > leastBatchBytes && ctx.grant(held()) === 'spill') batchBytes /= 2
  return batchBytes
}

/** One side of a join on disk, split by a hash of its keys that differs from level to level. */
export class SpilledSide {
  readonly #schema: Schema
  readonly #ctx: OperatorContext
  readonly #writers: (BlockWriter | undefined)[] = new Array(spillPartitions).fill(undefined)
  #partitioner: Partitioner | undefined

  constructor(keys: readonly number[], schema: Schema, level: number, ctx: OperatorContext, batchBytes: number) {
    this.#schema = schema
    this.#ctx = ctx
    const seed = (ctx.hashSeed + Math.imul(level + 1, 0x9e3779b1)) | 0
    const deliver = (partition: number, batch: Batch): undefined => {
      const writer = (this.#writers[partition] ??= this.#newWriter())
      ctx.metrics.spilledBytes += writer.append(batch).length
      return undefined
    }
    this.#partitioner = createPartitioner({ by: 'hash', keys, count: spillPartitions }, schema, seed, deliver, batchBytes)
  }

  #newWriter(): BlockWriter {
    this.#ctx.metrics.spillFiles++
    return new BlockWriter(this.#ctx.host.disk, this.#ctx.spillPath())
  }

  add(batch: Batch): void {
    void this.#partitioner?.push(batch)
  }

  /** No more rows come. */
  finish(): void {
    void this.#partitioner?.flush()
    this.#partitioner = undefined
  }

  *read(partition: number): Generator<Batch, void> {
    const writer = this.#writers[partition]
    if (writer === undefined) return
    yield* readBlocks(this.#ctx.host.disk, writer.path, this.#schema)
    removeKept(this.#ctx.host.disk, writer.path)
  }
}
