import { anyNull, blankOf, bytesOf, type Code, isText, plain } from '../codegen/code.ts'
import type { Emitter } from '../codegen/emitter.ts'
import { type Kernel, strictPlain } from '../codegen/kernel.ts'
import { bytesEqual, compareBytes } from './bytes.ts'
import { plainArgs } from './numbers.ts'

/** A function of generated code over two texts: `fn(data, start, end, data, start, end)`. */
export function callBytes(em: Emitter, fn: Function, codes: readonly Code[]): string {
  const bytes = codes.map((code) => bytesOf(em, code))
  return `${em.constant(fn)}(${bytes.map((code) => `${code.data}, ${code.start}, ${code.end}`).join(', ')})`
}

const isLane = (code: Code): boolean => !['array', 'struct', 'js', 'string', 'bytes'].includes(code.type.kind)

/** Two values of one type as JavaScript compares them: numbers and bigints of a lane, or bytes. */
const comparison =
  (sign: '===' | '!==' | '<' | '<=' | '>' | '>='): Kernel =>
  (em, call) => {
    const [a, b] = call.args
    if (isText(a.type) && isText(b.type)) {
      const equality = sign === '===' || sign === '!=='
      return strictPlain(em, call, () =>
        equality
          ? `${sign === '===' ? '' : '!'}${callBytes(em, bytesEqual, [a, b])}`
          : `${callBytes(em, compareBytes, [a, b])} ${sign} 0`,
      )
    }
    const args = plainArgs(call.args)
    if (args === undefined || !args.every(isLane)) return undefined
    return strictPlain(em, call, () => `${args[0].value} ${sign} ${args[1].value}`)
  }

const isDistinctFrom: Kernel = (em, call) => {
  const [a, b] = call.args
  let differs: string
  if (isText(a.type) && isText(b.type)) differs = `!${callBytes(em, bytesEqual, [a, b])}`
  else {
    const args = plainArgs(call.args)
    if (args === undefined || !args.every(isLane)) return undefined
    const [x, y] = args.map((arg) => arg.value)
    // NaN is equal to NaN here.
    differs = a.type.kind === 'float64' ? `(${x} !== ${y} && (${x} === ${x} || ${y} === ${y}))` : `${x} !== ${y}`
  }
  if (anyNull(call.args) === 'false') return plain(call.type, em.define('v', differs))
  return plain(call.type, em.define('v', `${a.isNull} || ${b.isNull} ? ${a.isNull} !== ${b.isNull} : ${differs}`))
}

/** `value in (constants)`; other lists are evaluated value by value. */
const isIn: Kernel = (em, call) => {
  const [value] = call.args
  const list = call.exprs.slice(1).map((expr) => (expr.e === 'constant' ? expr.value : undefined))
  if (list.includes(undefined) || list.length === 0 || value.isNull === 'true') return undefined
  const holdsNull = list.includes(null)
  let found: () => string
  if (isText(value.type)) {
    if (value.type.kind !== 'string' || list.length > 16) return undefined
    const items = call.args.slice(1).filter((_, i) => list[i] !== null)
    found = () => (items.length === 0 ? 'false' : items.map((item) => callBytes(em, bytesEqual, [value, item])).join(' || '))
  } else {
    if (value.rep !== 'plain' || !isLane(value)) return undefined
    // NaN equals nothing, but a Set would find it.
    const set = em.constant(new Set(list.filter((item) => item !== null && !Number.isNaN(item))))
    found = () => `${set}.has(${value.value})`
  }
  const code = strictPlain(em, { ...call, args: [value] }, found)
  if (!holdsNull || code.rep !== 'plain') return code
  return plain(call.type, code.value, em.define('n', `${code.isNull} || !${code.value}`))
}

const isNull =
  (isSo: boolean): Kernel =>
  (em, call) => {
    const flag = call.args[0].isNull
    if (flag === 'true' || flag === 'false') return plain(call.type, `${(flag === 'true') === isSo}`)
    return plain(call.type, em.define('v', isSo ? flag : `!${flag}`))
  }

const not: Kernel = (em, call) => {
  const args = plainArgs(call.args)
  return args === undefined ? undefined : strictPlain(em, call, () => `!${args[0].value}`)
}

const nullIf: Kernel = (em, call) => {
  const [value, unwanted] = call.args
  const args = plainArgs(call.args)
  if (args === undefined || !args.every(isLane) || value.rep !== 'plain') return undefined
  const equal = `${args[0].value} === ${args[1].value}${unwanted.isNull === 'false' ? '' : ` && !${unwanted.isNull}`}`
  const flag = em.define('n', value.isNull === 'false' ? equal : `${value.isNull} || (${equal})`)
  return plain(call.type, em.define('v', `${flag} ? ${blankOf(call.type)} : ${value.value}`), flag, value.wide)
}

export const compareKernels: readonly (readonly [string, Kernel])[] = [
  ['equal', comparison('===')],
  ['not_equal', comparison('!==')],
  ['less', comparison('<')],
  ['less_equal', comparison('<=')],
  ['greater', comparison('>')],
  ['greater_equal', comparison('>=')],
  ['is_distinct_from', isDistinctFrom],
  ['in', isIn],
  ['is_null', isNull(true)],
  ['is_not_null', isNull(false)],
  ['not', not],
  ['nullif', nullIf],
]
