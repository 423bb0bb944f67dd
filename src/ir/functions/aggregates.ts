import { runError } from '../../base/errors.ts'
import { canonicalValue, compareStrings, compareValues } from '../../data/compare.ts'
import { ExactSums } from '../../data/exact-sum.ts'
import { int64Value, isInt64 } from '../../data/int64.ts'
import { nearestDouble } from '../../data/rounding.ts'
import type { Type, Value } from '../../data/type.ts'
import { types } from '../../data/type.ts'
import type { Algebra } from '../expr.ts'
import type { AggregateFunction, CallTypes, Signature, TypePattern } from './define.ts'
import { defineAggregateFunction } from './define.ts'
import { checkValues, joinTexts } from './size-limit.ts'

const ordered: readonly TypePattern[] = ['bool', 'int64', 'float64', 'string', 'bytes', 'date', 'timestamp']

/**
 * Aggregate functions. None of them depends on the order of its rows.
 *
 * What a partial aggregate ships for one group, column by column, in the order of `stateTypes`:
 *
 * | function                  | state columns                                    | merge, and result                                            |
 * |---------------------------|--------------------------------------------------|--------------------------------------------------------------|
 * | count, countif            | rows int64                                       | add; the number                                              |
 * | sum(int64), avg(int64)    | low int64, high int64, rows int64                | add each; total = high · 2^32 + low; null when rows = 0      |
 * | sum(float64), avg(float64)| sum bytes: `ExactSums.serialise(group)`          | `mergeSerialised`; the bytes hold the number of rows too     |
 * | min, max, any_value       | value T, null over no rows                       | the smaller (greater) one; nulls give way                    |
 * | logical_and, logical_or   | value bool, null over no rows                    | and (or); nulls give way                                     |
 * | string_agg(x)             | values array<string>                             | concatenate; sort by code points, join with ','              |
 * | string_agg(x, separator)  | values array<string>, separator string           | the same, and the smallest separator; null over no rows      |
 * | array_agg                 | values array<T>, empty over no rows              | concatenate; sort by value, nulls first                      |
 *
 * `low` is kept between 0 and 2^32 − 1, so that sums of any number of rows never leave safe integers before they are put together.
 * sum(int64) checks its range once, at the end: whether it fails does not depend on the order of the rows.
 * avg(int64) divides the exact total by the exact count and rounds once.
 * A call with `distinct` has no partial form of its own: what is shipped are the distinct arguments.
 * Minimum and maximum of floats are NaN as soon as one value is NaN; the result is never −0.
 */
export const aggregates: readonly AggregateFunction[] = [
  defineAggregateFunction('count', {
    signatures: [
      { args: [], returns: 'int64' },
      { args: ['any'], returns: 'int64' },
    ],
    algebra: adding(),
    skipsNulls: true,
    nullable: false,
    summary: 'Number of rows, or of rows where the argument is not null.',
    stateTypes: () => [types.int64],
    evaluate: (rows) => rows.length,
  }),
  defineAggregateFunction('countif', {
    signatures: [{ args: ['bool'], returns: 'int64' }],
    algebra: adding(),
    skipsNulls: true,
    nullable: false,
    summary: 'Number of rows where the condition is true.',
    stateTypes: () => [types.int64],
    evaluate: (rows) => rows.filter(([condition]) => condition === true).length,
  }),
  defineAggregateFunction('sum', {
    signatures: [
      { args: ['int64'], returns: 'int64' },
      { args: ['float64'], returns: 'float64' },
    ],
    algebra: adding(),
    skipsNulls: true,
    nullable: true,
    summary: 'Sum of the values, exact; floats are rounded once, at the end.',
    stateTypes: sumState,
    evaluate(rows, { args }) {
      if (rows.length === 0) return null
      return args[0].kind === 'float64' ? floatSum(rows).result(0) : checkedSum(intSum(rows))
    },
  }),
  defineAggregateFunction('avg', {
    signatures: [
      { args: ['int64'], returns: 'float64' },
      { args: ['float64'], returns: 'float64' },
    ],
    algebra: adding(),
    skipsNulls: true,
    nullable: true,
    summary: 'Mean of the values: the exact sum divided by the count, rounded once.',
    stateTypes: sumState,
    evaluate(rows, { args }) {
      if (rows.length === 0) return null
      return args[0].kind === 'float64' ? floatSum(rows).average(0) : nearestDouble(intSum(rows), BigInt(rows.length))
    },
  }),
  defineAggregateFunction('min', extreme('Smallest value.', -1)),
  defineAggregateFunction('max', extreme('Greatest value.', 1)),
  defineAggregateFunction('any_value', {
    ...extreme('Some value of the group: the smallest, so that every run takes the same one.', -1),
    signatures: [{ args: ['T'], returns: 'T' }],
  }),
  defineAggregateFunction('string_agg', {
    signatures: [{ args: ['string', 'string'], optional: 1, returns: 'string' }],
    algebra: { associative: true, commutative: true, idempotent: false, invertible: false },
    skipsNulls: true,
    nullable: true,
    summary: 'Texts in ascending order, joined with the separator (default a comma).',
    stateTypes: ({ args }) =>
      args.length === 1 ? [types.array(types.string, false)] : [types.array(types.string, false), types.string],
    evaluate(rows) {
      if (rows.length === 0) return null
      const texts = rows.map(([text]) => text as string).sort(compareStrings)
      return joinTexts('string_agg', texts, smallestSeparator(rows))
    },
  }),
  defineAggregateFunction('array_agg', {
    signatures: [{ args: ['T'], returns: 'array<T>' }],
    algebra: { associative: true, commutative: true, idempotent: false, invertible: false },
    skipsNulls: false,
    nullable: true,
    summary: 'Array of all values in ascending order, nulls first.',
    stateTypes: ({ args }) => [types.array(args[0])],
    evaluate(rows, { args }) {
      if (rows.length === 0) return null
      const values = rows.map(([value]) => canonicalValue(args[0], value))
      checkValues('array_agg', args[0], values)
      return values.sort((a, b) => compareValues(args[0], a, b))
    },
  }),
  defineAggregateFunction(
    'logical_and',
    logical('Are all values true?', (rows) => rows.every(([value]) => value === true)),
  ),
  defineAggregateFunction(
    'logical_or',
    logical('Is a value true?', (rows) => rows.some(([value]) => value === true)),
  ),
]

/** Sum and count of int64 come with the lanes they are kept in; floats with their serialised exact sum. */
function sumState({ args }: CallTypes): readonly Type[] {
  return args[0].kind === 'float64' ? [types.bytes] : [types.int64, types.int64, types.int64]
}

function adding(): Algebra {
  return { associative: true, commutative: true, idempotent: false, invertible: true }
}

function extreme(summary: string, sign: 1 | -1): Omit<AggregateFunction, 'kind' | 'name'> {
  return {
    signatures: ordered.map((type): Signature => ({ args: [type], returns: type })),
    algebra: { associative: true, commutative: true, idempotent: true, invertible: false },
    skipsNulls: true,
    nullable: true,
    summary,
    stateTypes: ({ returns }) => [returns],
    evaluate: (rows, { args }) =>
      extremeOf(
        args[0],
        rows.map(([value]) => value),
        sign,
      ),
  }
}

/** The smallest (−1) or greatest (1) of values that are not null; NaN when a float is NaN; null for none. Never −0. */
export function extremeOf(type: Type, values: readonly Value[], sign: 1 | -1): Value {
  let best: Value = null
  for (const value of values) {
    if (type.kind === 'float64' && Number.isNaN(value)) return Number.NaN
    if (best === null || compareValues(type, value, best) * sign > 0) best = value
  }
  return canonicalValue(type, best)
}

function logical(
  summary: string,
  evaluate: (rows: readonly (readonly Value[])[]) => boolean,
): Omit<AggregateFunction, 'kind' | 'name'> {
  return {
    signatures: [{ args: ['bool'], returns: 'bool' }],
    algebra: { associative: true, commutative: true, idempotent: true, invertible: false },
    skipsNulls: true,
    nullable: true,
    summary,
    stateTypes: () => [types.bool],
    evaluate: (rows) => (rows.length === 0 ? null : evaluate(rows)),
  }
}

function intSum(rows: readonly (readonly Value[])[]): bigint {
  return rows.reduce((sum, [value]) => sum + BigInt(value as number | bigint), 0n)
}

/** A total as int64; `RUN_OVERFLOW` outside 64 bits. */
export function checkedSum(total: bigint): number | bigint {
  if (!isInt64(total))
    throw runError('RUN_OVERFLOW', `sum of int64 is outside 64 bits: ${total}`, { hint: 'sum cast(x as float64) instead' })
  return int64Value(total)
}

function floatSum(rows: readonly (readonly Value[])[]): ExactSums {
  const sums = new ExactSums(1)
  for (const [value] of rows) sums.add(0, value as number)
  return sums
}

function smallestSeparator(rows: readonly (readonly Value[])[]): string {
  let best: string | undefined
  for (const row of rows) {
    const separator = row.length > 1 ? (row[1] as string | null) : null
    if (separator !== null && (best === undefined || compareStrings(separator, best) < 0)) best = separator
  }
  return best ?? ','
}
