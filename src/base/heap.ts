/** A binary heap: the smallest item by `compare` is on top. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #compare: (a: T, b: T) => number

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#items.length
  }

  get top(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#compare(items[parent], item) <= 0) break
      items[at] = items[parent]
      at = parent
    }
    items[at] = item
  }

  pop(): T | undefined {
    const top = this.#items[0]
    const last = this.#items.pop()
    if (this.#items.length > 0 && last !== undefined) this.#sink(last)
    return top
  }

  /** Puts the top where it belongs after it changed. */
  topChanged(): void {
    if (this.#items.length > 1) this.#sink(this.#items[0])
  }

  #sink(item: T): void {
    const items = this.#items
    const count = items.length
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= count) break
      if (child + 1 < count && this.#compare(items[child + 1], items[child]) < 0) child++
      if (this.#compare(item, items[child]) <= 0) break
      items[at] = items[child]
      at = child
    }
    items[at] = item
  }
}
