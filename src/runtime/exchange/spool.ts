import type { Disk, DiskFile } from '../../base/host.ts'
import type { Schema } from '../../data/type.ts'
import { BlockWriter, readBlock } from '../block-file.ts'
import type { Spool } from './channel.ts'

/** A spool in one file, made when it is first needed; many channels may share it. */
export function fileSpool(disk: Disk, path: () => string, schema: Schema): Spool & { sizeBytes(): number; close(): void } {
  let writer: BlockWriter | undefined
  let reader: DiskFile | undefined
  return {
    write(batch) {
      writer ??= new BlockWriter(disk, path())
      return writer.append(batch)
    },
    read({ offset, length }) {
      reader ??= disk.openRead((writer as BlockWriter).path)
      return readBlock(reader, offset, length, schema)
    },
    sizeBytes: () => writer?.sizeBytes ?? 0,
    close() {
      writer?.finish()
      reader?.close()
    },
  }
}
