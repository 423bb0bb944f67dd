import type { Disk } from '../../base/host.ts'
import type { Schema } from '../../data/type.ts'
import { BlockWriter, readBlockOf } from '../block-file.ts'
import type { MemoryAccount } from '../memory.ts'
import type { Spool } from './channel.ts'

/** A spool in memory as far as `account` allows, the rest in one file, made when it is first needed. */
export function createSpool(disk: Disk, path: () => string, schema: Schema, account: MemoryAccount): Spool & { close(): void } {
  let heldBytes = 0
  let writer: BlockWriter | undefined
  return {
    hold(bytes) {
      if (account.grant(heldBytes + bytes) === 'spill') return false
      heldBytes += bytes
      return true
    },
    unhold(bytes) {
      heldBytes -= bytes
      account.grant(heldBytes)
    },
    write(batch) {
      writer ??= new BlockWriter(disk, path())
      return writer.append(batch)
    },
    read: (range) => readBlockOf(disk, (writer as BlockWriter).path, range, schema),
    close: () => account.release(),
  }
}
