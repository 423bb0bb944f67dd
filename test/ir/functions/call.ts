import { MillraceError } from '../../../src/base/errors.ts'
import { type Type, types, type Value } from '../../../src/data/type.ts'
import { findFunction, resolveCall } from '../../../src/ir/functions/catalogue.ts'

/** A value with its type, which the plain value alone does not tell. */
export interface Typed {
  type: Type
  value: Value
}

const of =
  (type: Type) =>
  (value: Value): Typed => ({ type, value })
export const i = of(types.int64)
export const f = of(types.float64)
export const s = of(types.string)
export const b = of(types.bool)
export const y = of(types.bytes)
export const d = of(types.date)
export const t = of(types.timestamp)
export const list = (item: Type, value: readonly Value[] | null): Typed => ({ type: types.array(item), value })
export const nan = Number.NaN
export const inf = Number.POSITIVE_INFINITY
export const maxInt = 2n ** 63n - 1n
export const minInt = -(2n ** 63n)

/** Calls a scalar function as expressions do: the signature found, arguments coerced, nulls passed on. An error gives its code. */
export function callScalar(name: string, args: readonly Typed[], returns?: Type): Value | string {
  const fn = findFunction(name)
  if (fn?.kind !== 'scalar') throw new Error(`no scalar function ${name}`)
  const found = returns === undefined ? resolveCall(fn, args) : { args: args.map((arg) => arg.type), returns }
  if (found === undefined) return 'no signature'
  const values = args.map(({ type, value }, at) =>
    type.kind === 'int64' && found.args[at].kind === 'float64' && value !== null ? Number(value) : value,
  )
  if (fn.nulls === 'null-in-null-out' && values.includes(null)) return null
  try {
    return fn.evaluate(values, found)
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

/** Calls an aggregate over rows of arguments, nulls skipped as the function says. */
export function callAggregate(name: string, argTypes: readonly Type[], rows: readonly (readonly Value[])[]): Value | string {
  const fn = findFunction(name)
  if (fn?.kind !== 'aggregate') throw new Error(`no aggregate function ${name}`)
  const found = resolveCall(
    fn,
    argTypes.map((type) => ({ type })),
  )
  if (found === undefined) return 'no signature'
  const counted = fn.skipsNulls && argTypes.length > 0 ? rows.filter(([first]) => first !== null) : rows
  try {
    return fn.evaluate(counted, found)
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}
