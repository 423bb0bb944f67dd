import { doubled, type FlowId } from './flow-table.ts'

const nowhere = -1

/** When each flow ends if nothing changes, the first one on top: a heap whose items can be moved. */
export class EndTimes {
  #at = new Float64Array(256)
  #place = new Int32Array(256).fill(nowhere)
  readonly #heap: FlowId[] = []

  /** Infinity when no flow is on its way to an end. */
  get firstMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#at[this.#heap[0]]
  }

  get first(): FlowId {
    return this.#heap[0]
  }

  set(flow: FlowId, atMs: number): void {
    while (flow >= this.#at.length) {
      const { length } = this.#at
      this.#at = doubled(this.#at, Float64Array)
      this.#place = doubled(this.#place, Int32Array).fill(nowhere, length)
    }
    this.#at[flow] = atMs
    if (this.#place[flow] === nowhere) this.#place[flow] = this.#heap.push(flow) - 1
    this.#settle(flow)
  }

  delete(flow: FlowId): void {
    const place = this.#place[flow]
    const last = this.#heap.pop() as FlowId
    this.#place[flow] = nowhere
    if (last === flow) return
    this.#heap[place] = last
    this.#place[last] = place
    this.#settle(last)
  }

  #settle(flow: FlowId): void {
    const heap = this.#heap
    let place = this.#place[flow]
    for (let parent = (place - 1) >> 1; place > 0 && this.#isBefore(flow, heap[parent]); parent = (place - 1) >> 1) {
      this.#set(place, heap[parent])
      place = parent
    }
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1], heap[child])) child++
      if (!this.#isBefore(heap[child], flow)) break
      this.#set(place, heap[child])
      place = child
    }
    this.#set(place, flow)
  }

  #isBefore(a: FlowId, b: FlowId): boolean {
    return this.#at[a] < this.#at[b] || (this.#at[a] === this.#at[b] && a < b)
  }

  #set(place: number, flow: FlowId): void {
    this.#heap[place] = flow
    this.#place[flow] = place
  }
}
