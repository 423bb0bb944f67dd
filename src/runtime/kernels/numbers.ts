import type { Code, PlainCode } from '../codegen/code.ts'
import { type Kernel, strictPlain } from '../codegen/kernel.ts'

const maxSafe = '9007199254740991'

/** Plain arguments, or undefined when one is something else. */
export function plainArgs(args: readonly Code[]): readonly PlainCode[] | undefined {
  return args.every((arg) => arg.rep === 'plain') ? (args as readonly PlainCode[]) : undefined
}

/** A condition for `value` to be a finite float64, or an int64 that a double holds. */
const inRange = (kind: string, value: string): string =>
  kind === 'int64' ? `${value} >= -${maxSafe} && ${value} <= ${maxSafe}` : `${value} - ${value} === 0`

/**
 * Arithmetic on doubles, operand by operand from the left, where every result is in range; the rest (bigints, overflow, infinities) is
 * evaluated value by value. V8 leaves the slow call out of the loop until it happens, so that the result stays a double.
 */
const arithmetic =
  (write: (left: string, right: string) => string, unless?: (left: string, right: string) => string): Kernel =>
  (em, call) => {
    const { kind } = call.type
    const args = plainArgs(call.args)
    if (args === undefined || (kind !== 'int64' && kind !== 'float64')) return undefined
    if (args.some(({ type }) => type.kind !== 'int64' && type.kind !== 'float64')) return undefined
    return strictPlain(em, call, () => {
      const [first, ...others] = args.map((arg) => arg.value)
      const result = em.name('y')
      em.line(`let ${result} = 0`)
      const checks = args.filter((arg) => arg.wide).map((arg) => `typeof ${arg.value} === 'number'`)
      // A −0 would differ in its bytes from a 0: an integer lane has none.
      const zero = kind === 'int64' ? ' + 0' : ''
      if (others.length === 0) checks.push(`(${result} = ${write(first, '')}${zero}, ${inRange(kind, result)})`)
      others.forEach((value, i) => {
        const left = i === 0 ? first : result
        if (unless !== undefined) checks.push(`!(${unless(left, value)})`)
        checks.push(`(${result} = ${write(left, value)}${zero}, ${inRange(kind, result)})`)
      })
      em.line(`if (!(${checks.join(' && ')})) ${result} = ${call.slow}(${[first, ...others].join(', ')})`)
      return result
    })
  }

/** int64 or float64 to float64 or int64; texts of numbers are made by the string kernels. */
export const castNumberKernel: Kernel = (em, call) => {
  const args = plainArgs(call.args)
  const to = call.type.kind
  if (args === undefined || (to !== 'int64' && to !== 'float64')) return undefined
  const [{ type, value, wide }] = args
  if (type.kind === to) return args[0]
  if (type.kind !== 'int64' && type.kind !== 'float64') return undefined
  return strictPlain(
    em,
    call,
    () => {
      if (to === 'float64') return wide ? `Number(${value})` : value
      const result = em.name('y')
      em.line(`let ${result} = ${value} + 0`)
      em.line(`if (!(Math.trunc(${result}) === ${result} && ${inRange('int64', result)})) ${result} = ${call.slow}(${value})`)
      return result
    },
    to === 'int64',
  )
}

/** A function of Math on doubles; a result that is not finite is left to the evaluator, which knows when that is an error. */
const math =
  (write: (...args: string[]) => string): Kernel =>
  (em, call) => {
    const args = plainArgs(call.args)
    if (args === undefined || call.type.kind !== 'float64' || args.some((arg) => arg.type.kind !== 'float64')) return undefined
    return strictPlain(em, call, () => {
      const values = args.map((arg) => arg.value)
      const result = em.name('y')
      em.line(`let ${result} = ${write(...values)}`)
      em.line(`if (!(${inRange('float64', result)})) ${result} = ${call.slow}(${values.join(', ')})`)
      return result
    })
  }

const floatTest =
  (write: (value: string) => string): Kernel =>
  (em, call) => {
    const args = plainArgs(call.args)
    return args === undefined ? undefined : strictPlain(em, call, () => write(args[0].value))
  }

export const numberKernels: readonly (readonly [string, Kernel])[] = [
  ['add', arithmetic((a, b) => `${a} + ${b}`)],
  ['subtract', arithmetic((a, b) => `${a} - ${b}`)],
  ['multiply', arithmetic((a, b) => `${a} * ${b}`)],
  [
    'divide',
    arithmetic(
      (a, b) => `${a} / ${b}`,
      (_, b) => `${b} === 0`,
    ),
  ],
  // Dividing what is divisible: a large dividend would round up to the next whole quotient.
  [
    'div',
    arithmetic(
      (a, b) => `(${a} - ${a} % ${b}) / ${b}`,
      (_, b) => `${b} === 0`,
    ),
  ],
  [
    'mod',
    arithmetic(
      (a, b) => `${a} % ${b}`,
      (_, b) => `${b} === 0`,
    ),
  ],
  ['negate', arithmetic((a) => `-${a}`)],
  ['abs', arithmetic((a) => `Math.abs(${a})`)],
  ['floor', math((x) => `Math.floor(${x})`)],
  ['ceil', math((x) => `Math.ceil(${x})`)],
  ['trunc', math((x) => `Math.trunc(${x})`)],
  ['sign', math((x) => `Math.sign(${x})`)],
  ['sqrt', math((x) => `Math.sqrt(${x})`)],
  ['exp', math((x) => `Math.exp(${x})`)],
  ['ln', math((x) => `Math.log(${x})`)],
  ['log10', math((x) => `Math.log10(${x})`)],
  ['pow', math((x, y) => `Math.pow(${x}, ${y})`)],
  ['ieee_divide', math((x, y) => `${x} / ${y}`)],
  ['is_nan', floatTest((x) => `${x} !== ${x}`)],
  ['is_inf', floatTest((x) => `${x} === Infinity || ${x} === -Infinity`)],
]
