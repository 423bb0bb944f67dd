import { deserialize, serialize } from 'node:v8'

/** Two lengths of 32 bits, little endian: of the message, and of the bytes behind it, −1 where there are none. */
const headerBytes = 8

/**
 * One message as it goes over a socket: its lengths, the message in the form of structured clones, and the bytes it holds under `bytes`, which are
 * written as they are. All else about it is plain data.
 *
 * @returns the pieces in their order, to be written together; the last one is the caller's own array.
 */
export function encodeFrame(message: unknown): readonly Uint8Array[] {
  const { bytes, ...others } = message as { bytes?: unknown }
  const isSplit = bytes instanceof Uint8Array
  const data = serialize(isSplit ? others : message)
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  view.setInt32(0, data.length, true)
  view.setInt32(4, isSplit ? bytes.length : -1, true)
  return isSplit ? [header, data, bytes] : [header, data]
}

/** Puts messages together again from the pieces in which a socket gives them. Bytes of a message get a buffer of their own, without a second copy. */
export class FrameReader {
  readonly #deliver: (message: unknown) => void
  readonly #header = new Uint8Array(headerBytes)
  #part: 'header' | 'message' | 'bytes' = 'header'
  /** What the part that is on its way is gathered in. */
  #target: Uint8Array = this.#header
  #filled = 0
  #bytesLength = -1
  #message: unknown

  constructor(deliver: (message: unknown) => void) {
    this.#deliver = deliver
  }

  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      const count = Math.min(piece.length - at, this.#target.length - this.#filled)
      this.#target.set(piece.subarray(at, at + count), this.#filled)
      at += count
      this.#filled += count
      if (this.#filled === this.#target.length) this.#endPart()
    }
  }

  #endPart(): void {
    if (this.#part === 'header') {
      const view = new DataView(this.#header.buffer)
      this.#bytesLength = view.getInt32(4, true)
      return this.#begin('message', view.getInt32(0, true))
    }
    if (this.#part === 'message') {
      this.#message = deserialize(this.#target)
      if (this.#bytesLength > 0) return this.#begin('bytes', this.#bytesLength)
      if (this.#bytesLength === 0) this.#message = { ...(this.#message as object), bytes: new Uint8Array() }
    } else this.#message = { ...(this.#message as object), bytes: this.#target }
    const message = this.#message
    this.#message = undefined
    this.#part = 'header'
    this.#target = this.#header
    this.#filled = 0
    this.#deliver(message)
  }

  #begin(part: 'message' | 'bytes', length: number): void {
    this.#part = part
    // A buffer that nobody shares begins at 0, so that a batch in it can be read in place.
    this.#target = part === 'message' ? Buffer.allocUnsafe(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    this.#filled = 0
  }
}
