import { faultPoint } from '../../base/fault-points.ts'
import type { Schema } from '../../data/type.ts'
import { decodeBatch } from '../../data/wire.ts'
import type { Channel, ChannelSource } from './channel.ts'
import type { CreditLimits } from './credit.ts'
import type { LinkMessage, LinkPort } from './link.ts'

/** Credit is handed back to another thread in groups: a message a batch would cost as much as the batch. */
const acknowledgeEvery = 4

export type Item = Extract<LinkMessage, { sequence: number }>

/** Receives a channel from a link: in the order in which it was sent, each item once. */
export class RemoteInlet implements ChannelSource {
  readonly #key: string
  readonly #port: LinkPort
  readonly #channel: Channel
  readonly #schemaOf: (exchange: number) => Schema
  readonly #groupBatches: number
  readonly #groupBytes: number
  readonly #early = new Map<number, Item>()
  #received = 0
  #taken = 0
  #takenBytes = 0
  #toldBatches = 0
  #toldBytes = 0
  #stopped = false

  constructor(key: string, port: LinkPort, channel: Channel, schemaOf: (exchange: number) => Schema, limits: CreditLimits) {
    this.#key = key
    this.#port = port
    this.#channel = channel
    this.#schemaOf = schemaOf
    this.#groupBatches = Math.min(acknowledgeEvery, Math.max(1, limits.batches >> 1))
    this.#groupBytes = limits.bytes >> 2
  }

  receive(item: Item): void {
    faultPoint('link.receive')
    if (item.sequence <= this.#received) return
    this.#early.set(item.sequence, item)
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) this.#deliver(next)
  }

  give(batches: number, bytes: number): void {
    this.#taken += batches
    this.#takenBytes += bytes
    const isDue = this.#taken - this.#toldBatches >= this.#groupBatches || this.#takenBytes - this.#toldBytes >= this.#groupBytes
    if (isDue) this.acknowledge()
  }

  stop(): void {
    this.#stopped = true
    this.acknowledge()
  }

  /** @param answers - the probe that asked. */
  acknowledge(answers?: number): void {
    this.#toldBatches = this.#taken
    this.#toldBytes = this.#takenBytes
    this.#port.postMessage({
      key: this.#key,
      received: this.#received,
      taken: this.#taken,
      takenBytes: this.#takenBytes,
      stopped: this.#stopped,
      answers,
    })
  }

  #takeNext(): Item | undefined {
    const next = this.#early.get(this.#received + 1)
    if (next === undefined) return undefined
    this.#early.delete(++this.#received)
    return next
  }

  #deliver(item: Item): void {
    if ('bytes' in item) {
      const cost = item.bytes.length
      this.#channel.push({ batch: decodeBatch(item.bytes, this.#schemaOf(item.exchange)), cost })
    } else if ('barrier' in item) this.#channel.push({ barrier: item.barrier })
    else {
      this.#channel.push({ end: true })
      this.acknowledge()
    }
  }
}
