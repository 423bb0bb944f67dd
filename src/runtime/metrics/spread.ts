import type { RowSpread, Spread } from '../metrics.ts'

/** Smallest, median and largest of some figures; all 0 when there are none. */
export function spreadOf(values: Float64Array): Spread {
  if (values.length === 0) return { min: 0, median: 0, max: 0 }
  const sorted = values.toSorted()
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { min: sorted[0], median, max: sorted[sorted.length - 1] }
}

/** The same of rows by task; `tasks[i]` has `rows[i]`. A median below one row counts as one, so that there is always a skew. */
export function rowSpreadOf(rows: Float64Array, tasks: readonly number[]): RowSpread {
  const spread = spreadOf(rows)
  const skew = spread.max === 0 ? 1 : spread.max / Math.max(1, spread.median)
  return { ...spread, sum: rows.reduce((total, one) => total + one, 0), skew, largest: tasks[rows.indexOf(spread.max)] ?? 0 }
}
