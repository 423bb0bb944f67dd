import { EndTimes } from './end-times.ts'
import { FairShare } from './fair-share.ts'
import { doubled, type FlowId, type FlowSpec, FlowTable } from './flow-table.ts'

export interface FlowNetworkOptions {
  capacities: ArrayLike<number>
  /** Changes that reach many flows are worked out together, at most this often; 0: at once. */
  settleEveryMs: number
  /** Told whenever the sum of the rates of a series changes. */
  onRate?(series: number, change: number, nowMs: number): void
  /** A resource whose whole usage is told as a series too. */
  watched?: { resource: number; series: number }
}

/** Regions up to this are worked out at once: reading from a disk that few others use. */
const smallRegion = 48

/**
 * Flows over resources with capacities, at max-min fair rates, in virtual time.
 *
 * Between two changes all rates stand still, so that only ends have to be looked for: no event a byte, a block or a connection. What comes
 * of many changes at nearly one moment is worked out once (TCP needs some round trips to find its rate, too).
 */
export class FlowNetwork {
  readonly table: FlowTable
  readonly #shares: FairShare
  readonly #ends = new EndTimes()
  readonly #options: FlowNetworkOptions
  readonly #fresh = new Set<FlowId>()
  readonly #left = new Set<number>()
  #bytes = new Float64Array(256)
  #sinceMs = new Float64Array(256)
  #settledMs = Number.NEGATIVE_INFINITY
  #dueMs = Number.POSITIVE_INFINITY

  constructor(options: FlowNetworkOptions) {
    this.#options = options
    this.table = new FlowTable(options.capacities)
    this.#shares = new FairShare(this.table)
  }

  /** When a flow ends or rates have to be worked out, if nothing is changed before. */
  get nextMs(): number {
    return Math.min(this.#ends.firstMs, this.#dueMs)
  }

  /** Begins a flow; it has its rate after the next `settle`. */
  start(spec: FlowSpec, nowMs: number): FlowId {
    const flow = this.table.add(spec)
    while (flow >= this.#bytes.length) {
      this.#bytes = doubled(this.#bytes, Float64Array)
      this.#sinceMs = doubled(this.#sinceMs, Float64Array)
    }
    this.#bytes[flow] = spec.bytes
    this.#sinceMs[flow] = nowMs
    this.#ends.set(flow, spec.bytes <= 0 ? nowMs : Number.POSITIVE_INFINITY)
    this.#fresh.add(flow)
    return flow
  }

  /** Bytes that have still to pass. */
  bytesLeft(flow: FlowId, nowMs: number): number {
    return Math.max(0, this.#bytes[flow] - this.table.rate[flow] * (nowMs - this.#sinceMs[flow]))
  }

  /** Gives up a flow, or takes one out that has ended. */
  stop(flow: FlowId, nowMs: number): void {
    const { useCount, useOf, stride, full, rate, series } = this.table
    for (let at = flow * stride; at < flow * stride + useCount[flow]; at++) if (full[useOf[at]] === 1) this.#left.add(useOf[at])
    this.#tell(series[flow], -rate[flow], nowMs)
    const before = this.#watchedUsage()
    this.table.remove(flow)
    this.#tellWatched(before, nowMs)
    this.#ends.delete(flow)
    this.#fresh.delete(flow)
  }

  /** A flow that has ended by now, to be stopped; undefined when there is none. */
  ended(nowMs: number): FlowId | undefined {
    return this.#ends.firstMs <= nowMs ? this.#ends.first : undefined
  }

  /** Works out the rates after changes; to be called when all that happens at this moment has happened. */
  settle(nowMs: number): void {
    if (this.#fresh.size === 0 && this.#left.size === 0) return
    if (nowMs < this.#dueMs && this.#dueMs < Number.POSITIVE_INFINITY) return
    const isDue = nowMs >= this.#settledMs + this.#options.settleEveryMs
    if (!this.#shares.collect(this.#fresh, this.#left, isDue ? Number.POSITIVE_INFINITY : smallRegion)) {
      this.#dueMs = this.#settledMs + this.#options.settleEveryMs
      return
    }
    const before = this.#watchedUsage()
    this.#shares.solve()
    this.#fresh.clear()
    this.#left.clear()
    this.#dueMs = Number.POSITIVE_INFINITY
    if (this.#shares.region.length > smallRegion) this.#settledMs = nowMs
    this.#applyRates(nowMs)
    this.#tellWatched(before, nowMs)
  }

  #applyRates(nowMs: number): void {
    const { rate, series } = this.table
    const { region, rateBefore } = this.#shares
    for (const flow of region) {
      const change = rate[flow] - rateBefore[flow]
      if (change === 0) continue
      this.#bytes[flow] = Math.max(0, this.#bytes[flow] - rateBefore[flow] * (nowMs - this.#sinceMs[flow]))
      this.#sinceMs[flow] = nowMs
      this.#ends.set(flow, this.#bytes[flow] === 0 ? nowMs : nowMs + this.#bytes[flow] / rate[flow])
      this.#tell(series[flow], change, nowMs)
    }
  }

  #tell(series: number, change: number, nowMs: number): void {
    if (change !== 0) this.#options.onRate?.(series, change, nowMs)
  }

  #watchedUsage(): number {
    const { watched } = this.#options
    return watched === undefined ? 0 : this.table.usage[watched.resource]
  }

  #tellWatched(before: number, nowMs: number): void {
    const { watched } = this.#options
    if (watched !== undefined) this.#tell(watched.series, this.table.usage[watched.resource] - before, nowMs)
  }
}
