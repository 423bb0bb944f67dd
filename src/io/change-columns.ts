import { type Schema, types } from '../data/type.ts'

/**
 * What the lines of a changes file say beside the row: `_op` is `+` (the default) or `-`, `_epoch` counts intervals and never falls (default 0),
 * `_weight` is how many equal rows the line stands for (default 1).
 */
export const changeColumns: Schema = [
  { name: '_op', type: types.string, nullable: true },
  { name: '_epoch', type: types.int64, nullable: true },
  { name: '_weight', type: types.int64, nullable: true },
]

export const changeColumnNames: ReadonlySet<string> = new Set(changeColumns.map((field) => field.name))
