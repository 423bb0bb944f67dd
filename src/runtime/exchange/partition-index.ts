import { dataError } from '../../base/errors.ts'
import { faultPoint } from '../../base/fault-points.ts'
import type { Disk } from '../../base/host.ts'
import { checksum } from '../../data/checksum.ts'
import { type BlockRange, readBytes, type WrittenBlock } from '../block-file.ts'
import { keptFile } from '../kept-file.ts'

/** One block of a partition, or the end of an epoch. */
export type IndexEntry = WrittenBlock | { barrier: number }
export type FileEntry = BlockRange | { barrier: number }

const magic = 0x494c524d // "MRLI"
const version = 1
const headBytes = 32
/** Of the checksum, which counts as zero there. */
const checksumAt = 16
const entryBytes = 24
const tailBytes = 16
/** In the place of an offset, which no block has. */
const barrierMark = -1

/**
 * The end of a partition file, little endian: a head (magic, version, number of partitions, checksum, its own offset), where the entries of each
 * partition start (uint32 × partitions + 1, padded to 8), the entries (offset and length of a block and its checksum; offset −1: a barrier and its
 * epoch), and a tail by which it is found (its offset, magic, version).
 *
 * @param offset - where it will stand in the file.
 */
export function encodeIndex(partitions: readonly (readonly IndexEntry[])[], offset: number): Uint8Array<ArrayBuffer> {
  const entriesAt = headBytes + startsBytesOf(partitions.length)
  const count = partitions.reduce((sum, entries) => sum + entries.length, 0)
  const out = new Uint8Array(entriesAt + count * entryBytes + tailBytes)
  const view = new DataView(out.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, version, true)
  view.setUint32(8, partitions.length, true)
  view.setFloat64(24, offset, true)
  let number = 0
  for (const [partition, entries] of partitions.entries()) {
    for (const entry of entries) writeEntry(view, entriesAt + entryBytes * number++, entry)
    view.setUint32(headBytes + 4 * (partition + 1), number, true)
  }
  const tailAt = out.length - tailBytes
  view.setFloat64(tailAt, offset, true)
  view.setUint32(tailAt + 8, magic, true)
  view.setUint32(tailAt + 12, version, true)
  const [low, high] = checksum(new Int32Array(out.buffer))
  view.setInt32(checksumAt, low, true)
  view.setInt32(checksumAt + 4, high, true)
  return out
}

const startsBytesOf = (partitions: number): number => (4 * (partitions + 1) + 7) & ~7

function writeEntry(view: DataView, at: number, entry: IndexEntry): void {
  const isBlock = 'offset' in entry
  view.setFloat64(at, isBlock ? entry.offset : barrierMark, true)
  view.setFloat64(at + 8, isBlock ? entry.length : entry.barrier, true)
  if (!isBlock) return
  view.setInt32(at + 16, entry.checksum[0], true)
  view.setInt32(at + 20, entry.checksum[1], true)
}

/** The checksum of an index, and so of all that is in its file. */
export function indexChecksum(index: Uint8Array): string {
  const view = viewOf(index)
  return hex(view.getInt32(checksumAt + 4, true)) + hex(view.getInt32(checksumAt, true))
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')

/**
 * The entries of one partition of a file, in the order they were sent.
 *
 * @throws MillraceError `DATA_CORRUPT` when the index is damaged or cut off.
 */
export function readIndex(disk: Disk, path: string, partition: number): readonly FileEntry[] {
  faultPoint('index.read')
  const view = viewOf(readWhole(disk, path))
  const partitions = view.getUint32(8, true)
  if (partition >= partitions) throw corrupt(path, `there is no partition ${partition} of ${partitions}`)
  const entriesAt = headBytes + startsBytesOf(partitions)
  const entries: FileEntry[] = []
  const end = view.getUint32(headBytes + 4 * (partition + 1), true)
  for (let i = view.getUint32(headBytes + 4 * partition, true); i < end; i++)
    entries.push(readEntry(view, entriesAt + entryBytes * i))
  return entries
}

/** Nothing of an index is to be trusted before its checksum was compared. */
function readWhole(disk: Disk, path: string): Uint8Array {
  const sizeBytes = keptFile(path, () => disk.stat(path)?.sizeBytes)
  if (sizeBytes === undefined) throw corrupt(path, 'the file is gone')
  if (sizeBytes < headBytes + tailBytes) throw corrupt(path, 'the index is cut off')
  const tail = viewOf(readBytes(disk, path, { offset: sizeBytes - tailBytes, length: tailBytes }))
  const offset = tail.getFloat64(0, true)
  const isIndex = tail.getUint32(8, true) === magic && tail.getUint32(12, true) === version
  const length = sizeBytes - offset
  if (!isIndex || !(offset >= 0 && length >= headBytes + tailBytes) || length % 8 !== 0) {
    throw corrupt(path, 'the file does not end with an index')
  }
  const index = readBytes(disk, path, { offset, length })
  const view = viewOf(index)
  const [low, high] = checksum(new Int32Array(index.buffer))
  if (view.getInt32(checksumAt, true) !== low || view.getInt32(checksumAt + 4, true) !== high) {
    throw corrupt(path, 'the index does not match its checksum')
  }
  return index
}

function readEntry(view: DataView, at: number): FileEntry {
  const offset = view.getFloat64(at, true)
  const second = view.getFloat64(at + 8, true)
  return offset === barrierMark ? { barrier: second } : { offset, length: second }
}

const corrupt = (path: string, message: string) => dataError('DATA_CORRUPT', message, { file: path })
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
