import type { Column } from '../../data/column.ts'
import type { TextNumbers } from '../operator.ts'

/** Keys by number, each in the order of its first appearance. They are always compared, not their hashes alone. */
export interface GroupKeys {
  readonly count: number
  readonly sizeBytes: number
  /** What numbers texts, when the key is one column of them. */
  readonly texts?: TextNumbers
  /** Sets `groups[row]` to the number of each row's key; new keys get the next numbers if `insert` says so, else −1. No dictionary as the only column. */
  look(columns: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean): void
  /** The keys by number; shares memory with them. */
  columns(): readonly Column[]
  /** Orders two different keys. */
  compare(a: number, b: number): number
}
