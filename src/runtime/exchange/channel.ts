import type { Batch } from '../../data/batch.ts'
import type { CreditLimits } from './credit.ts'

/** What travels in a channel, in order; `end` comes once and last. `cost` is what the sender counted against its credit, in bytes. */
export type ChannelItem = { batch: Batch; cost: number } | { barrier: number } | { end: true }

/** Where channels put batches that their reader cannot take yet: shared by all channels of an exchange that it reads. */
export interface Spool {
  /** Asks to keep `bytes` in memory; when that is refused they go to the file. */
  hold(bytes: number): boolean
  unhold(bytes: number): void
  write(batch: Batch): SpooledBatch
  read(place: SpooledBatch): Batch
}
interface SpooledBatch {
  offset: number
  length: number
}
type Queued = ChannelItem | { held: Batch; cost: number } | { spooled: SpooledBatch }

/** What the channel tells the sender's side. */
export interface ChannelSource {
  give(batches: number, bytes: number): void
  stop(): void
}

/** Wakes the one reader of a set of channels. */
export class Arrivals {
  #ready: Channel[] = []
  #wake: (() => void) | undefined

  ring(channel: Channel): void {
    if (!channel.announced) {
      channel.announced = true
      this.#ready.push(channel)
    }
    this.wake()
  }

  /** A channel with something to read. */
  next(): Channel | undefined {
    const channel = this.#ready.shift()
    if (channel !== undefined) channel.announced = false
    return channel
  }

  /** Resolves at the next arrival, or at `wake`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/**
 * The receiving end of one producer task's stream to one consumer task.
 *
 * A batch costs its sender credit until the reader takes it. A parked channel, whose reader is busy elsewhere, keeps half of the credit and, when it
 * has a spool, hands the rest to that and gives the credit back at once, so that its sender never waits.
 */
export class Channel {
  announced = false
  ended = false
  stopped = false
  /** Barriers in the queue, oldest first. */
  readonly barriers: number[] = []
  #queue: Queued[] = []
  #head = 0
  #batches = 0
  #bytes = 0
  #parked = false
  #spool: Spool | undefined
  #arrivals: Arrivals | undefined
  #source: ChannelSource | undefined
  readonly #holdBatches: number
  readonly #holdBytes: number

  constructor(limits: CreditLimits) {
    this.#holdBatches = limits.batches >> 1
    this.#holdBytes = limits.bytes >> 1
  }

  /** Names the sender, who may appear before or after the reader. */
  connect(source: ChannelSource): void {
    this.#source = source
    if (this.stopped) source.stop()
  }

  /** Names the reader. */
  open(arrivals: Arrivals, spool?: Spool): void {
    this.#arrivals = arrivals
    this.#spool = spool
    if (this.hasItems) arrivals.ring(this)
  }

  get hasItems(): boolean {
    return this.#head < this.#queue.length
  }

  /** Says that the reader will not come for a while. */
  park(): void {
    this.#parked = true
    if (this.#spool === undefined) return
    for (let i = this.#head; i < this.#queue.length && this.#isOverHold(); i++) this.#queue[i] = this.#moveToSpool(this.#queue[i])
  }

  unpark(): void {
    this.#parked = false
  }

  push(item: ChannelItem): void {
    if (this.stopped) return
    if ('batch' in item) {
      this.#batches++
      this.#bytes += item.cost
      const overHold = this.#parked && this.#spool !== undefined && this.#isOverHold()
      this.#queue.push(overHold ? this.#moveToSpool(item) : item)
    } else {
      if ('end' in item) this.ended = true
      else this.barriers.push(item.barrier)
      this.#queue.push(item)
    }
    this.#arrivals?.ring(this)
  }

  take(): ChannelItem | undefined {
    if (this.#head === this.#queue.length) return undefined
    const item = this.#queue[this.#head]
    // Drop the reference: a long queue must not keep batches alive that were read.
    this.#queue[this.#head++] = endItem
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    }
    if ('spooled' in item) return { batch: (this.#spool as Spool).read(item.spooled), cost: 0 }
    if ('held' in item) {
      this.#spool?.unhold(item.cost)
      return { batch: item.held, cost: 0 }
    }
    if ('batch' in item) this.#release(item.cost)
    else if ('barrier' in item) this.barriers.shift()
    return item
  }

  /** The reader wants no more; whatever comes is dropped. */
  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.#queue = []
    this.#head = 0
    this.#source?.stop()
  }

  #isOverHold(): boolean {
    return this.#batches > this.#holdBatches || this.#bytes > this.#holdBytes
  }

  #moveToSpool(item: Queued): Queued {
    if (!('batch' in item)) return item
    const { batch, cost } = item
    const spool = this.#spool as Spool
    const moved = spool.hold(cost) ? { held: batch, cost } : { spooled: spool.write(batch) }
    this.#release(cost)
    return moved
  }

  #release(cost: number): void {
    this.#batches--
    this.#bytes -= cost
    this.#source?.give(1, cost)
  }
}

const endItem: ChannelItem = Object.freeze({ end: true })
