import { doubled, type FlowId, type FlowTable } from './flow-table.ts'

/** Of a capacity, what counts as nothing left: rates are sums of floats. */
const fullWithin = 1e-9

/**
 * Max-min fair rates (Bertsekas and Gallager, Data Networks §6.5.2: progressive filling): the rates of all flows rise together; where a resource is
 * used up, or a flow has reached its cap, the flows concerned stay as they are and the others go on.
 *
 * Only what a change can reach is worked out anew: flows that hang together by resources that are used up. A resource with room to spare ties nobody
 * to anybody; should it be used up by the new rates, whoever else passes it joins in and the work is done again. At the end every flow has its cap
 * or a full resource on which nobody is faster, so the rates are those that filling everything from zero would give.
 */
export class FairShare {
  readonly #table: FlowTable
  /** Flows whose rates were worked out in the last call, and rates that they had before. */
  readonly region: FlowId[] = []
  rateBefore = new Float64Array(256)
  #regionMark = new Uint8Array(256)
  #newRate = new Float64Array(256)
  #frozen = new Uint8Array(256)
  readonly #touched: number[] = []
  readonly #touchMark: Uint8Array
  readonly #room: Float64Array
  readonly #weight: Float64Array
  readonly #open: Int32Array
  readonly #levels = new LevelHeap()

  constructor(table: FlowTable) {
    this.#table = table
    this.#touchMark = new Uint8Array(table.resources)
    this.#room = new Float64Array(table.resources)
    this.#weight = new Float64Array(table.resources)
    this.#open = new Int32Array(table.resources)
  }

  /**
   * Collects the flows that a change can reach; `solve` comes next.
   *
   * @param flows - new ones.
   * @param resources - those that ended flows have left.
   * @returns false when there are more than `most`; nothing is changed then.
   */
  collect(flows: Iterable<FlowId>, resources: Iterable<number>, most: number): boolean {
    this.#clearRegion()
    for (const flow of flows) this.#join(flow)
    for (const resource of resources) {
      if (this.#table.full[resource] === 0) continue
      for (const flow of this.#table.members[resource]) this.#join(flow)
    }
    return this.#close(0, most)
  }

  /** Works out the rates of the collected flows and puts them into the table. */
  solve(): void {
    do this.#fill()
    while (this.#takeInOthers())
    this.#apply()
  }

  #join(flow: FlowId): void {
    if (flow >= this.#regionMark.length) this.#grow()
    if (this.#regionMark[flow] === 1) return
    this.#regionMark[flow] = 1
    this.region.push(flow)
  }

  /** Adds whoever shares a full resource with somebody in the region, from place `from` on. */
  #close(from: number, most: number): boolean {
    const { useCount, useOf, stride, full, members } = this.#table
    for (let i = from; i < this.region.length; i++) {
      if (this.region.length > most) return false
      const flow = this.region[i]
      for (let at = flow * stride; at < flow * stride + useCount[flow]; at++) {
        const resource = useOf[at]
        if (full[resource] === 0 || this.#touchMark[resource] === 1) continue
        this.#touchMark[resource] = 1
        this.#touched.push(resource)
        for (const other of members[resource]) this.#join(other)
      }
    }
    return true
  }

  #fill(): void {
    const { useCount, useOf, weightOf, stride, capacity, usage, rate, cap, resources } = this.#table
    const { region } = this
    const levels = this.#levels
    this.#clearTouched()
    for (const flow of region) {
      this.#frozen[flow] = 0
      for (let at = flow * stride; at < flow * stride + useCount[flow]; at++) {
        const resource = useOf[at]
        if (this.#touchMark[resource] === 0) {
          this.#touchMark[resource] = 1
          this.#touched.push(resource)
          this.#room[resource] = capacity[resource] - usage[resource]
          this.#weight[resource] = 0
          this.#open[resource] = 0
        }
        this.#room[resource] += weightOf[at] * rate[flow]
        this.#weight[resource] += weightOf[at]
        this.#open[resource]++
      }
    }
    levels.clear()
    for (const resource of this.#touched) levels.add(this.#levelOf(resource), resource)
    for (const flow of region) levels.add(cap[flow], resources + flow)
    levels.order()
    for (let open = region.length; open > 0; ) {
      const level = levels.topLevel
      const item = levels.take()
      if (item >= resources) {
        if (this.#freeze(item - resources, level)) open--
        continue
      }
      if (this.#open[item] === 0) continue
      // Others that stayed behind have left more for the rest.
      const now = this.#levelOf(item)
      if (now > level) {
        levels.put(now, item)
        continue
      }
      for (const flow of this.#table.members[item]) if (this.#regionMark[flow] === 1 && this.#freeze(flow, level)) open--
    }
  }

  #levelOf(resource: number): number {
    return Math.max(0, this.#room[resource]) / this.#weight[resource]
  }

  #freeze(flow: FlowId, level: number): boolean {
    if (this.#frozen[flow] === 1) return false
    const { useCount, useOf, weightOf, stride } = this.#table
    this.#frozen[flow] = 1
    this.#newRate[flow] = level
    for (let at = flow * stride; at < flow * stride + useCount[flow]; at++) {
      const resource = useOf[at]
      this.#room[resource] -= weightOf[at] * level
      this.#weight[resource] -= weightOf[at]
      this.#open[resource]--
    }
    return true
  }

  #isFull(resource: number): boolean {
    return this.#room[resource] <= fullWithin * this.#table.capacity[resource]
  }

  #takeInOthers(): boolean {
    const { members } = this.#table
    const before = this.region.length
    const filled = this.#touched.filter((resource) => this.#isFull(resource))
    for (const resource of filled) for (const flow of members[resource]) this.#join(flow)
    if (this.region.length === before) return false
    this.#clearTouched()
    return this.#close(before, Number.POSITIVE_INFINITY)
  }

  #apply(): void {
    const table = this.#table
    for (const flow of this.region) {
      this.rateBefore[flow] = table.rate[flow]
      table.rate[flow] = this.#newRate[flow]
    }
    for (const resource of this.#touched) {
      table.usage[resource] = table.capacity[resource] - this.#room[resource]
      table.full[resource] = this.#isFull(resource) ? 1 : 0
    }
  }

  #clearRegion(): void {
    for (const flow of this.region) this.#regionMark[flow] = 0
    this.region.length = 0
    this.#clearTouched()
  }

  #clearTouched(): void {
    for (const resource of this.#touched) this.#touchMark[resource] = 0
    this.#touched.length = 0
  }

  #grow(): void {
    this.#regionMark = doubled(this.#regionMark, Uint8Array)
    this.#frozen = doubled(this.#frozen, Uint8Array)
    this.#newRate = doubled(this.#newRate, Float64Array)
    this.rateBefore = doubled(this.rateBefore, Float64Array)
    if (this.#table.count > this.#regionMark.length) this.#grow()
  }
}

/** Items by level, the lowest on top; all of the first ones are put in order at once, in O(n). */
class LevelHeap {
  #levels = new Float64Array(256)
  #items = new Int32Array(256)
  #size = 0

  clear(): void {
    this.#size = 0
  }

  get topLevel(): number {
    return this.#levels[0]
  }

  /** Adds one without caring for its place; `order` must follow. */
  add(level: number, item: number): void {
    if (this.#size === this.#levels.length) {
      this.#levels = doubled(this.#levels, Float64Array)
      this.#items = doubled(this.#items, Int32Array)
    }
    this.#levels[this.#size] = level
    this.#items[this.#size++] = item
  }

  order(): void {
    for (let at = (this.#size >> 1) - 1; at >= 0; at--) this.#sink(at, this.#levels[at], this.#items[at])
  }

  put(level: number, item: number): void {
    this.add(level, item)
    const levels = this.#levels
    let at = this.#size - 1
    for (let parent = (at - 1) >> 1; at > 0 && levels[parent] > level; parent = (at - 1) >> 1) {
      levels[at] = levels[parent]
      this.#items[at] = this.#items[parent]
      at = parent
    }
    levels[at] = level
    this.#items[at] = item
  }

  take(): number {
    const item = this.#items[0]
    const last = --this.#size
    if (last > 0) this.#sink(0, this.#levels[last], this.#items[last])
    return item
  }

  #sink(at: number, level: number, item: number): void {
    const levels = this.#levels
    for (let child = 2 * at + 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && levels[child + 1] < levels[child]) child++
      if (levels[child] >= level) break
      levels[at] = levels[child]
      this.#items[at] = this.#items[child]
      at = child
    }
    levels[at] = level
    this.#items[at] = item
  }
}
