import type { Disk } from '../../base/host.ts'
import type { Batch } from '../../data/batch.ts'
import { BlockWriter } from '../block-file.ts'
import type { FileEntry } from '../orders.ts'

/** Writes what one task sends through a blocking exchange into one file, and remembers which blocks are of which partition. */
export class PartitionFileWriter {
  /** Empty while nothing was sent. */
  path = ''
  readonly #partitions: FileEntry[][]
  readonly #disk: Disk
  readonly #newPath: () => string
  #writer: BlockWriter | undefined

  constructor(disk: Disk, newPath: () => string, partitions: number) {
    this.#disk = disk
    this.#newPath = newPath
    this.#partitions = Array.from({ length: partitions }, () => [])
  }

  append(partition: number, batch: Batch): void {
    this.#partitions[partition].push(this.#write(batch))
  }

  /** One block which all partitions read. */
  appendToAll(batch: Batch): void {
    const range = this.#write(batch)
    for (const entries of this.#partitions) entries.push(range)
  }

  barrier(epoch: number): void {
    for (const entries of this.#partitions) entries.push({ barrier: epoch })
  }

  /** With `sync` the file outlives the machine's failure too. A task that sent nothing leaves no file. */
  finish(sync: boolean): readonly (readonly FileEntry[])[] {
    if (sync) this.#writer?.sync()
    return this.#partitions
  }

  abort(): void {
    if (this.#writer !== undefined) this.#disk.remove(this.path)
  }

  #write(batch: Batch): { offset: number; length: number } {
    if (this.#writer === undefined) {
      this.path = this.#newPath()
      this.#writer = new BlockWriter(this.#disk, this.path)
    }
    return this.#writer.append(batch)
  }
}
