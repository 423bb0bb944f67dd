import { plainBytes } from '../lines.ts'

const encoder = new TextEncoder()

/** Bytes that grow; hot loops reserve first and then write `data` and `length` themselves. */
export class ByteWriter {
  data: Uint8Array = plainBytes(1 << 16)
  length = 0

  reserve(bytes: number): void {
    const needed = this.length + bytes
    if (needed <= this.data.length) return
    const grown = plainBytes(Math.max(needed, this.data.length * 2))
    grown.set(this.data.subarray(0, this.length))
    this.data = grown
  }

  byte(byte: number): void {
    if (this.length === this.data.length) this.reserve(1)
    this.data[this.length++] = byte
  }

  /** Text of ASCII characters. */
  ascii(text: string): void {
    this.reserve(text.length)
    const { data } = this
    let at = this.length
    for (let i = 0; i < text.length; i++) data[at++] = text.charCodeAt(i)
    this.length = at
  }

  text(text: string): void {
    this.reserve(text.length * 3)
    this.length += encoder.encodeInto(text, this.data.subarray(this.length)).written
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    const { data } = this
    let at = this.length
    if (end - start < 40) for (let i = start; i < end; i++) data[at++] = source[i]
    else data.set(source.subarray(start, end), at)
    this.length += end - start
  }

  /** An integer that a double holds exactly. */
  integer(value: number): void {
    if (value > 999_999_999 || value < -999_999_999) return this.ascii(String(value))
    this.reserve(10)
    const { data } = this
    if (value < 0) {
      data[this.length++] = 45
      value = -value
    }
    let digits = 1
    for (let bound = 10; value >= bound; bound *= 10) digits++
    let rest = value | 0
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0
      data[at] = 48 + rest - next * 10
      rest = next
    }
    this.length += digits
  }

  /** A copy of what was written; starts afresh. */
  take(): Uint8Array {
    const taken = this.data.slice(0, this.length)
    this.length = 0
    return taken
  }
}
