import { asMillraceError, dataError, MillraceError } from '../base/errors.ts'
import { faultPoint } from '../base/fault-points.ts'
import type { Disk, DiskFile } from '../base/host.ts'
import { reclaimArrays } from '../base/reclaim.ts'
import type { Batch } from '../data/batch.ts'
import type { Schema } from '../data/type.ts'
import { decodeBatch, encodeBatch, encodedChecksum, encodedLength, wireHeaderBytes } from '../data/wire.ts'
import { keptFile } from './kept-file.ts'

/** Where a block stands in its file. */
export interface BlockRange {
  offset: number
  length: number
}

/** A block as its writer knows it. */
export interface WrittenBlock extends BlockRange {
  checksum: readonly [low: number, high: number]
}

/**
 * Writes batches one after the other into a new file, each with a checksum.
 *
 * The file is open only while a block is written or read: a run has a file a spill, a partition and a task, which may be more than a process may hold
 * open. Opening costs some 20 µs a block of 256 KiB.
 */
export class BlockWriter {
  readonly path: string
  sizeBytes = 0
  readonly #disk: Disk

  constructor(disk: Disk, path: string) {
    this.path = path
    this.#disk = disk
    keptFile(path, () => disk.create(path).close())
  }

  append(batch: Batch): WrittenBlock {
    const bytes = encodeBatch(batch, { checksum: true, room: blockRoom })
    return { offset: this.appendBytes(bytes), length: bytes.length, checksum: encodedChecksum(bytes) }
  }

  /** Bytes that carry a checksum of their own. Returns where they begin. */
  appendBytes(bytes: Uint8Array): number {
    faultPoint('block.write')
    withFile(
      this.path,
      () => this.#disk.append(this.path),
      (file) => file.write(bytes),
    )
    const offset = this.sizeBytes
    this.sizeBytes += bytes.length
    return offset
  }

  /** Puts the bytes on the disk, for a process that comes after this one. */
  sync(): void {
    withFile(
      this.path,
      () => this.#disk.append(this.path),
      (file) => file.sync(),
    )
  }
}

/** Blocks are written before the next one is encoded: one place serves all of a thread, and no memory is asked for. */
let sharedRoom = new Uint8Array(0)
const sharedRoomBytes = 2 ** 20

function blockRoom(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes > sharedRoomBytes) return new Uint8Array(bytes)
  if (sharedRoom.length === 0) sharedRoom = new Uint8Array(sharedRoomBytes)
  return sharedRoom
}

/** Reads one block of a file. `room` is memory for it that the caller uses again once the batch is not wanted any more. */
export const readBlockOf = (disk: Disk, path: string, { offset, length }: BlockRange, schema: Schema, room?: Uint8Array): Batch =>
  withFile(
    path,
    () => disk.openRead(path),
    (file) => readBlock(file, offset, room === undefined ? new Uint8Array(length) : room.subarray(0, length), schema),
  )

/** Bytes of a file as they stand there; `DATA_CORRUPT` when it ends before. */
export function readBytes(disk: Disk, path: string, { offset, length }: BlockRange): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  withFile(
    path,
    () => disk.openRead(path),
    (file) => readFully(file, bytes, offset),
  )
  return bytes
}

function withFile<T>(path: string, open: () => DiskFile, use: (file: DiskFile) => T): T {
  return keptFile(path, () => {
    const file = open()
    try {
      return use(file)
    } finally {
      file.close()
    }
  })
}

/** Reads and checks one block; `DATA_CORRUPT` names the file. */
function readBlock(file: DiskFile, offset: number, bytes: Uint8Array, schema: Schema): Batch {
  faultPoint('block.read')
  reclaimArrays()
  readFully(file, bytes, offset)
  try {
    return decodeBatch(bytes, schema, { checksum: true })
  } catch (thrown) {
    throw located(thrown, file.path, offset)
  }
}

/** The blocks of a file in their order, or those at `ranges`; reads one block at a time. */
export function* readBlocks(disk: Disk, path: string, schema: Schema, ranges?: readonly BlockRange[]): Generator<Batch, void> {
  if (ranges !== undefined) {
    for (const range of ranges) yield readBlockOf(disk, path, range, schema)
    return
  }
  const size = withFile(
    path,
    () => disk.openRead(path),
    () => disk.stat(path)?.sizeBytes ?? 0,
  )
  for (let offset = 0; offset < size; ) {
    const length = withFile(
      path,
      () => disk.openRead(path),
      (file) => blockLength(file, offset, size),
    )
    yield readBlockOf(disk, path, { offset, length }, schema)
    offset += length
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
  // Whoever wrote it can write it again.
  return new MillraceError(error.code, error.message, { ...error.details, file: path, byteOffset, retryable: true })
}
