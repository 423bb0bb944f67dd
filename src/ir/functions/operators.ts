import { runError } from '../../base/errors.ts'
import type { Int64 } from '../../data/int64.ts'
import { int64Value, isInt64 } from '../../data/int64.ts'
import type { Value } from '../../data/type.ts'
import { shiftDate } from './dates.ts'
import type { ScalarFunction } from './define.ts'
import { defineScalarFunction } from './define.ts'

/**
 * Arithmetic. Sums and products of more than two operands go from the left, and every step is checked: int64 beyond 64 bits and a float
 * that becomes infinite though its operands are finite are `RUN_OVERFLOW`. `divide` is always float64; by zero is `RUN_DIVISION_BY_ZERO`.
 */
export const operators: readonly ScalarFunction[] = [
  defineScalarFunction('add', {
    signatures: [
      { args: ['int64', 'int64'], rest: 'int64', returns: 'int64' },
      { args: ['float64', 'float64'], rest: 'float64', returns: 'float64' },
      { args: ['date', 'int64'], rest: 'int64', returns: 'date' },
      { args: ['int64', 'date'], rest: 'int64', returns: 'date' },
    ],
    fails: true,
    internal: true,
    summary: 'Sum; a date plus a number of days.',
    evaluate(args, { args: kinds, returns }) {
      if (returns.kind === 'float64') return args.reduce((a, b) => addFloats(a as number, b as number))
      if (returns.kind === 'int64') return args.reduce((a, b) => addInts(a as Int64, b as Int64))
      const at = kinds.findIndex((type) => type.kind === 'date')
      const days = args.filter((_, i) => i !== at).reduce((a, b) => addInts(a as Int64, b as Int64)) as Int64
      return shiftDate(args[at] as number, days)
    },
  }),
  defineScalarFunction('subtract', {
    signatures: [
      { args: ['int64', 'int64'], returns: 'int64' },
      { args: ['float64', 'float64'], returns: 'float64' },
      { args: ['date', 'int64'], returns: 'date' },
    ],
    fails: true,
    internal: true,
    summary: 'Difference; a date minus a number of days.',
    evaluate([a, b], { returns }) {
      if (returns.kind === 'float64') return addFloats(a as number, -(b as number), '-')
      return returns.kind === 'int64' ? subtractInts(a as Int64, b as Int64) : shiftDate(a as number, -BigInt(b as Int64))
    },
  }),
  defineScalarFunction('multiply', {
    signatures: [
      { args: ['int64', 'int64'], rest: 'int64', returns: 'int64' },
      { args: ['float64', 'float64'], rest: 'float64', returns: 'float64' },
    ],
    fails: true,
    internal: true,
    summary: 'Product.',
    evaluate: (args, { returns }) =>
      returns.kind === 'float64'
        ? args.reduce((a, b) => multiplyFloats(a as number, b as number))
        : args.reduce((a, b) => multiplyInts(a as Int64, b as Int64)),
  }),
  defineScalarFunction('divide', {
    signatures: [{ args: ['float64', 'float64'], returns: 'float64' }],
    fails: true,
    internal: true,
    summary: 'Quotient, always float64.',
    evaluate: ([a, b]) => divideFloats(a as number, b as number),
  }),
  defineScalarFunction('negate', {
    signatures: [
      { args: ['int64'], returns: 'int64' },
      { args: ['float64'], returns: 'float64' },
    ],
    fails: true,
    internal: true,
    summary: 'Value with the other sign.',
    evaluate: ([a], { returns }) => (returns.kind === 'float64' ? -(a as number) : subtractInts(0, a as Int64)),
  }),
]

function addInts(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return checkInt64(BigInt(a) + BigInt(b), a, '+', b)
}

export function subtractInts(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return checkInt64(BigInt(a) - BigInt(b), a, '-', b)
}

function multiplyInts(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    // `+ 0`: an int64 is never −0.
    if (Number.isSafeInteger(product)) return product + 0
  }
  return checkInt64(BigInt(a) * BigInt(b), a, '*', b)
}

function checkInt64(result: bigint, a: Int64, sign: string, b: Int64): Int64 {
  if (!isInt64(result))
    throw runError('RUN_OVERFLOW', `int64 overflow: ${a} ${sign} ${b}`, { hint: 'cast an operand to float64' })
  return int64Value(result)
}

function addFloats(a: number, b: number, sign: '+' | '-' = '+'): number {
  return checkFloat(a + b, a, sign, sign === '-' ? -b : b)
}

function multiplyFloats(a: number, b: number): number {
  return checkFloat(a * b, a, '*', b)
}

function divideFloats(a: number, b: number): number {
  if (b === 0) throw runError('RUN_DIVISION_BY_ZERO', `division by zero: ${a} / ${b}`, { hint: 'safe_divide gives null instead' })
  return checkFloat(a / b, a, '/', b)
}

/** An infinity or NaN may only come from operands that are not finite. */
function checkFloat(result: number, a: number, sign: string, b: number): number {
  if (result - result !== 0 && Number.isFinite(a) && Number.isFinite(b)) {
    throw runError('RUN_OVERFLOW', `float64 overflow: ${a} ${sign} ${b}`)
  }
  return result
}

/** Quotient rounded towards zero. */
export function divideInts(a: Int64, b: Int64): Value {
  if (b === 0)
    throw runError('RUN_DIVISION_BY_ZERO', `division by zero: div(${a}, ${b})`, { hint: 'nullif(x, 0) gives null instead' })
  // Exact: a quotient of large numbers taken first could round up to the next whole one.
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0
  return checkInt64(BigInt(a) / BigInt(b), a, 'div', b)
}

/** Remainder with the sign of the dividend. */
export function remainder(a: Int64, b: Int64): Value {
  if (b === 0)
    throw runError('RUN_DIVISION_BY_ZERO', `division by zero: mod(${a}, ${b})`, { hint: 'nullif(x, 0) gives null instead' })
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0
  return int64Value(BigInt(a) % BigInt(b))
}
