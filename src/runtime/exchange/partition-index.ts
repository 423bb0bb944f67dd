import { dataError } from '../../base/errors.ts'
import type { Disk } from '../../base/host.ts'
import { checksum } from '../../data/checksum.ts'
import { type BlockRange, readBytes, type WrittenBlock } from '../block-file.ts'
import { keptFile } from '../kept-file.ts'

/** One block of a partition, or the end of an epoch. */
export type IndexEntry = WrittenBlock | { barrier: number }
export type FileEntry = BlockRange | { barrier: number }

const magic = 0x494c524d // "MRLI"
const version = 1
const entryBytes = 24
const footerBytes = 32
const isBarrier = -1

/**
 * The end of a partition file, little endian: where the entries of each partition start (uint32 × partitions + 1, padded to 8), the entries
 * (offset and length of a block and its checksum; offset −1: a barrier and its epoch), and a footer with magic, version, the number of partitions,
 * where the index begins and its checksum.
 *
 * @param offset - where it will stand in the file.
 */
export function encodeIndex(partitions: readonly (readonly IndexEntry[])[], offset: number): Uint8Array<ArrayBuffer> {
  const startsBytes = (4 * (partitions.length + 1) + 7) & ~7
  const count = partitions.reduce((sum, entries) => sum + entries.length, 0)
  const bodyBytes = startsBytes + count * entryBytes
  const out = new Uint8Array(bodyBytes + footerBytes)
  const view = new DataView(out.buffer)
  let number = 0
  for (const [partition, entries] of partitions.entries()) {
    for (const entry of entries) writeEntry(view, startsBytes + entryBytes * number++, entry)
    view.setUint32(4 * (partition + 1), number, true)
  }
  const [low, high] = checksum(new Int32Array(out.buffer, 0, bodyBytes / 4))
  view.setUint32(bodyBytes, magic, true)
  view.setUint32(bodyBytes + 4, version, true)
  view.setUint32(bodyBytes + 8, partitions.length, true)
  view.setFloat64(bodyBytes + 16, offset, true)
  view.setInt32(bodyBytes + 24, low, true)
  view.setInt32(bodyBytes + 28, high, true)
  return out
}

function writeEntry(view: DataView, at: number, entry: IndexEntry): void {
  const isBlock = 'offset' in entry
  view.setFloat64(at, isBlock ? entry.offset : isBarrier, true)
  view.setFloat64(at + 8, isBlock ? entry.length : entry.barrier, true)
  if (!isBlock) return
  view.setInt32(at + 16, entry.checksum[0], true)
  view.setInt32(at + 20, entry.checksum[1], true)
}

/**
 * The entries of one partition of a file, in the order they were sent.
 *
 * @throws MillraceError `DATA_CORRUPT` when the index is damaged or cut off.
 */
export function readIndex(disk: Disk, path: string, partition: number): readonly FileEntry[] {
  const sizeBytes = keptFile(path, () => disk.stat(path)?.sizeBytes)
  const corrupt = (message: string) => dataError('DATA_CORRUPT', message, { file: path })
  if (sizeBytes === undefined) throw corrupt('the file is gone')
  if (sizeBytes < footerBytes) throw corrupt('the index is cut off')
  const footer = viewOf(readBytes(disk, path, { offset: sizeBytes - footerBytes, length: footerBytes }))
  const partitions = footer.getUint32(8, true)
  const offset = footer.getFloat64(16, true)
  const bodyBytes = sizeBytes - footerBytes - offset
  const isIndex = footer.getUint32(0, true) === magic && footer.getUint32(4, true) === version
  if (!isIndex || !(bodyBytes >= 8 && bodyBytes <= sizeBytes) || bodyBytes % 8 !== 0)
    throw corrupt('the file does not end with an index')
  const body = readBytes(disk, path, { offset, length: bodyBytes })
  const [low, high] = checksum(new Int32Array(body.buffer, 0, bodyBytes / 4))
  const isIntact = footer.getInt32(24, true) === low && footer.getInt32(28, true) === high
  if (!isIntact || partition >= partitions) throw corrupt('the index does not match its checksum')
  const view = viewOf(body)
  const startsBytes = (4 * (partitions + 1) + 7) & ~7
  const entries: FileEntry[] = []
  const end = view.getUint32(4 * (partition + 1), true)
  for (let i = view.getUint32(4 * partition, true); i < end; i++) entries.push(readEntry(view, startsBytes + entryBytes * i))
  return entries
}

function readEntry(view: DataView, at: number): FileEntry {
  const offset = view.getFloat64(at, true)
  const second = view.getFloat64(at + 8, true)
  return offset === isBarrier ? { barrier: second } : { offset, length: second }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
