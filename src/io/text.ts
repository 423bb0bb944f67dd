import type { Batch } from '../data/batch.ts'
import { targetBatchBytes, targetBatchRows } from '../data/batch.ts'
import { makeBatch } from '../data/read.ts'
import { type Schema, types } from '../data/type.ts'
import type { ReadRequest, SourceConnector } from './connector.ts'
import { findFiles, splitFiles, totalBytes } from './files.ts'
import { LineBlocks, plainBytes } from './lines.ts'
import { fileTraits, pathOption, readHeader, textOption } from './source-options.ts'
import { type CutLines, kernelTextBytes, ScanMemory } from './wasm/scan-memory.ts'

/** The columns of every text. */
export const textSchema: Schema = Object.freeze([{ name: 'line', type: types.string, nullable: false }])

/**
 * Lines of text files: one column `line`, never null. A line ends at `\n` or `\r\n`, which are not part of it; a lone `\r` stays.
 *
 * @throws {@link MillraceError} `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`, `SOURCE_CHANGED`, `DATA_INVALID_UTF8`, `DATA_LINE_TOO_LONG`.
 */
export const textSource: SourceConnector = {
  kind: 'text',
  positional: 'path',
  options: { path: pathOption },
  takesSchema: false,
  async describe(options, context) {
    const files = findFiles(textOption(options, 'path'), context)
    return {
      schema: textSchema,
      inferred: false,
      sizeBytes: totalBytes(files),
      traits: fileTraits,
      files,
      splits: splitFiles(files),
    }
  },
  read: readText,
}

function* readText(request: ReadRequest): Iterable<Batch> {
  const { split, splitIndex, fields, limit = Number.POSITIVE_INFINITY, host, signal } = request
  const blocks = new LineBlocks(split, host)
  const room = request.lent === true ? new LentRoom() : new FreshRoom()
  const memory = split.length >= kernelTextBytes ? ScanMemory.open(0, targetBatchRows) : undefined
  let lineBytes = 0
  try {
    for (let firstRow = 0; firstRow < limit && blocks.next(); ) {
      for (let at = 0; at < blocks.end && firstRow < limit; ) {
        signal.throwIfAborted()
        const end = batchEnd(blocks, at)
        const maxRows = Math.min(targetBatchRows, limit - firstRow)
        const cut = memory?.cutLines(blocks.data, at, end, maxRows)
        const lines =
          cut === undefined
            ? cutLines(blocks.data, at, end, maxRows, lineBytes, room)
            : { ...cut, offsets: room.kept(cut.offsets), bytes: room.kept(cut.bytes) }
        const from = at
        at = lines.next
        lineBytes = lines.size / lines.rowCount
        const columns = fields.map(() => ({
          store: 'bytes' as const,
          type: types.string,
          length: lines.rowCount,
          offsets: lines.offsets,
          data: lines.bytes,
        }))
        const origin = { file: blocks.file.path, byteOffset: blocks.positionOf(from), row: firstRow }
        yield makeBatch(columns, lines.rowCount, { header: readHeader(splitIndex, firstRow, origin) })
        firstRow += lines.rowCount
      }
    }
  } finally {
    blocks.close()
  }
}

/** End of the last line that is whole within a batch's bytes, or of the first line when that is longer. */
function batchEnd({ data, end }: LineBlocks, from: number): number {
  const target = from + targetBatchBytes
  if (target >= end) return end
  const last = data.lastIndexOf(newline, target - 1)
  return (last >= from ? last : data.indexOf(newline, target)) + 1
}

/** Where the lines of a batch go: arrays of at least this length. */
interface Room {
  bytes(length: number): Uint8Array
  offsets(length: number): Int32Array
  /** An array that is overwritten for the next batch. */
  kept<T extends Int32Array | Uint8Array>(array: T): T
}

class FreshRoom implements Room {
  bytes = plainBytes
  offsets(length: number): Int32Array {
    return new Int32Array(length)
  }
  kept<T extends Int32Array | Uint8Array>(array: T): T {
    return array.slice() as T
  }
}

/** The same arrays for each batch: they stay in the processor's cache, and no memory is asked for (0.14 in place of 0.26 s for 200 MB). */
class LentRoom implements Room {
  #bytes = plainBytes(targetBatchBytes + 8)
  #offsets = new Int32Array(targetBatchRows + 1)
  bytes(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = plainBytes(length)
    return this.#bytes
  }
  offsets(length: number): Int32Array {
    // Row 0 starts at 0, and all other places are written before they are read.
    if (this.#offsets.length < length) this.#offsets = new Int32Array(length)
    return this.#offsets
  }
  kept<T extends Int32Array | Uint8Array>(array: T): T {
    return array
  }
}

const newline = 10
const carriageReturn = 13
/** Lines longer than this are found and moved by native calls, shorter ones by words: equal near 150 bytes. */
const longLineBytes = 150

/** Copies the lines of `data[from .. end)`, which ends with a newline, one behind the other without their line breaks; `lineBytes` is how long they have been. */
function cutLines(data: Uint8Array, from: number, end: number, maxRows: number, lineBytes: number, room: Room): CutLines {
  const bytes = room.bytes(end - from + 8)
  const offsets = room.offsets(Math.min(maxRows, end - from) + 1)
  const lines = { rowCount: 0, offsets, bytes, size: 0, next: from }
  if (lineBytes < longLineBytes) cutShortLines(data, end, maxRows, lines)
  else cutLongLines(data, end, maxRows, lines)
  lines.offsets = offsets.subarray(0, lines.rowCount + 1)
  lines.bytes = bytes.subarray(0, lines.size)
  return lines
}

// Moves eight bytes at a time and looks for a newline in them at once (zero-byte test of "Hacker's Delight", 6-1: its lowest bit is exact). What
// was written behind a newline is overwritten by the next line. 1.1, 1.6 and 2.1 GB/s for lines of 20, 80 and 400 bytes, against 0.4 for a loop
// over bytes, and 0.4, 1.0 and 4.0 for native calls.
function cutShortLines(data: Uint8Array, end: number, maxRows: number, lines: CutLines): void {
  const { offsets, bytes } = lines
  const source = new DataView(data.buffer)
  const target = new DataView(bytes.buffer)
  let { rowCount, size, next } = lines
  while (next < end && rowCount < maxRows) {
    const low = source.getInt32(next, true)
    const high = source.getInt32(next + 4, true)
    const lowXor = low ^ 0x0a0a0a0a
    const highXor = high ^ 0x0a0a0a0a
    const lowHit = (lowXor - 0x01010101) & ~lowXor & 0x80808080
    const highHit = (highXor - 0x01010101) & ~highXor & 0x80808080
    target.setInt32(size, low, true)
    target.setInt32(size + 4, high, true)
    if ((lowHit | highHit) === 0) {
      next += 8
      size += 8
      continue
    }
    const hit = lowHit !== 0 ? lowHit : highHit
    const before = ((31 - Math.clz32(hit & -hit)) >> 3) + (lowHit !== 0 ? 0 : 4)
    next += before + 1
    size += before
    if (bytes[size - 1] === carriageReturn && size > offsets[rowCount]) size--
    offsets[++rowCount] = size
  }
  lines.rowCount = rowCount
  lines.size = size
  lines.next = next
}

function cutLongLines(data: Uint8Array, end: number, maxRows: number, lines: CutLines): void {
  const { offsets, bytes } = lines
  while (lines.next < end && lines.rowCount < maxRows) {
    const start = lines.next
    const stop = data.indexOf(newline, start)
    const lineEnd = stop > start && data[stop - 1] === carriageReturn ? stop - 1 : stop
    bytes.set(data.subarray(start, lineEnd), lines.size)
    lines.size += lineEnd - start
    offsets[++lines.rowCount] = lines.size
    lines.next = stop + 1
  }
}
