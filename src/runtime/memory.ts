import { type CreditLimits, defaultCredit } from './exchange/credit.ts'

/**
 * What a worker takes of the run's memory for itself: its heap, the code that it runs, and arrays that nobody holds any more and that are not
 * collected yet.
 */
const ownBytes = 34e6
/** However small the budget is, so much of it is for rows; and of that, at most so much for rows between tasks. */
const leastShare = 0.25
const mostInFlight = 0.25
const leastCreditBytes = 32 * 1024
/** V8 collects new arrays by itself when there are so many. */
const engineGarbageBytes = 64e6
/** A worker with less than this spills more than it works. */
const fairBytes = 64e6

/** How many workers a run of so much memory may have. */
export const workersWithin = (memoryBytes: number): number => Math.max(1, Math.floor(memoryBytes / fairBytes))

/** How one worker divides its part of the run's memory. */
export interface MemoryShares {
  /** New arrays that may wait to be collected; undefined where V8 collects them before. */
  garbageBytes?: number
  /** Room for new objects in V8's heap; undefined for what it takes by itself. */
  youngMegabytes?: number
  /** What operators are granted. */
  operatorBytes: number
  /** How much may be under way in each channel. */
  credit: CreditLimits
}

/** @param channels - most that may end in one worker at a time. */
export function divideMemory(memoryBytes: number, workers: number, channels: number): MemoryShares {
  const each = memoryBytes / Math.max(1, workers)
  const forRows = Math.max(each - ownBytes, each * leastShare)
  const creditBytes = channels === 0 ? 0 : Math.min(defaultCredit.bytes, (forRows * mostInFlight) / channels)
  const garbageBytes = each / 8
  return {
    ...(garbageBytes < engineGarbageBytes && { garbageBytes, youngMegabytes: Math.max(3, Math.ceil(garbageBytes / 2e6)) }),
    operatorBytes: Math.floor(forRows - creditBytes * channels),
    credit: { ...defaultCredit, bytes: Math.floor(Math.max(leastCreditBytes, creditBytes)) },
  }
}

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
        if (this.usedBytes + (this.#spare?.length ?? 0) > this.limitBytes) this.#spare = undefined
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
