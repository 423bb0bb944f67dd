import type { Batch } from '../../data/batch.ts'
import type { Schema } from '../../data/type.ts'
import { decodeBatch, encodeBatch } from '../../data/wire.ts'
import type { WorkerId } from '../orders.ts'
import { Channel } from './channel.ts'
import { Credit, type CreditLimits, defaultCredit } from './credit.ts'

/** Names one channel of one attempt of a region. */
export interface ChannelKey {
  region: number
  attempt: number
  exchange: number
  producer: number
  consumer: number
}

/** The sending end of a channel. */
export interface Outlet {
  readonly credit: Credit
  /** Undefined while there is credit, else a promise to await before the next call. */
  send(batch: Batch): undefined | Promise<void>
  barrier(epoch: number): void
  end(): void
}

/** The part of a MessagePort that a link needs. */
export interface LinkPort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  close(): void
}

type LinkMessage = { key: string } & (
  | { bytes: Uint8Array<ArrayBuffer>; exchange: number }
  | { barrier: number }
  | { end: true }
  | { credit: number; creditBytes: number }
  | { stop: true }
)

/** Credit is handed back to another thread in groups: a message a batch would cost as much as the batch. */
const creditEvery = 4

const nameOf = (key: ChannelKey): string => `${scopeOf(key)}/${key.exchange}/${key.producer}/${key.consumer}`
const scopeOf = ({ region, attempt }: { region: number; attempt: number }): string => `${region}.${attempt}`

/**
 * All channels that end or begin in one thread. Whoever comes first, sender or reader, makes the channel; batches between tasks of the same thread
 * are handed over as they are, others go over a link: one port for each pair of threads, shared by all channels between them.
 */
export class Switchboard {
  readonly #self: WorkerId
  readonly #limits: CreditLimits
  readonly #schemaOf: (exchange: number) => Schema
  readonly #links = new Map<WorkerId, LinkPort>()
  readonly #channels = new Map<string, Channel>()
  readonly #credits = new Map<string, Credit>()
  readonly #closed = new Set<string>()

  constructor(self: WorkerId, schemaOf: (exchange: number) => Schema, limits: CreditLimits = defaultCredit) {
    this.#self = self
    this.#schemaOf = schemaOf
    this.#limits = limits
  }

  /** Connects to another thread. */
  link(worker: WorkerId, port: LinkPort): void {
    this.#links.set(worker, port)
    port.on('message', (message) => this.#receive(port, message as LinkMessage))
  }

  /** The receiving end. */
  channel(key: ChannelKey): Channel {
    return this.#channel(nameOf(key))
  }

  /** The sending end towards a task on `worker`. */
  outlet(key: ChannelKey, worker: WorkerId): Outlet {
    const port = worker === this.#self ? undefined : this.#links.get(worker)
    return port === undefined ? this.#localOutlet(key) : this.#remoteOutlet(key, port)
  }

  /** Forgets the channels of an attempt that is over; what is still under way for it is dropped. */
  closeAttempt(region: number, attempt: number): void {
    const scope = scopeOf({ region, attempt })
    this.#closed.add(scope)
    for (const [name, channel] of this.#channels) {
      if (!name.startsWith(`${scope}/`)) continue
      channel.stop()
      this.#channels.delete(name)
    }
    for (const [name, credit] of this.#credits) {
      if (!name.startsWith(`${scope}/`)) continue
      credit.stop()
      this.#credits.delete(name)
    }
  }

  close(): void {
    for (const port of this.#links.values()) port.close()
    this.#links.clear()
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = new Channel(this.#limits)
      this.#channels.set(name, channel)
    }
    return channel
  }

  #localOutlet(key: ChannelKey): Outlet {
    const credit = new Credit(this.#limits)
    const channel = this.channel(key)
    channel.connect(credit)
    return {
      credit,
      send(batch) {
        // Counted first: a parked channel gives the credit back from inside push.
        const wait = credit.take(batch.sizeBytes)
        channel.push({ batch, cost: batch.sizeBytes })
        return credit.stopped ? undefined : wait
      },
      barrier: (epoch) => channel.push({ barrier: epoch }),
      end: () => channel.push({ end: true }),
    }
  }

  #remoteOutlet(channelKey: ChannelKey, port: LinkPort): Outlet {
    const key = nameOf(channelKey)
    const credit = new Credit(this.#limits)
    this.#credits.set(key, credit)
    return {
      credit,
      send(batch) {
        const bytes = encodeBatch(batch)
        // Transferring empties the view, its length included.
        const size = bytes.length
        port.postMessage({ key, bytes, exchange: channelKey.exchange }, [bytes.buffer])
        return credit.take(size)
      },
      barrier: (epoch) => port.postMessage({ key, barrier: epoch }),
      end: () => port.postMessage({ key, end: true }),
    }
  }

  #receive(port: LinkPort, message: LinkMessage): void {
    const { key } = message
    if ('credit' in message) return this.#credits.get(key)?.give(message.credit, message.creditBytes)
    if ('stop' in message) return this.#credits.get(key)?.stop()
    if (this.#closed.has(key.slice(0, key.indexOf('/')))) return
    const channel = this.#channel(key)
    if (!channel.connected) channel.connect(remoteSource(port, key, this.#limits))
    if ('bytes' in message) {
      const cost = message.bytes.length
      channel.push({ batch: decodeBatch(message.bytes, this.#schemaOf(message.exchange)), cost })
    } else channel.push('end' in message ? { end: true } : { barrier: message.barrier })
  }
}

/** Gives credit back over a port, in groups. */
function remoteSource(
  port: LinkPort,
  key: string,
  limits: CreditLimits,
): { give(batches: number, bytes: number): void; stop(): void } {
  const group = Math.min(creditEvery, Math.max(1, limits.batches >> 1))
  const groupBytes = limits.bytes >> 2
  let batches = 0
  let bytes = 0
  return {
    give(givenBatches, givenBytes) {
      batches += givenBatches
      bytes += givenBytes
      if (batches < group && bytes < groupBytes) return
      port.postMessage({ key, credit: batches, creditBytes: bytes })
      batches = 0
      bytes = 0
    },
    stop: () => port.postMessage({ key, stop: true }),
  }
}
