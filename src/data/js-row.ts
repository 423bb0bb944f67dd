import type { Batch } from './batch.ts'
import { toJsValue } from './js-value.ts'
import { valueAt } from './read.ts'
import type { Schema } from './type.ts'

/** How the rows of a collection look to JavaScript. */
export interface JsRowShape {
  fields: Schema
  /** The value column is the element itself. */
  element: boolean
  /** Ordinals of the key columns: the row is then `[key, value]`. */
  keys?: readonly number[]
  keyElement?: boolean
}

/** The rows of a batch as closures and callers see them: objects, elements, or `[key, value]` pairs. */
export function* toJsRows(batch: Batch, shape: JsRowShape): Iterable<unknown> {
  const keys = shape.keys ?? []
  const values = shape.fields.map((_, i) => i).filter((i) => !keys.includes(i))
  const keyElement = shape.keyElement === true
  for (let row = 0; row < batch.rowCount; row++) {
    const value = objectOrElement(batch, row, shape.fields, values, shape.element)
    yield shape.keys === undefined ? value : [objectOrElement(batch, row, shape.fields, keys, keyElement), value]
  }
}

function objectOrElement(batch: Batch, row: number, fields: Schema, ordinals: readonly number[], element: boolean): unknown {
  const read = (i: number): unknown => toJsValue(fields[i].type, valueAt(batch.columns[i], row))
  return element ? read(ordinals[0]) : Object.fromEntries(ordinals.map((i) => [fields[i].name, read(i)]))
}
