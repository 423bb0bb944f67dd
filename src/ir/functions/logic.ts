import type { ScalarFunction } from './define.ts'
import { defineScalarFunction } from './define.ts'

/** Three-valued logic: null stands for "not known". */
export const logic: readonly ScalarFunction[] = [
  defineScalarFunction('and', {
    signatures: [{ args: ['bool', 'bool'], rest: 'bool', returns: 'bool' }],
    nulls: 'custom',
    internal: true,
    summary: 'False when one is false, else null when one is null, else true.',
    evaluate: (args) => (args.includes(false) ? false : args.includes(null) ? null : true),
  }),
  defineScalarFunction('or', {
    signatures: [{ args: ['bool', 'bool'], rest: 'bool', returns: 'bool' }],
    nulls: 'custom',
    internal: true,
    summary: 'True when one is true, else null when one is null, else false.',
    evaluate: (args) => (args.includes(true) ? true : args.includes(null) ? null : false),
  }),
  defineScalarFunction('not', {
    signatures: [{ args: ['bool'], returns: 'bool' }],
    internal: true,
    summary: 'The other truth value.',
    evaluate: ([value]) => !value,
  }),
  defineScalarFunction('is_null', {
    signatures: [{ args: ['any'], returns: 'bool' }],
    nulls: 'custom',
    nullWhen: 'never',
    internal: true,
    summary: 'Is the value null?',
    evaluate: ([value]) => value === null,
  }),
  defineScalarFunction('is_not_null', {
    signatures: [{ args: ['any'], returns: 'bool' }],
    nulls: 'custom',
    nullWhen: 'never',
    internal: true,
    summary: 'Is there a value?',
    evaluate: ([value]) => value !== null,
  }),
]
