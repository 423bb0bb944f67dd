import { dirname } from 'node:path'
import { faultPoint } from '../../base/fault-points.ts'
import type { Disk } from '../../base/host.ts'
import type { Batch } from '../../data/batch.ts'
import { BlockWriter } from '../block-file.ts'
import { keptFile } from '../kept-file.ts'
import { encodeIndex, type IndexEntry, indexChecksum } from './partition-index.ts'

/** What a finished partition file is known by. */
export interface FinishedFile {
  rowCount: number
  sizeBytes: number
  /** Over the content of all partitions: the same rows in the same batches give the same one. */
  checksum: string
}

/**
 * Writes what one task sends through a blocking exchange into one file: the blocks of all partitions as they come, then an index that says which
 * blocks are whose. Only the consumers read the index, so that a coordinator of thousands of tasks need not know it.
 */
export class PartitionFileWriter {
  /** Empty while nothing was sent. */
  path = ''
  readonly #partitions: IndexEntry[][]
  readonly #disk: Disk
  readonly #newPath: () => string
  #writer: BlockWriter | undefined
  #rowCount = 0

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
    const block = this.#write(batch)
    for (const entries of this.#partitions) entries.push(block)
  }

  barrier(epoch: number): void {
    for (const entries of this.#partitions) entries.push({ barrier: epoch })
  }

  /**
   * Adds the index. With `sync` the file outlives the machine's failure too.
   *
   * @returns undefined for a task that sent nothing: it leaves no file.
   */
  finish(sync: boolean): FinishedFile | undefined {
    const hasBarriers = this.#partitions.some((entries) => entries.length > 0)
    if (this.#writer === undefined && !hasBarriers) return undefined
    faultPoint('partition.finish')
    const writer = this.#open()
    const index = encodeIndex(this.#partitions, writer.sizeBytes)
    writer.appendBytes(index)
    if (sync) this.#sync(writer)
    return { rowCount: this.#rowCount, sizeBytes: writer.sizeBytes, checksum: indexChecksum(index) }
  }

  abort(): void {
    if (this.#writer !== undefined) this.#disk.remove(this.path)
  }

  /** Its name as well: a file whose name is lost is lost. */
  #sync(writer: BlockWriter): void {
    writer.sync()
    keptFile(this.path, () => this.#disk.syncDirectory(dirname(this.path)))
  }

  #write(batch: Batch): IndexEntry {
    this.#rowCount += batch.rowCount
    return this.#open().append(batch)
  }

  #open(): BlockWriter {
    if (this.#writer === undefined) {
      this.path = this.#newPath()
      this.#writer = new BlockWriter(this.#disk, this.path)
    }
    return this.#writer
  }
}
