import { asMillraceError, dataError, MillraceError } from '../base/errors.ts'
import type { Disk, DiskFile } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import type { Schema } from '../data/type.ts'
import { decodeBatch, encodeBatch, encodedLength, wireHeaderBytes } from '../data/wire.ts'
import { keptFile } from './kept-file.ts'

/** Where a block stands in its file. */
export interface BlockRange {
  offset: number
  length: number
}

/** Writes batches one after the other into a new file, each with a checksum. */
export class BlockWriter {
  readonly path: string
  sizeBytes = 0
  #file: DiskFile | undefined

  constructor(disk: Disk, path: string) {
    this.path = path
    this.#file = keptFile(path, () => disk.create(path))
  }

  append(batch: Batch): BlockRange {
    const bytes = encodeBatch(batch, { checksum: true })
    keptFile(this.path, () => this.#file?.write(bytes))
    const range = { offset: this.sizeBytes, length: bytes.length }
    this.sizeBytes += bytes.length
    return range
  }

  /** Closes the file; with `sync` its bytes are on the disk first. May be called twice. */
  finish(sync = false): void {
    const file = this.#file
    this.#file = undefined
    keptFile(this.path, () => {
      try {
        if (sync) file?.sync()
      } finally {
        file?.close()
      }
    })
  }
}

/** Reads and checks one block; `DATA_CORRUPT` names the file. */
export function readBlock(file: DiskFile, offset: number, length: number, schema: Schema): Batch {
  const bytes = new Uint8Array(length)
  readFully(file, bytes, offset)
  try {
    return decodeBatch(bytes, schema, { checksum: true })
  } catch (thrown) {
    throw located(thrown, file.path, offset)
  }
}

/** The blocks of a file in their order, or those at `ranges`; reads one block at a time. */
export function* readBlocks(disk: Disk, path: string, schema: Schema, ranges?: readonly BlockRange[]): Generator<Batch, void> {
  const file = keptFile(path, () => disk.openRead(path))
  try {
    if (ranges !== undefined) {
      for (const { offset, length } of ranges) yield readBlock(file, offset, length, schema)
      return
    }
    const size = disk.stat(path)?.sizeBytes ?? 0
    for (let offset = 0; offset < size; ) {
      const length = blockLength(file, offset, size)
      yield readBlock(file, offset, length, schema)
      offset += length
    }
  } finally {
    file.close()
  }
}

function blockLength(file: DiskFile, offset: number, size: number): number {
  const header = new Uint8Array(wireHeaderBytes)
  readFully(file, header, offset)
  try {
    const length = encodedLength(header)
    if (length > size - offset) throw dataError('DATA_CORRUPT', `a block of ${length} bytes is cut off after ${size - offset}`)
    return length
  } catch (thrown) {
    throw located(thrown, file.path, offset)
  }
}

function readFully(file: DiskFile, target: Uint8Array, position: number): void {
  for (let done = 0; done < target.length; ) {
    const count = keptFile(file.path, () => file.read(target, done, target.length - done, position + done))
    if (count === 0) {
      throw dataError('DATA_CORRUPT', `expected ${target.length} bytes, found ${done}`, { file: file.path, byteOffset: position })
    }
    done += count
  }
}

function located(thrown: unknown, path: string, byteOffset: number): MillraceError {
  const error = asMillraceError(thrown, (message, cause) => dataError('DATA_CORRUPT', message, { cause }))
  return new MillraceError(error.code, error.message, { ...error.details, file: path, byteOffset })
}
