/** What is measured over time. */
export const series = { input: 0, shuffle: 1, output: 2, root: 3, busy: 4, none: 5 } as const
export type Series = Exclude<keyof typeof series, 'none'>

const bucketMs = 1000

/** Rates over time, second by second. */
export class RateSeries {
  readonly #rates = new Float64Array(6)
  readonly #sinceMs = new Float64Array(6)
  readonly #buckets: number[][] = Array.from({ length: 6 }, () => [])
  readonly #totals = new Float64Array(6)

  /** From now on the rate of a series is another one. */
  change(number: number, change: number, nowMs: number): void {
    this.#count(number, nowMs)
    this.#rates[number] += change
  }

  /** All that flowed up to now. */
  total(name: Series, nowMs: number): number {
    this.#count(series[name], nowMs)
    return this.#totals[series[name]]
  }

  /** What flowed in each second. */
  perSecond(name: Series, nowMs: number): number[] {
    this.#count(series[name], nowMs)
    const buckets = this.#buckets[series[name]]
    // What is left of sums of floats may be less than nothing.
    return Array.from({ length: Math.ceil(nowMs / bucketMs) }, (_, i) => Math.max(0, buckets[i] ?? 0))
  }

  #count(number: number, nowMs: number): void {
    const rate = this.#rates[number]
    let from = this.#sinceMs[number]
    this.#sinceMs[number] = nowMs
    this.#totals[number] += rate * (nowMs - from)
    const buckets = this.#buckets[number]
    while (from < nowMs) {
      const bucket = Math.floor(from / bucketMs)
      const end = Math.min(nowMs, (bucket + 1) * bucketMs)
      while (buckets.length <= bucket) buckets.push(0)
      buckets[bucket] += rate * (end - from)
      // A bucket's end may not be reached exactly.
      from = end > from ? end : nowMs
    }
  }
}
