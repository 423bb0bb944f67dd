import type { RowShape } from '../../ir/physical.ts'

/** Columns of a row that are no keys. */
export function valueColumns(shape: RowShape): readonly number[] {
  const all = shape.fields.map((_, i) => i)
  return shape.keys === undefined ? all : all.filter((i) => !shape.keys?.includes(i))
}
