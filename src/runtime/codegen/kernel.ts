import type { Type } from '../../data/type.ts'
import type { Expr } from '../../ir/expr.ts'
import { anyNull, type BytesCode, blankOf, type Code, emptyCode, nullCode, plain } from './code.ts'
import type { Emitter } from './emitter.ts'

/** A call of a catalogue function whose arguments have been generated. */
export interface KernelCall {
  type: Type
  args: readonly Code[]
  exprs: readonly Expr[]
  /** Name of a function that takes the arguments in plain form and evaluates the call row by row, errors placed. */
  slow: string
}

/**
 * Writes the code of a call; undefined when it has none for arguments like these, then the call is evaluated value by value.
 * Must give what `evaluate` of the function gives; whatever is rare or fails goes through `slow`.
 */
export type Kernel = (em: Emitter, call: KernelCall) => Code | undefined

/** A result in plain form that is null as soon as an argument is. */
export function strictPlain(em: Emitter, call: KernelCall, compute: () => string, wide?: boolean): Code {
  const isNull = anyNull(call.args)
  if (isNull === 'true') return nullCode(em, call.type)
  if (isNull === 'false') return plain(call.type, em.define('v', compute()), 'false', wide)
  const flag = em.define('n', isNull)
  const value = em.name('v')
  em.line(`let ${value} = ${blankOf(call.type)}`)
  em.block(`if (!${flag})`, () => em.line(`${value} = ${compute()}`))
  return plain(call.type, value, flag, wide)
}

/** A result in bytes that is null as soon as an argument is. */
export function strictBytes(em: Emitter, call: KernelCall, compute: () => BytesCode): Code {
  const isNull = anyNull(call.args)
  if (isNull === 'true') return nullCode(em, call.type)
  if (isNull === 'false') return compute()
  const flag = em.define('n', isNull)
  const result = declareBytes(em, call.type, flag)
  em.block(`if (!${flag})`, () => assignBytes(em, result, compute()))
  return result
}

export function declareBytes(em: Emitter, type: Type, isNull: string): BytesCode {
  const blank = emptyCode(em, type)
  const result: BytesCode = {
    type,
    isNull,
    rep: 'bytes',
    data: em.name('d'),
    start: em.name('s'),
    end: em.name('e'),
    buffer: em.name('u'),
  }
  em.line(`let ${result.data} = ${blank.data}, ${result.buffer} = ${blank.buffer}, ${result.start} = 0, ${result.end} = 0`)
  return result
}

export function assignBytes(em: Emitter, target: BytesCode, from: BytesCode): void {
  em.line(
    `${target.data} = ${from.data}; ${target.buffer} = ${from.buffer}; ${target.start} = ${from.start}; ${target.end} = ${from.end}`,
  )
}
