import type { DiskFile } from '../base/host.ts'
import { readSource } from './files.ts'

const readBytes = 2 ** 20
const newline = 10

/** Numbers of lines in a file. Goes on from the last place that was asked for, so that many places in their order cost one reading. */
export class LineCounter {
  readonly #disk: DiskFile
  #bytes: Uint8Array | undefined
  #at = 0
  #line = 1

  constructor(disk: DiskFile) {
    this.#disk = disk
  }

  /** Line of the byte at `position`, from 1. */
  lineAt(position: number): number {
    if (position < this.#at) {
      this.#at = 0
      this.#line = 1
    }
    while (this.#at < position) {
      const bytes = this.#read(Math.min(readBytes, position - this.#at))
      if (bytes.length === 0) break
      for (let i = bytes.indexOf(newline); i >= 0; i = bytes.indexOf(newline, i + 1)) this.#line++
      this.#at += bytes.length
    }
    return this.#line
  }

  /** Where the line starts that is `lines` behind the one at `position`. */
  lineBehind(position: number, lines: number): number {
    const line = this.lineAt(position)
    while (this.#line < line + lines) {
      const bytes = this.#read(readBytes)
      if (bytes.length === 0) break
      let end = 0
      while (this.#line < line + lines) {
        const found = bytes.indexOf(newline, end)
        if (found < 0) break
        end = found + 1
        this.#line++
      }
      this.#at += this.#line < line + lines ? bytes.length : end
    }
    return this.#at
  }

  #read(length: number): Uint8Array {
    this.#bytes ??= new Uint8Array(readBytes)
    return this.#bytes.subarray(0, readSource(this.#disk, this.#bytes, 0, length, this.#at))
  }
}
