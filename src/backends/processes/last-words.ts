/** What Node.js prints when it ends by itself; traces of its own code follow, which tell the user of a program nothing. */
const fatal = /^(?:<--- Last few GCs --->|FATAL ERROR: |# Fatal error in |----- Native stack trace -----)/m

/** The errors that a worker prints: those of the user's code are shown, a crash of Node.js is told in one line. */
export class LastWords {
  #said: string | undefined

  /** The part of a piece that is to be shown. */
  shownOf(piece: Buffer): Buffer {
    // One character a byte, so that places in the text are places in the piece.
    const text = piece.toString('latin1')
    if (this.#said !== undefined) {
      this.#said += text
      return piece.subarray(0, 0)
    }
    const at = fatal.exec(text)?.index
    if (at === undefined) return piece
    this.#said = text.slice(at)
    return piece.subarray(0, at).toString('latin1').trim() === '' ? piece.subarray(0, 0) : piece.subarray(0, at)
  }

  /** Why Node.js ended, if it said so. */
  get reason(): string | undefined {
    return /^FATAL ERROR: (?:.* - )?(.*)$/m.exec(this.#said ?? '')?.[1]
  }
}
