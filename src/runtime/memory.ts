/** The account of one operator. */
export interface MemoryAccount {
  /** Asks for `bytes` in all; asking for less gives memory back. */
  grant(bytes: number): 'ok' | 'spill'
  release(): void
}

/**
 * A large array that one task of a thread leaves for the next one: fresh memory costs as much as writing it twice, since the system clears it page by
 * page, and arrays that grow are copied.
 */
export interface SpareBytes {
  take(): Uint8Array | undefined
  leave(bytes: Uint8Array): void
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
export class MemoryBudget implements SpareBytes {
  readonly limitBytes: number
  usedBytes = 0
  peakBytes = 0
  #accounts = 0
  #spare: Uint8Array | undefined

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  take(): Uint8Array | undefined {
    const spare = this.#spare
    this.#spare = undefined
    return spare
  }

  leave(bytes: Uint8Array): void {
    if (bytes.length > (this.#spare?.length ?? 0) && bytes.length <= this.limitBytes / 2) this.#spare = bytes
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
