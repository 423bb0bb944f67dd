import { asMillraceError, dataError, runError } from '../../base/errors.ts'
import { describeJsValue, fromJsValue, toJsValue } from '../../data/js-value.ts'
import type { Value } from '../../data/type.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { Field, Output } from '../../ir/logical.ts'
import type { Row } from './relation.ts'

/** Calls user code: its errors become `RUN_FUNCTION_FAILED`, and it must not be asynchronous. */
export function callGuarded(ref: FnRef, call: () => unknown): unknown {
  let result: unknown
  try {
    result = call()
  } catch (thrown) {
    throw asMillraceError(thrown, (message, cause) =>
      runError('RUN_FUNCTION_FAILED', `${ref.label}: ${message}`, { operator: ref.label, cause }),
    )
  }
  if (typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function') {
    throw dataError('DATA_SHAPE_CHANGED', `${ref.label}: expected a value, found a promise`)
  }
  return result
}

/** A row as a closure sees it: an element, an object, or a `[key, value]` pair. */
export function closureArgument(output: Output, row: Row): unknown {
  const { keys } = output
  if (keys === undefined) return partOf(output.fields, row, () => true, output.element)
  const isKey = (field: Field): boolean => keys.includes(field.column)
  const key = partOf(output.fields, row, isKey, output.keyElement === true)
  if (output.grouped) return [key, readOnce(valuesOf(output, row))]
  return [key, partOf(output.fields, row, (field) => !isKey(field), output.element)]
}

function partOf(fields: readonly Field[], row: Row, takes: (field: Field) => boolean, element: boolean): unknown {
  const entries = fields.flatMap((field, i) => (takes(field) ? [[field.name, toJsValue(field.type, row[i])] as const] : []))
  return element ? entries[0][1] : Object.fromEntries(entries)
}

function valuesOf(output: Output, row: Row): readonly unknown[] {
  const last = output.fields.length - 1
  return toJsValue(output.fields[last].type, row[last]) as readonly unknown[]
}

/** The values of a group can be read once only, since they need not be in memory all together. */
function readOnce(values: readonly unknown[]): Iterable<unknown> {
  let used = false
  return {
    [Symbol.iterator]() {
      if (used)
        throw runError('RUN_ITERABLE_REUSED', 'the values of a group were read a second time', {
          hint: 'copy them with [...values]',
        })
      used = true
      return values[Symbol.iterator]()
    },
  }
}

/** What a closure returned, as a row of this output. */
export function closureRow(output: Output, result: unknown): Row {
  const { keys, fields } = output
  if (keys === undefined) return columnsOf(fields, result, output.element)
  if (!Array.isArray(result) || result.length !== 2) {
    throw dataError('DATA_SHAPE_CHANGED', `expected a [key, value] pair, found ${describeJsValue(result)}`)
  }
  const isKey = (field: Field): boolean => keys.includes(field.column)
  const key = columnsOf(fields.filter(isKey), result[0], output.keyElement === true)
  const value = columnsOf(
    fields.filter((field) => !isKey(field)),
    result[1],
    output.element,
  )
  let keysTaken = 0
  let valuesTaken = 0
  return fields.map((field) => (isKey(field) ? key[keysTaken++] : value[valuesTaken++]))
}

function columnsOf(fields: readonly Field[], result: unknown, element: boolean): Value[] {
  if (element) return [fromJsValue(fields[0].type, result, fields[0].nullable, fields[0].name)]
  if (typeof result !== 'object' || result === null) {
    throw dataError('DATA_SHAPE_CHANGED', `expected an object with a property a column, found ${describeJsValue(result)}`)
  }
  const record = result as Readonly<Record<string, unknown>>
  return fields.map(({ name, type, nullable }) => {
    // A name that every object inherits must be the object's own.
    const value = name in Object.prototype && !Object.hasOwn(record, name) ? undefined : record[name]
    return fromJsValue(type, value, nullable, name)
  })
}
