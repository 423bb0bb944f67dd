import { runError } from '../../base/errors.ts'
import type { Schema } from '../../data/type.ts'
import type { LostItem, WorkerId } from '../orders.ts'
import { Channel } from './channel.ts'
import { Credit, type CreditLimits, defaultCredit } from './credit.ts'
import type { LinkMessage, LinkPort, Outlet } from './link.ts'
import { RemoteInlet } from './remote-inlet.ts'
import { RemoteOutlet } from './remote-outlet.ts'

/** Names one channel of one attempt of a region. */
export interface ChannelKey {
  region: number
  attempt: number
  exchange: number
  producer: number
  consumer: number
}

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
  readonly #outlets = new Map<string, { key: ChannelKey; outlet: RemoteOutlet }>()
  readonly #inlets = new Map<string, RemoteInlet>()
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

  /**
   * The sending end towards a task on `worker`. A thread that is linked to no other one has all tasks itself.
   *
   * @throws MillraceError `RUN_BATCH_LOST` when there is no link to that worker: what is sent elsewhere would never be read.
   */
  outlet(key: ChannelKey, worker: WorkerId): Outlet {
    if (worker === this.#self || this.#links.size === 0) return this.#localOutlet(key)
    const port = this.#links.get(worker)
    if (port === undefined)
      throw runError('RUN_BATCH_LOST', `a worker has no connection to worker ${worker}`, { retryable: true })
    return this.#remoteOutlet(key, port)
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
    for (const [name, { outlet }] of this.#outlets) {
      if (!name.startsWith(`${scope}/`)) continue
      outlet.credit.stop()
      this.#outlets.delete(name)
    }
    for (const name of this.#inlets.keys()) if (name.startsWith(`${scope}/`)) this.#inlets.delete(name)
  }

  /** To be called about once a second: what was sent from here and got lost. */
  lostItems(): LostItem[] {
    const lost: LostItem[] = []
    for (const { key, outlet } of this.#outlets.values()) {
      const sequence = outlet.check()
      if (sequence !== undefined) lost.push({ ...key, sequence })
    }
    return lost
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

  #remoteOutlet(key: ChannelKey, port: LinkPort): Outlet {
    const name = nameOf(key)
    const outlet = new RemoteOutlet(name, key.exchange, port, this.#limits)
    this.#outlets.set(name, { key, outlet })
    return outlet
  }

  #receive(port: LinkPort, message: LinkMessage): void {
    const { key } = message
    if ('received' in message) return this.#outlets.get(key)?.outlet.acknowledge(message)
    if (this.#closed.has(key.slice(0, key.indexOf('/')))) return
    const inlet = this.#inlet(key, port)
    if ('probe' in message) inlet.acknowledge(message.probe)
    else inlet.receive(message)
  }

  #inlet(key: string, port: LinkPort): RemoteInlet {
    const known = this.#inlets.get(key)
    if (known !== undefined) return known
    const channel = this.#channel(key)
    const inlet = new RemoteInlet(key, port, channel, this.#schemaOf, this.#limits)
    this.#inlets.set(key, inlet)
    channel.connect(inlet)
    return inlet
  }
}
