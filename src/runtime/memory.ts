/** The account of one operator. */
export interface MemoryAccount {
  /** Asks for `bytes` in all; asking for less gives memory back. */
  grant(bytes: number): 'ok' | 'spill'
  release(): void
}

/** Below this an operator may always go on: spilling runs of a few rows would never end. */
const floorBytes = 256 * 1024
/** Offsets of texts have 32 bits, and operators join what they hold to one column: beyond this they spill however much memory there is. */
const ceilingBytes = 2 ** 31

/**
 * The memory budget of one worker, counted and not measured: operators ask before they grow.
 *
 * While others live, none may hold more than its even share of the budget; so one that came early makes room at its next request, by spilling.
 */
export class MemoryBudget {
  readonly limitBytes: number
  usedBytes = 0
  peakBytes = 0
  #accounts = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  open(): MemoryAccount {
    let held = 0
    let counted = false
    return {
      grant: (bytes) => {
        if (!counted) {
          counted = true
          this.#accounts++
        }
        const growth = bytes - held
        const share = this.limitBytes / this.#accounts
        const isTooMuch = bytes > share || bytes >= ceilingBytes || this.usedBytes + growth > this.limitBytes
        if (growth > 0 && bytes > floorBytes && isTooMuch) return 'spill'
        held = bytes
        this.usedBytes += growth
        if (this.usedBytes > this.peakBytes) this.peakBytes = this.usedBytes
        return 'ok'
      },
      release: () => {
        this.usedBytes -= held
        held = 0
        if (counted) this.#accounts--
        counted = false
      },
    }
  }
}
