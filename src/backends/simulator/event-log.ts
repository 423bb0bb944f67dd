import { createHash } from 'node:crypto'

/** Everything that happens in a run, as lines of which only a hash and as many of the first as wanted are kept. */
export class EventLog {
  readonly #hash = createHash('sha256')
  readonly lines: string[] = []
  readonly #keep: number
  count = 0

  constructor(keep: number) {
    this.#keep = keep
  }

  note(nowMs: number, text: string): void {
    const line = `${nowMs.toFixed(3)} ${text}`
    this.#hash.update(line).update('\n')
    if (this.count++ < this.#keep) this.lines.push(line)
  }

  /** Of all lines; the log is closed with it. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16)
  }
}
