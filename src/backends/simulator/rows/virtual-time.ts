import { bug } from '../../../base/errors.ts'
import type { Clock } from '../../../base/host.ts'

interface Scheduled {
  atMs: number
  /** Of two at the same time the one that was put in first happens first. */
  order: number
  action: () => void
}

/** A run that takes longer waits for something that will never happen. */
const longestMs = 24 * 3600 * 1000

/** A clock that stands still while code runs, and is moved on from one scheduled action to the next. */
export class VirtualTime implements Clock {
  /** How far the wall clock is set wrong. */
  wallSkewMs = 0
  readonly #startMs: number
  #nowMs = 0
  #orders = 0
  #agenda: Scheduled[] = []

  /** @param startMs - wall time at the beginning, in milliseconds since 1970. */
  constructor(startMs: number) {
    this.#startMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  wallTimeUs(): number {
    return Math.round((this.#startMs + this.#nowMs + this.wallSkewMs) * 1000)
  }

  after(delayMs: number, action: () => void): () => void {
    const scheduled = { atMs: this.#nowMs + delayMs, order: this.#orders++, action }
    this.#insert(scheduled)
    return () => {
      const at = this.#agenda.indexOf(scheduled)
      if (at >= 0) this.#agenda.splice(at, 1)
    }
  }

  /** Lets time pass until `promise` has settled, or `isOver` says so. */
  async runUntil(promise: Promise<unknown>, isOver: () => boolean): Promise<void> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    for (;;) {
      await comeToRest()
      if (settled || isOver()) return
      const next = this.#agenda.shift()
      if (next === undefined || next.atMs > longestMs) throw bug('a virtual run has come to a standstill')
      this.#nowMs = next.atMs
      next.action()
    }
  }

  /** After all that are due at the same time or before. */
  #insert(scheduled: Scheduled): void {
    let low = 0
    let high = this.#agenda.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#agenda[middle].atMs <= scheduled.atMs) low = middle + 1
      else high = middle
    }
    this.#agenda.splice(low, 0, scheduled)
  }
}

/** Promises and immediates that were set going run in a fixed order, since no real input or output is under way. */
async function comeToRest(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
