import type { Disk } from '../../base/host.ts'
import type { Schema } from '../../data/type.ts'
import { BlockWriter, readBlockOf } from '../block-file.ts'
import type { MemoryAccount } from '../memory.ts'
import type { OperatorMetrics } from '../operator.ts'
import type { Spool } from './channel.ts'

/** What spools are made of. */
export interface SpoolParts {
  disk: Disk
  path(): string
  account: MemoryAccount
  /** Of the operator that reads it. */
  metrics: Pick<OperatorMetrics, 'spilledBytes' | 'spillFiles' | 'peakMemoryBytes'>
}

/** A spool in memory as far as `account` allows, the rest in one file, made when it is first needed. JavaScript values, which no file can hold, stay. */
export function createSpool(schema: Schema, { disk, path, account, metrics }: SpoolParts): Spool & { close(): void } {
  const isOpaque = schema.some(({ type }) => type.kind === 'js')
  let heldBytes = 0
  let writer: BlockWriter | undefined
  return {
    hold(bytes) {
      if (account.grant(heldBytes + bytes) === 'spill' && !isOpaque) return false
      heldBytes += bytes
      metrics.peakMemoryBytes = Math.max(metrics.peakMemoryBytes, heldBytes)
      return true
    },
    unhold(bytes) {
      heldBytes -= bytes
      account.grant(heldBytes)
    },
    write(batch) {
      if (writer === undefined) {
        writer = new BlockWriter(disk, path())
        metrics.spillFiles++
      }
      const range = writer.append(batch)
      metrics.spilledBytes += range.length
      return range
    },
    read: (range) => readBlockOf(disk, (writer as BlockWriter).path, range, schema),
    close: () => account.release(),
  }
}
