import { faultPoint } from '../../base/fault-points.ts'
import type { Batch } from '../../data/batch.ts'
import { encodeBatch } from '../../data/wire.ts'
import { Credit, type CreditLimits } from './credit.ts'
import type { Acknowledgement, LinkPort, Outlet } from './link.ts'

/** Sends a channel over a link, and finds out when something of it got lost on the way. */
export class RemoteOutlet implements Outlet {
  readonly credit: Credit
  readonly #key: string
  readonly #exchange: number
  readonly #port: LinkPort
  #sent = 0
  #ended = false
  #received = 0
  #taken = 0
  #takenBytes = 0
  /** Answers in a row in which the same item was missing. */
  #missing = 0

  constructor(key: string, exchange: number, port: LinkPort, limits: CreditLimits) {
    this.#key = key
    this.#exchange = exchange
    this.#port = port
    this.credit = new Credit(limits)
  }

  send(batch: Batch): undefined | Promise<void> {
    faultPoint('link.send')
    const bytes = encodeBatch(batch)
    // Transferring empties the view, its length included.
    const size = bytes.length
    this.#port.postMessage({ key: this.#key, sequence: ++this.#sent, bytes, exchange: this.#exchange }, [bytes.buffer])
    return this.credit.take(size)
  }

  barrier(epoch: number): void {
    this.#port.postMessage({ key: this.#key, sequence: ++this.#sent, barrier: epoch })
  }

  end(): void {
    this.#ended = true
    this.#port.postMessage({ key: this.#key, sequence: ++this.#sent, end: true })
  }

  acknowledge({ received, taken, takenBytes, stopped, answers }: Acknowledgement): void {
    // Of two that overtook each other the later one counts.
    const batches = Math.max(0, taken - this.#taken)
    const bytes = Math.max(0, takenBytes - this.#takenBytes)
    this.#taken += batches
    this.#takenBytes += bytes
    if (received > this.#received) this.#missing = 0
    else if (answers !== undefined && received < answers) this.#missing++
    this.#received = Math.max(this.#received, received)
    if (stopped && !this.credit.stopped) this.credit.stop()
    else if (batches > 0) this.credit.give(batches, bytes)
  }

  /**
   * To be called about once a second. Where the sender waits, or has ended without having heard that all arrived, it asks.
   *
   * @returns the number of an item that got lost: the same one was missing in two answers.
   */
  check(): number | undefined {
    const waits = this.credit.isWaiting || (this.#ended && this.#received < this.#sent)
    if (!waits || this.credit.stopped) return undefined
    if (this.#missing >= 2) return this.#received + 1
    this.#port.postMessage({ key: this.#key, probe: this.#sent })
    return undefined
  }
}
