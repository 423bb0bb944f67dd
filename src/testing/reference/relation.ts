import { bug } from '../../base/errors.ts'
import { canonicalValue, compareValues, valueKey } from '../../data/compare.ts'
import type { Value } from '../../data/type.ts'
import { type CallUserFunction, evaluateExpr } from '../../ir/evaluate.ts'
import type { ColumnId, Expr, SortKey } from '../../ir/expr.ts'
import type { Output } from '../../ir/logical.ts'

export type Row = readonly Value[]

/** All rows of one output of a plan node; values stand in the order of its fields. */
export interface Relation {
  output: Output
  rows: readonly Row[]
}

/** Evaluates expressions over the rows of a relation. */
export type Evaluate = (expr: Expr, row: Row) => Value

/** The places of columns in a row of these outputs, one behind the other. */
export function evaluator(outputs: readonly Output[], user: CallUserFunction): Evaluate {
  const places = new Map<ColumnId, number>()
  let place = 0
  for (const { fields } of outputs) for (const { column } of fields) places.set(column, place++)
  return (expr, row) =>
    evaluateExpr(
      expr,
      (column) => {
        const at = places.get(column)
        if (at === undefined) throw bug(`no column #${column} in this row`)
        return row[at]
      },
      user,
    )
}

/** Rows ordered by the keys, ties by all columns from left to right, ascending. */
export function sortRows({ output, rows }: Relation, by: readonly SortKey[], evaluate: Evaluate): readonly Row[] {
  const keyed = rows.map((row) => ({ row, keys: by.map((key) => evaluate(key.expr, row)) }))
  keyed.sort((a, b) => {
    for (let i = 0; i < by.length; i++) {
      const order = compareKeys(by[i], a.keys[i], b.keys[i])
      if (order !== 0) return order
    }
    return compareRows(output, a.row, b.row)
  })
  return keyed.map(({ row }) => row)
}

/** Nulls stand where `nullsFirst` says, whatever the direction. */
function compareKeys({ expr, desc, nullsFirst }: SortKey, a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1
  const order = compareValues(expr.type, a, b)
  return desc ? -order : order
}

/** The order of all columns, left to right, ascending. */
function compareRows(output: Pick<Output, 'fields'>, a: Row, b: Row): number {
  for (let i = 0; i < output.fields.length; i++) {
    const order = compareValues(output.fields[i].type, a[i], b[i])
    if (order !== 0) return order
  }
  return 0
}

/** Rows of one group: their key values, made one for −0 and 0, and the rows themselves. */
export interface Group {
  key: Row
  rows: Row[]
}

/** Groups rows by expressions, in the order of their first rows. */
export function groupRows(rows: readonly Row[], by: readonly Expr[], evaluate: Evaluate): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const key = by.map((expr) => canonicalValue(expr.type, evaluate(expr, row)))
    const text = key.map((value, i) => valueKey(by[i].type, value)).join('|')
    const group = groups.get(text)
    if (group === undefined) groups.set(text, { key, rows: [row] })
    else group.rows.push(row)
  }
  return [...groups.values()]
}
