import { runError } from '../../base/errors.ts'
import type { Int64 } from '../../data/int64.ts'
import { int64Value, isInt64 } from '../../data/int64.ts'
import type { Value } from '../../data/type.ts'
import { extremeOf } from './aggregates.ts'
import { roundHalfAway } from './cast.ts'
import { orderedTypes } from './comparison.ts'
import type { CallTypes, ScalarFunction, Signature } from './define.ts'
import { defineScalarFunction } from './define.ts'
import { divideInts, remainder, subtractInts } from './operators.ts'

/** Numbers. Functions that JavaScript's Math has are V8's; they are the same on every backend because no other one computes them. */
export const numbers: readonly ScalarFunction[] = [
  eitherNumber('abs', 'Value without its sign.', {
    fails: true,
    int: (x) => (x < 0 ? subtractInts(0, x) : x),
    float: Math.abs,
  }),
  eitherNumber('sign', 'Sign of a value: -1, 0 or 1.', { int: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0), float: (x) => Math.sign(x) }),
  eitherNumber('trunc', 'Whole part of a value.', { int: (x) => x, float: Math.trunc }),
  eitherNumber('ceil', 'Smallest whole number that is not below the value.', { int: (x) => x, float: Math.ceil }),
  eitherNumber('floor', 'Greatest whole number that is not above the value.', { int: (x) => x, float: Math.floor }),
  defineScalarFunction('round', {
    signatures: [
      { args: ['int64', 'int64'], optional: 1, returns: 'int64' },
      { args: ['float64', 'int64'], optional: 1, returns: 'float64' },
    ],
    fails: true,
    summary:
      'Nearest whole number, or number with so many decimals, halves away from zero; negative decimals round to tens, hundreds, ….',
    evaluate: ([value, digits = 0], { returns }) =>
      returns.kind === 'int64' ? roundInt(value as Int64, digits as Int64) : roundFloat(value as number, digits as Int64),
  }),
  defineScalarFunction('mod', {
    signatures: [{ args: ['int64', 'int64'], returns: 'int64' }],
    fails: true,
    summary: 'Remainder of the division of whole numbers, with the sign of the dividend.',
    evaluate: ([a, b]) => remainder(a as Int64, b as Int64),
  }),
  defineScalarFunction('div', {
    signatures: [{ args: ['int64', 'int64'], returns: 'int64' }],
    fails: true,
    summary: 'Quotient of whole numbers, rounded towards zero.',
    evaluate: ([a, b]) => divideInts(a as Int64, b as Int64),
  }),
  floatFunction('pow', 'First argument to the power of the second.', Math.pow, 2),
  floatFunction('sqrt', 'Square root.', Math.sqrt),
  floatFunction('exp', 'e to the power of the value.', Math.exp),
  floatFunction('ln', 'Natural logarithm.', Math.log),
  floatFunction('log10', 'Logarithm to base 10.', Math.log10),
  extreme('greatest', 'Greatest of the values; NaN when one is NaN.', 1),
  extreme('least', 'Smallest of the values; NaN when one is NaN.', -1),
  defineScalarFunction('safe_divide', {
    signatures: [{ args: ['float64', 'float64'], returns: 'float64' }],
    nullable: true,
    summary: 'Quotient, or null where the division fails.',
    evaluate([a, b]) {
      const quotient = (a as number) / (b as number)
      if (b === 0) return null
      return Number.isFinite(quotient) || !Number.isFinite(a) || !Number.isFinite(b) ? quotient : null
    },
  }),
  defineScalarFunction('ieee_divide', {
    signatures: [{ args: ['float64', 'float64'], returns: 'float64' }],
    summary: 'Quotient by the rules of IEEE 754: infinities and NaN instead of errors.',
    evaluate: ([a, b]) => (a as number) / (b as number),
  }),
  floatTest('is_nan', 'Is the value NaN?', Number.isNaN),
  floatTest('is_inf', 'Is the value an infinity?', (x) => x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY),
]

function eitherNumber(
  name: string,
  summary: string,
  how: { fails?: boolean; int: (x: Int64) => Int64; float: (x: number) => number },
): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: [
      { args: ['int64'], returns: 'int64' },
      { args: ['float64'], returns: 'float64' },
    ],
    fails: how.fails ?? false,
    summary,
    evaluate: ([x], { returns }) => (returns.kind === 'int64' ? how.int(x as Int64) : how.float(x as number)),
  })
}

function floatFunction(name: string, summary: string, compute: (...args: number[]) => number, arity = 1): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: [{ args: Array.from({ length: arity }, () => 'float64' as const), returns: 'float64' }],
    fails: true,
    summary,
    evaluate: (args) => checkedResult(name, args as readonly number[], compute(...(args as number[]))),
  })
}

/** Passes a result on, unless it is NaN though no argument is, or infinite though the arguments are finite. */
function checkedResult(name: string, args: readonly number[], result: number): number {
  if (Number.isFinite(result) || args.some(Number.isNaN)) return result
  const outsideDomain = Number.isNaN(result) || name === 'ln' || name === 'log10'
  if (!Number.isNaN(result) && !args.every(Number.isFinite)) return result
  if (outsideDomain) throw runError('RUN_ARGUMENT', `${name} is not defined for ${args.join(', ')}`)
  throw runError('RUN_OVERFLOW', `float64 overflow: ${name}(${args.join(', ')})`)
}

function floatTest(name: string, summary: string, test: (x: number) => boolean): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: [{ args: ['float64'], returns: 'bool' }],
    summary,
    evaluate: ([x]) => test(x as number),
  })
}

function extreme(name: string, summary: string, sign: 1 | -1): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: orderedTypes.map((type): Signature => ({ args: [type], rest: type, returns: type })),
    summary,
    evaluate: (args: readonly Value[], { returns }: CallTypes) => extremeOf(returns, args, sign),
  })
}

/** To a power of ten, halves away from zero. */
function roundInt(value: Int64, digits: Int64): Int64 {
  if (digits >= 0) return value
  if (digits < -19) return 0
  const rounded = roundToMultiple(BigInt(value), 10n ** BigInt(-digits))
  if (!isInt64(rounded)) throw runError('RUN_OVERFLOW', `int64 overflow: round(${value}, ${digits})`)
  return int64Value(rounded)
}

/** The decimal is chosen by the exact binary value: round(1.005, 2) is 1, since the double lies below 1.005. */
function roundFloat(value: number, digits: Int64): number {
  if (!Number.isFinite(value)) return value
  if (digits === 0) return roundHalfAway(value)
  if (digits > 0) {
    // From 1e21 on toFixed gives up, but all doubles are whole long before; and 100 is as far as it goes.
    return Math.abs(value) >= 2 ** 53 || digits > 100 ? value : Number(value.toFixed(Number(digits)))
  }
  if (digits < -309) return 0
  const rounded = Number(roundToMultiple(BigInt(Math.trunc(value)), 10n ** BigInt(-digits)))
  if (!Number.isFinite(rounded)) throw runError('RUN_OVERFLOW', `float64 overflow: round(${value}, ${digits})`)
  return rounded
}

/** The multiple of an even number of at least 10 that is nearest, halves away from zero; a fraction cut off before cannot change it. */
function roundToMultiple(value: bigint, multiple: bigint): bigint {
  if (value < 0n) return -roundToMultiple(-value, multiple)
  const rest = value % multiple
  return rest * 2n >= multiple ? value - rest + multiple : value - rest
}
