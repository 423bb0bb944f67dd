/** How much may be under way in one channel. */
export interface CreditLimits {
  batches: number
  bytes: number
}

export const defaultCredit: CreditLimits = Object.freeze({ batches: 8, bytes: 2 * 1024 * 1024 })

/** The sending side's count of what it may still send. One sender, so at most one waits. */
export class Credit {
  readonly #limits: CreditLimits
  #batches = 0
  #bytes = 0
  #waiting: Promise<void> | undefined
  #wake: (() => void) | undefined
  /** Nobody reads any more: everything may be dropped. */
  stopped = false
  /** Called when the reader stops. */
  onStop: (() => void) | undefined

  constructor(limits: CreditLimits) {
    this.#limits = limits
  }

  /** Counts a batch as sent. Undefined while more may follow, else a promise to await first. */
  take(bytes: number): undefined | Promise<void> {
    this.#batches++
    this.#bytes += bytes
    if (this.stopped || this.#hasRoom()) return undefined
    this.#waiting ??= new Promise((resolve) => {
      this.#wake = resolve
    })
    return this.#waiting
  }

  give(batches: number, bytes: number): void {
    this.#batches -= batches
    this.#bytes -= bytes
    if (this.#hasRoom()) this.wake()
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  stop(): void {
    this.stopped = true
    this.wake()
    this.onStop?.()
  }

  /** Lets the sender go on, for example to find that its task was cancelled. */
  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    this.#waiting = undefined
    wake?.()
  }

  #hasRoom(): boolean {
    return this.#batches < this.#limits.batches && this.#bytes < this.#limits.bytes
  }
}
