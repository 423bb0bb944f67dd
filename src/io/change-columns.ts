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

/** What to do about a bad value of one of them. */
export const changeColumnHints: Readonly<Record<string, string>> = {
  _op: "'+' inserts a row and '-' retracts one",
  _epoch: 'epochs are whole numbers from 0 on, the same for all changes that happened together',
  _weight: 'a weight is a whole number of 1 or more; retract with _op',
}
