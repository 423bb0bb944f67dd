import { isUtf8 } from 'node:buffer'
import type { ErrorCode } from '../base/error-codes.ts'
import { dataError, type MillraceError, sourceError } from '../base/errors.ts'
import type { DiskFile, Host } from '../base/host.ts'
import type { SourceFile, Split } from '../ir/logical.ts'
import { openSource, readSource } from './files.ts'
import { LineCounter } from './line-counter.ts'

/** A longer line, or a longer record of a csv file, is an error. */
export const maxLineBytes = 16 * 2 ** 20
const readBytes = 2 ** 18
const newline = 10
const carriageReturn = 13

export type DataCode = Extract<ErrorCode, `DATA_${string}`>

/**
 * Reads a split in blocks of whole lines, through one buffer that is used again.
 *
 * A line belongs to the split in which it starts, so the splits of a file hold each line once. A byte order mark at the start of the file is
 * dropped, every block is checked to be UTF-8, and every block ends with a newline: one is added behind a last line that has none.
 *
 * @throws {@link MillraceError} `DATA_INVALID_UTF8`, `DATA_LINE_TOO_LONG`, `SOURCE_CHANGED`, `SOURCE_UNREADABLE`.
 */
export class LineBlocks {
  readonly file: SourceFile
  /** The lines of the block are `data[0 .. end)`; valid until the next call of `next`. */
  data: Uint8Array
  end = 0
  /** No block follows. */
  atEnd = false
  readonly #disk: DiskFile
  /** Position in the file of `data[0]`, how many bytes behind it are there, and where the split's lines end. */
  #base: number
  #filled = 0
  readonly #last: number
  #counter: LineCounter | undefined

  /** `skipTo`: rows start no earlier than at this byte of the file, because a header stands before it. */
  constructor(split: Split, host: Host, skipTo = 0) {
    this.file = split.file as SourceFile
    this.#disk = openSource(this.file, host)
    this.data = plainBytes(readBytes + padding)
    this.#last = this.#lineStart(split.offset + split.length)
    this.#base = Math.min(Math.max(this.#lineStart(split.offset), skipTo), this.#last)
  }

  /**
   * Goes to the next block. Bytes from `from` on come again, with more behind them, because their record did not end in this block.
   *
   * @returns false when there are no more lines.
   */
  next(from = this.end): boolean {
    const seen = this.end - from
    this.data.copyWithin(0, from, this.#filled)
    this.#base += from
    this.#filled -= from
    for (;;) {
      this.atEnd = !this.#fill()
      this.end = this.atEnd ? this.#endOfLastLine() : this.data.lastIndexOf(newline, this.#filled - 1) + 1
      if (this.end > seen) {
        this.#check(seen, this.end)
        return true
      }
      this.end = seen
      if (this.atEnd) return seen > 0
      this.#grow()
    }
  }

  close(): void {
    this.#disk.close()
  }

  /** Is there such a byte in the block? */
  holds(byte: number): boolean {
    // Uint8Array.indexOf is twenty times slower than that of Buffer.
    const at = Buffer.from(this.data.buffer, 0, this.end).indexOf(byte)
    return at >= 0
  }

  /** Place in the file of `data[at]`. */
  positionOf(at: number): number {
    return this.#base + at
  }

  /** An error about the line that holds `data[at]`. Counts the newlines before it only now, so that reading need not. */
  error(code: DataCode, message: string, at: number, hint?: string): MillraceError {
    const byteOffset = this.#base + at
    return dataError(code, message, {
      file: this.file.path,
      line: (this.#counter ??= new LineCounter(this.#disk)).lineAt(byteOffset),
      byteOffset,
      text: this.#textAround(at),
      hint,
    })
  }

  /** Start of the first line at or after a position: behind the first newline at or after the byte before it. */
  #lineStart(position: number): number {
    const { sizeBytes } = this.file
    if (position >= sizeBytes) return sizeBytes
    if (position === 0) {
      const read = readSource(this.#disk, this.data, 0, 3, 0)
      return read === 3 && this.data[0] === 0xef && this.data[1] === 0xbb && this.data[2] === 0xbf ? 3 : 0
    }
    for (let at = position - 1, wanted = 4096; at < sizeBytes; wanted = readBytes) {
      const read = readSource(this.#disk, this.data, 0, Math.min(wanted, sizeBytes - at), at)
      if (read === 0) throw this.#shorter()
      const found = indexOfNewline(this.data, 0, read)
      if (found >= 0) return at + found + 1
      at += read
    }
    return sizeBytes
  }

  /** Reads on behind what is there; false when the split's last byte is there. */
  #fill(): boolean {
    const position = this.#base + this.#filled
    const wanted = Math.min(this.data.length - padding - this.#filled, this.#last - position)
    if (wanted > 0) {
      const read = readSource(this.#disk, this.data, this.#filled, wanted, position)
      if (read === 0) throw this.#shorter()
      this.#filled += read
    }
    return this.#base + this.#filled < this.#last
  }

  #endOfLastLine(): number {
    const { data } = this
    const end = this.#filled
    if (end === 0 || data[end - 1] === newline) return end
    // A lone carriage return at the very end is data; doubled, it is still there when the line break is taken off.
    if (data[end - 1] === carriageReturn) data[this.#filled++] = carriageReturn
    data[this.#filled++] = newline
    return this.#filled
  }

  #grow(): void {
    if (this.#filled < this.data.length - padding) return
    if (this.#filled > maxLineBytes)
      throw this.error('DATA_LINE_TOO_LONG', `a line is longer than ${maxLineBytes / 2 ** 20} MB`, 0)
    const grown = plainBytes(Math.min(this.data.length * 2, maxLineBytes + 1 + padding))
    grown.set(this.data.subarray(0, this.#filled))
    this.data = grown
  }

  #check(from: number, end: number): void {
    const bytes = this.data.subarray(from, end)
    if (isUtf8(bytes)) return
    const at = from + firstInvalidByte(bytes)
    const byte = this.data[at].toString(16).padStart(2, '0')
    const isGzip = this.#base + at === 1 && this.data[0] === 0x1f && this.data[1] === 0x8b
    throw this.error(
      'DATA_INVALID_UTF8',
      `expected UTF-8, found the byte 0x${byte} at offset ${this.#base + at}`,
      at,
      isGzip ? 'this is a gzip file: unpack it first (gunzip)' : 'convert the file to UTF-8',
    )
  }

  #textAround(at: number): string {
    let start = at
    while (start > 0 && this.data[start - 1] !== newline && at - start < 1000) start--
    let end = at
    while (end < this.#filled && this.data[end] !== newline && end - start < 1200) end++
    return new TextDecoder().decode(this.data.subarray(start, end)).replace(/\r$/, '')
  }

  #shorter(): MillraceError {
    return sourceError('SOURCE_CHANGED', `the input '${this.file.path}' became shorter while it was read`, {
      file: this.file.path,
    })
  }
}

/** Room behind the bytes read: for a newline that the last line lacks, and for loops that look at eight bytes at once. */
const padding = 64

/** Bytes of their own, not from Node's pool and not of class Buffer: loops over typed arrays then see one class. */
export function plainBytes(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

function indexOfNewline(data: Uint8Array, from: number, end: number): number {
  const at = data.indexOf(newline, from)
  return at < end ? at : -1
}

/** Offset of the first byte that is not part of a well-formed sequence; the caller knows that there is one. */
function firstInvalidByte(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const byte = bytes[at]
    const size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    if (size > 1 && !isUtf8(bytes.subarray(at, at + size))) break
    at += size
  }
  return at
}
