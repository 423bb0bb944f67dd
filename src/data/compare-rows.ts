import type { Column } from './column.ts'
import { isValid } from './column.ts'
import { compareFloats } from './compare.ts'

/** Compares two rows of one column: negative, 0 or positive. */
export type RowComparator = (a: number, b: number) => number

/**
 * A comparator for the rows of a column, the order of `compareValues`: nulls first (or last), then NaN, numbers, texts by code points, arrays and
 * structs item by item. It reads the arrays and makes no values.
 */
export function comparatorOf(column: Column, nullsFirst = true, desc = false): RowComparator {
  const ascending = comparatorOfValid(column)
  const compare: RowComparator = desc ? (a, b) => -ascending(a, b) : ascending
  if (column.nulls === undefined) return compare
  return (a, b) => {
    const left = isValid(column, a)
    const right = isValid(column, b)
    if (left && right) return compare(a, b)
    return left === right ? 0 : left !== nullsFirst ? -1 : 1
  }
}

function comparatorOfValid(column: Column): RowComparator {
  switch (column.store) {
    case 'lane': {
      const { values } = column
      if (values instanceof Float64Array) return (a, b) => compareFloats(values[a], values[b])
      return (a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0)
    }
    case 'bytes': {
      const { data, offsets } = column
      return (a, b) => compareRanges(data, offsets[a], offsets[a + 1], data, offsets[b], offsets[b + 1])
    }
    case 'dictionary': {
      const compare = comparatorOf(column.values)
      const { codes } = column
      return (a, b) => (codes[a] === codes[b] ? 0 : compare(codes[a], codes[b]))
    }
    case 'list': {
      const compare = comparatorOf(column.items)
      const { offsets } = column
      return (a, b) => {
        const left = offsets[a + 1] - offsets[a]
        const right = offsets[b + 1] - offsets[b]
        for (let i = 0; i < left && i < right; i++) {
          const order = compare(offsets[a] + i, offsets[b] + i)
          if (order !== 0) return order
        }
        return left - right
      }
    }
    case 'struct':
      return compareInTurn(column.children.map((child) => comparatorOf(child)))
    case 'js':
      return () => 0
  }
}

/** The first comparator that tells two rows apart decides. */
export function compareInTurn(comparators: readonly RowComparator[]): RowComparator {
  if (comparators.length === 1) return comparators[0]
  return (a, b) => {
    for (let i = 0; i < comparators.length; i++) {
      const order = comparators[i](a, b)
      if (order !== 0) return order
    }
    return 0
  }
}

/** Compares rows of two columns of one type, the order of `comparatorOf`: where rows of several batches meet. */
export function compareAcross(left: Column, a: number, right: Column, b: number, nullsFirst = true, desc = false): number {
  const leftValid = isValid(left, a)
  const rightValid = isValid(right, b)
  if (!leftValid || !rightValid) return leftValid === rightValid ? 0 : leftValid !== nullsFirst ? -1 : 1
  const order = compareValidAcross(left, a, right, b)
  return desc ? -order : order
}

function compareValidAcross(left: Column, a: number, right: Column, b: number): number {
  if (left.store === 'dictionary') return compareAcross(left.values, left.codes[a], right, b)
  if (right.store === 'dictionary') return compareAcross(left, a, right.values, right.codes[b])
  if (left.store === 'lane' && right.store === 'lane') {
    const x = left.values[a]
    const y = right.values[b]
    if (x < y) return -1
    if (x > y) return 1
    return Number.isNaN(x) || Number.isNaN(y) ? compareFloats(x as number, y as number) : 0
  }
  if (left.store === 'bytes' && right.store === 'bytes') {
    const { offsets: from } = left
    const { offsets: to } = right
    return compareRanges(left.data, from[a], from[a + 1], right.data, to[b], to[b + 1])
  }
  if (left.store === 'list' && right.store === 'list') {
    const count = left.offsets[a + 1] - left.offsets[a]
    const other = right.offsets[b + 1] - right.offsets[b]
    for (let i = 0; i < count && i < other; i++) {
      const order = compareAcross(left.items, left.offsets[a] + i, right.items, right.offsets[b] + i)
      if (order !== 0) return order
    }
    return count - other
  }
  if (left.store === 'struct' && right.store === 'struct') {
    for (let i = 0; i < left.children.length; i++) {
      const order = compareAcross(left.children[i], a, right.children[i], b)
      if (order !== 0) return order
    }
  }
  return 0
}

function compareRanges(left: Uint8Array, aStart: number, aEnd: number, right: Uint8Array, bStart: number, bEnd: number): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < length; i++) {
    const order = left[aStart + i] - right[bStart + i]
    if (order !== 0) return order
  }
  return aEnd - aStart - (bEnd - bStart)
}
