import { compareValues, valueKey } from '../../src/data/compare.ts'
import type { Schema, Value } from '../../src/data/type.ts'
import type { PhysicalSortKey } from '../../src/ir/physical.ts'

/** The meaning of a sort: sort keys, then all other columns ascending with nulls first. */
export function naiveSort(by: readonly PhysicalSortKey[], fields: Schema, rows: readonly Value[][]): Value[][] {
  const rest = fields
    .map((_, column) => ({ column, desc: false, nullsFirst: true }))
    .filter(({ column }) => !by.some((key) => key.column === column))
  return [...rows].sort((a, b) => {
    for (const { column, desc, nullsFirst } of [...by, ...rest]) {
      const [x, y] = [a[column], b[column]]
      if (x === null || y === null) {
        if (x !== y) return (x === null) === nullsFirst ? -1 : 1
        continue
      }
      const order = compareValues(fields[column].type, x, y)
      if (order !== 0) return desc ? -order : order
    }
    return 0
  })
}

/** Rows as texts, equal for equal values. */
export const printed = (fields: Schema, rows: readonly Value[][]) =>
  rows.map((row) => row.map((value, i) => valueKey(fields[i].type, value)).join(' | '))
