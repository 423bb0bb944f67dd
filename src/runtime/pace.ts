/** How long a thread works on batches before it looks at its messages and signals. */
const sliceMs = 10

/**
 * Shares one thread among its tasks and its event loop. Tasks that are due wait in a queue, one goes on in each turn of the event loop:
 * so messages, credits and signals are served about every 10 ms, however many tasks there are.
 */
export class Pace {
  readonly #nowMs: () => number
  readonly #waiting: (() => void)[] = []
  #sliceStart: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#sliceStart = nowMs()
  }

  /** Called once a batch: undefined to go on at once, else a promise to await. */
  tick(): undefined | Promise<void> {
    if (this.#nowMs() - this.#sliceStart < sliceMs) return undefined
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) this.#schedule()
    })
  }

  #schedule(): void {
    setImmediate(() => {
      this.#sliceStart = this.#nowMs()
      const resume = this.#waiting.shift()
      if (this.#waiting.length > 0) this.#schedule()
      resume?.()
    })
  }
}
