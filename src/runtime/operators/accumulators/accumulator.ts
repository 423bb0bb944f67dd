import type { Column } from '../../../data/column.ts'
import type { Type } from '../../../data/type.ts'

/** One aggregate of all groups: arrays by group number. Rows come a batch at a time, with the group of each row. */
export interface Accumulator {
  /** Columns of a partial state. */
  readonly stateTypes: readonly Type[]
  /** Makes room for groups `0 .. groups`; called before rows of new groups come. */
  reserve(groups: number): void
  /** Takes rows; a null argument leaves its group as it was, where the function skips nulls. */
  add(groups: Int32Array, rowCount: number, args: readonly Column[], weights?: Int32Array): void
  /** Takes partial states. */
  merge(groups: Int32Array, rowCount: number, states: readonly Column[]): void
  /** The states of groups `order[from .. to)`. */
  states(order: Int32Array, from: number, to: number): readonly Column[]
  /** The results of groups `order[from .. to)`. */
  results(order: Int32Array, from: number, to: number): Column
  /** Forgets all groups. */
  clear(): void
  readonly sizeBytes: number
}

/** An array at least `size` long with the same contents; grows by doubling. */
export function grownDoubles(array: Float64Array, size: number): Float64Array {
  if (size <= array.length) return array
  const out = new Float64Array(Math.max(size, array.length * 2, 16))
  out.set(array)
  return out
}

export function grownBytes(array: Uint8Array, size: number): Uint8Array {
  if (size <= array.length) return array
  const out = new Uint8Array(Math.max(size, array.length * 2, 16))
  out.set(array)
  return out
}
