import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { formatType, type Schema, type SchemaField, type Value } from '../../data/type.ts'
import { foldConstant } from '../../ir/fold.ts'
import { commonType } from '../../ir/functions/catalogue.ts'
import type { Field } from '../../ir/logical.ts'
import type { Syntax, UnboundForm } from '../syntax.ts'
import { argumentOf, type Bound, coerce, describeBound } from './coerce.ts'
import { bindExpression } from './expression.ts'
import { emptyScope } from './scope.ts'
import { addNode, type BindState, newColumn, type Relation } from './state.ts'
import { bindRowType } from './types.ts'

type ValuesForm = Extract<UnboundForm, { u: 'values' }>

/** Rows of constants; the types are the declared ones, else what all values of a column can take. */
export function bindValues(state: BindState, form: ValuesForm, at: Place): Relation | undefined {
  const declared = form.schema === undefined ? undefined : bindRowType(state.names, form.schema, at)
  const width = declared?.length ?? form.names?.length ?? form.rows[0]?.length ?? 0
  if (width === 0) throw planError('PLAN_SCHEMA_UNKNOWN', 'values without rows need a schema', { at })
  const environment = { names: state.names, scope: emptyScope }
  const rows = form.rows.map((row) =>
    state.errors.attempt(() => boundRow(row, width, (value) => bindExpression(environment, value), at)),
  )
  if (rows.includes(undefined)) return undefined
  const columns = Array.from({ length: width }, (_, i) =>
    state.errors.attempt(() => bindColumn(form, rows as Bound[][], i, declared, at)),
  )
  if (columns.includes(undefined)) return undefined
  const bound = columns as { field: SchemaField; values: Value[] }[]
  const schema = bound.map((column) => column.field)
  const relation = addValues(
    state,
    schema,
    form.rows.map((_, row) => bound.map((column) => column.values[row])),
    form.element ?? false,
    at,
  )
  if (declared === undefined && form.names === undefined)
    for (const field of relation.output.fields) state.unnamed.add(field.column)
  return relation
}

/** A node of constant rows. */
export function addValues(
  state: BindState,
  schema: Schema,
  rows: readonly (readonly Value[])[],
  element: boolean,
  at: Place,
): Relation {
  const fields = schema.map(({ name, type, nullable }): Field => ({ name, column: newColumn(state), type, nullable }))
  return addNode(state, { op: 'values', rows }, [], { name: '', fields, element, changes: 'insertOnly', order: 'source' }, at)
}

function boundRow(row: readonly Syntax[], width: number, bind: (value: Syntax) => Bound, at: Place): Bound[] {
  if (row.length !== width) {
    throw planError('PLAN_COLUMN_COUNT', `every row of values needs ${width} values, found ${row.length}`, {
      at: row[0]?.at ?? at,
    })
  }
  return row.map(bind)
}

function bindColumn(
  form: ValuesForm,
  rows: readonly Bound[][],
  i: number,
  declared: Schema | undefined,
  at: Place,
): { field: SchemaField; values: Value[] } {
  const name = declared?.[i].name ?? form.names?.[i] ?? `_c${i}`
  const cells = rows.map((row) => row[i])
  const type = declared?.[i].type ?? commonType(cells.map(argumentOf))
  if (type === undefined) {
    const found = [...new Set(cells.map(describeBound))].slice(0, 5).join(', ')
    throw planError('PLAN_TYPE_MISMATCH', `the values of column '${name}' have no common type: ${found}`, {
      at,
      hint: 'declare a schema, or cast them',
    })
  }
  const values = cells.map((cell, row) => {
    const place = form.rows[row][i].at
    const value = foldConstant(coerce(cell, type, `column '${name}' (${formatType(type)})`, place))
    if (value === undefined) throw planError('PLAN_CONSTANT', 'values takes constants only', { at: place })
    if (value === null && declared?.[i].nullable === false)
      throw planError('PLAN_TYPE_MISMATCH', `column '${name}' is declared not null`, { at: place })
    return value
  })
  return { field: { name, type, nullable: declared?.[i].nullable ?? values.includes(null) }, values }
}
