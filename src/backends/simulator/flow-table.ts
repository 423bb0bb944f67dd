/** A stream of bytes that goes on until all of them have passed. */
export interface FlowSpec {
  bytes: number
  /** Most bytes a millisecond, however free the resources are. */
  cap: number
  /** Resources it passes, each named once, and how much of each one byte takes. */
  uses: readonly number[]
  weights: readonly number[]
  /** Series that its rate is counted in. */
  series: number
}

/** Place of a flow in the table; free again when the flow has ended. */
export type FlowId = number

/** A flow passes no more resources than this. */
const maxUses = 12
const firstRoom = 256

/**
 * Flows and resources in typed arrays: a cluster of thousands of machines has tens of thousands of flows, and the solver visits them all the time.
 * Only numbers are kept here; `fairShare` decides the rates.
 */
export class FlowTable {
  readonly resources: number
  readonly capacity: Float64Array
  /** Bytes a millisecond that flows take now. */
  readonly usage: Float64Array
  /** Is nothing left of the resource? */
  readonly full: Uint8Array
  /** Flows that pass a resource, in no order. */
  readonly members: FlowId[][]
  cap = new Float64Array(firstRoom)
  rate = new Float64Array(firstRoom)
  useCount = new Uint8Array(firstRoom)
  useOf = new Int32Array(firstRoom * maxUses)
  weightOf = new Float64Array(firstRoom * maxUses)
  series = new Uint8Array(firstRoom)
  readonly stride = maxUses
  /** Places that were ever used. */
  count = 0
  #placeIn = new Int32Array(firstRoom * maxUses)
  #free: FlowId[] = []

  constructor(capacities: ArrayLike<number>) {
    this.resources = capacities.length
    this.capacity = Float64Array.from(capacities)
    this.usage = new Float64Array(capacities.length)
    this.full = new Uint8Array(capacities.length)
    this.members = Array.from({ length: capacities.length }, () => [])
  }

  /** Enters a flow, with rate 0. */
  add({ cap, uses, weights, series }: FlowSpec): FlowId {
    const flow = this.#free.pop() ?? this.#grow()
    this.cap[flow] = cap
    this.rate[flow] = 0
    this.series[flow] = series
    this.useCount[flow] = uses.length
    for (let i = 0; i < uses.length; i++) {
      const at = flow * maxUses + i
      this.useOf[at] = uses[i]
      this.weightOf[at] = weights[i]
      this.#placeIn[at] = this.members[uses[i]].push(flow) - 1
    }
    return flow
  }

  /** Takes a flow out and gives back what it used. */
  remove(flow: FlowId): void {
    for (let i = 0; i < this.useCount[flow]; i++) {
      const at = flow * maxUses + i
      const resource = this.useOf[at]
      const members = this.members[resource]
      const last = members.pop() as FlowId
      if (last !== flow) {
        members[this.#placeIn[at]] = last
        this.#placeIn[this.#useAt(last, resource)] = this.#placeIn[at]
      }
      // Sums of floats do not come back to 0 by themselves.
      this.usage[resource] = members.length === 0 ? 0 : this.usage[resource] - this.weightOf[at] * this.rate[flow]
    }
    this.useCount[flow] = 0
    this.rate[flow] = 0
    this.#free.push(flow)
  }

  #useAt(flow: FlowId, resource: number): number {
    let at = flow * maxUses
    while (this.useOf[at] !== resource) at++
    return at
  }

  #grow(): FlowId {
    if (this.count === this.cap.length) {
      this.cap = doubled(this.cap, Float64Array)
      this.rate = doubled(this.rate, Float64Array)
      this.useCount = doubled(this.useCount, Uint8Array)
      this.useOf = doubled(this.useOf, Int32Array)
      this.weightOf = doubled(this.weightOf, Float64Array)
      this.series = doubled(this.series, Uint8Array)
      this.#placeIn = doubled(this.#placeIn, Int32Array)
    }
    return this.count++
  }
}

export function doubled<A extends Float64Array | Int32Array | Uint8Array>(array: A, make: new (length: number) => A): A {
  const larger = new make(array.length * 2)
  larger.set(array)
  return larger
}
