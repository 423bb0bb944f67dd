import { fromJsValue, toJsValue } from '../../data/js-value.ts'
import type { Type } from '../../data/type.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { RowShape } from '../../ir/physical.ts'
import { type Code, fromValue, plain, plainOf } from './code.ts'
import type { Emitter } from './emitter.ts'
import { GroupValues } from './group-values.ts'
import { valueColumns } from './row-shape.ts'
import { fixedSlot, type Slot } from './slot.ts'

/** The argument of a closure, made of the columns it reads: an element, a fresh object, or a `[key, value]` pair. */
export function closureArgument(em: Emitter, row: readonly Slot[], shape: RowShape, reads: FnRef['reads']): string {
  const part = (columns: readonly number[], isElement: boolean, wanted: FnRef['reads']): string => {
    if (isElement) return jsOf(em, row[columns[0]].load(em))
    const read = columns.filter((i) => wanted === 'all' || wanted.includes(shape.fields[i].name))
    // Computed names keep the program's words out of the text; V8 gives all of these objects one shape.
    return `{ ${read.map((i) => `[${em.constant(shape.fields[i].name)}]: ${jsOf(em, row[i].load(em))}`).join(', ')} }`
  }
  if (shape.keys === undefined) return part(valueColumns(shape), shape.element, reads)
  const key = part(shape.keys, shape.keyElement === true, 'all')
  if (shape.grouped !== true) return `[${key}, ${part(valueColumns(shape), shape.element, 'all')}]`
  return `[${key}, ${em.constant(groupOf)}(${part(valueColumns(shape), true, 'all')})]`
}

/** A group that was made as an array looks like one that is read as it comes. */
const groupOf = (items: readonly unknown[]): GroupValues => new GroupValues([items])

/** A value as closures see it. */
function jsOf(em: Emitter, code: Code): string {
  const value = plainOf(em, code)
  const { type } = code
  if (type.kind === 'int64' && code.rep === 'plain' && !code.wide) return value
  if (type.kind === 'bool' || type.kind === 'float64' || type.kind === 'string' || type.kind === 'bytes' || type.kind === 'js')
    return value
  return `${em.constant((plainValue: never) => toJsValue(type, plainValue))}(${value})`
}

/** The columns of a value that a closure returned. `result` names a variable. */
export function closureColumns(em: Emitter, result: string, shape: RowShape): readonly Slot[] {
  const slots: Slot[] = []
  const put = (columns: readonly number[], isElement: boolean, from: string): void => {
    if (isElement) {
      slots[columns[0]] = fixedSlot(fieldCode(em, shape, columns[0], from))
      return
    }
    em.line(
      `if (typeof ${from} !== 'object' || ${from} === null || Array.isArray(${from}) || typeof ${from}.then === 'function') notRow(${from})`,
    )
    for (const i of columns) {
      const { name } = shape.fields[i]
      const key = em.constant(name)
      // A name that every object inherits must be the object's own.
      const own = name in Object.prototype ? `Object.hasOwn(${from}, ${key}) ? ${from}[${key}] : undefined` : `${from}[${key}]`
      slots[i] = fixedSlot(fieldCode(em, shape, i, em.define('r', own)))
    }
  }
  if (shape.keys === undefined) put(valueColumns(shape), shape.element, result)
  else {
    em.line(`if (!Array.isArray(${result}) || ${result}.length !== 2) notPair(${result})`)
    put(shape.keys, shape.keyElement === true, em.define('r', `${result}[0]`))
    put(valueColumns(shape), shape.element, em.define('r', `${result}[1]`))
  }
  return slots
}

/** What a closure returned for one column, tested in place where that is simple. */
function fieldCode(em: Emitter, shape: RowShape, column: number, value: string): Code {
  const { name, type, nullable } = shape.fields[column]
  if (type.kind === 'js') return plain(type, value, em.define('n', `${value} === null || ${value} === undefined`), false)
  const convert = `${em.constant((given: unknown) => fromJsValue(type, given, nullable, name))}(${value})`
  const quick = quickTest(type, value)
  // `+ 0`: an int64 is never −0.
  const result = em.define(
    'r',
    quick === undefined ? convert : `${quick} ? ${value}${type.kind === 'int64' ? ' + 0' : ''} : ${convert}`,
  )
  return fromValue(em, type, result, nullable)
}

function quickTest({ kind }: Type, value: string): string | undefined {
  switch (kind) {
    case 'float64':
      return `typeof ${value} === 'number'`
    case 'string':
      return `typeof ${value} === 'string'`
    case 'bool':
      return `typeof ${value} === 'boolean'`
    case 'int64':
      return `Number.isSafeInteger(${value})`
    default:
      return undefined
  }
}
