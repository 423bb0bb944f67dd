import { Agenda } from '../../../base/agenda.ts'
import { bug } from '../../../base/errors.ts'
import type { Clock } from '../../../base/host.ts'

interface Scheduled {
  action: () => void
  isCancelled: boolean
}

/** A run that takes longer waits for something that will never happen. */
const longestMs = 24 * 3600 * 1000

/** A clock that stands still while code runs, and is moved on from one scheduled action to the next. */
export class VirtualTime implements Clock {
  /** How far the wall clock is set wrong. */
  wallSkewMs = 0
  readonly #startMs: number
  readonly #agenda = new Agenda<Scheduled>()
  #nowMs = 0

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
    const scheduled: Scheduled = { action, isCancelled: false }
    this.#agenda.put(this.#nowMs + delayMs, scheduled)
    return () => {
      scheduled.isCancelled = true
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
      const atMs = this.#agenda.nextMs
      const next = this.#agenda.take()
      if (next === undefined || atMs > longestMs) throw bug('a virtual run has come to a standstill')
      if (next.isCancelled) continue
      this.#nowMs = atMs
      next.action()
    }
  }
}

/** Promises and immediates that were set going run in a fixed order, since no real input or output is under way. */
async function comeToRest(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
