import { equalValues } from './comparison.ts'
import type { ScalarFunction } from './define.ts'
import { defineScalarFunction } from './define.ts'

/** Choices between values. */
export const conditionals: readonly ScalarFunction[] = [
  defineScalarFunction('if', {
    signatures: [{ args: ['bool', 'T', 'T'], returns: 'T' }],
    nulls: 'custom',
    summary: 'The second argument when the condition is true, else the third.',
    evaluate: ([condition, yes, no]) => (condition === true ? yes : no),
  }),
  defineScalarFunction('coalesce', {
    signatures: [{ args: ['T'], rest: 'T', returns: 'T' }],
    nulls: 'custom',
    nullWhen: 'all',
    summary: 'The first argument that is not null.',
    evaluate: (args) => args.find((value) => value !== null) ?? null,
  }),
  defineScalarFunction('ifnull', {
    signatures: [{ args: ['T', 'T'], returns: 'T' }],
    nulls: 'custom',
    nullWhen: 'all',
    summary: 'The first argument, or the second where that is null.',
    evaluate: ([value, instead]) => value ?? instead,
  }),
  defineScalarFunction('nullif', {
    signatures: [{ args: ['T', 'T'], returns: 'T' }],
    nulls: 'custom',
    nullable: true,
    summary: 'Null where both arguments are equal, else the first.',
    evaluate: ([value, unwanted], { args }) =>
      value !== null && unwanted !== null && equalValues(args[0], value, unwanted) === true ? null : value,
  }),
]
