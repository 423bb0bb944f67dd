/**
 * What is going to happen, by time. At one moment things happen in the order in which they were put down, so that a virtual run is a function of its
 * inputs. A binary heap: O(log n) to put down and to take.
 */
export class Agenda<T> {
  readonly #times: number[] = []
  readonly #orders: number[] = []
  readonly #items: T[] = []
  #put = 0

  get size(): number {
    return this.#items.length
  }

  /** When the next thing happens; Infinity when nothing is left. */
  get nextMs(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]
  }

  put(atMs: number, item: T): void {
    let at = this.#items.length
    this.#set(at, atMs, this.#put++, item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  /** The next thing to happen, which is then gone from here. */
  take(): T | undefined {
    const last = this.#items.length - 1
    if (last < 0) return undefined
    const [item] = this.#items
    this.#swap(0, last)
    this.#times.pop()
    this.#orders.pop()
    this.#items.pop()
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      if (left >= last) return item
      const child = left + 1 < last && this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#isBefore(child, at)) return item
      this.#swap(at, child)
      at = child
    }
  }

  #isBefore(a: number, b: number): boolean {
    const times = this.#times
    return times[a] < times[b] || (times[a] === times[b] && this.#orders[a] < this.#orders[b])
  }

  #set(at: number, time: number, order: number, item: T): void {
    this.#times[at] = time
    this.#orders[at] = order
    this.#items[at] = item
  }

  #swap(a: number, b: number): void {
    if (a === b) return
    const [time, order, item] = [this.#times[a], this.#orders[a], this.#items[a]]
    this.#set(a, this.#times[b], this.#orders[b], this.#items[b])
    this.#set(b, time, order, item)
  }
}
