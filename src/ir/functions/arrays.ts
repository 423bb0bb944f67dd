import { runError } from '../../base/errors.ts'
import { fieldOf } from '../../data/compare.ts'
import type { Value } from '../../data/type.ts'
import type { ScalarFunction } from './define.ts'
import { defineScalarFunction } from './define.ts'
import { checkValues, joinTexts } from './size-limit.ts'

/** Arrays and structs. */
export const arrays: readonly ScalarFunction[] = [
  defineScalarFunction('array', {
    signatures: [{ args: [], rest: 'T', returns: 'array<T>' }],
    nulls: 'custom',
    nullWhen: 'never',
    fails: true,
    internal: true,
    summary: 'Array of the arguments.',
    evaluate(args, { returns }) {
      checkValues('array', returns, [args])
      return args
    },
  }),
  defineScalarFunction('struct', {
    signatures: [{ args: [], rest: 'any', returns: 'any' }],
    nulls: 'custom',
    nullWhen: 'never',
    fails: true,
    internal: true,
    summary: 'Struct of the arguments.',
    evaluate(args, { returns }) {
      const fields = returns.kind === 'struct' ? returns.fields : []
      const struct = Object.fromEntries(fields.map((field, i) => [field.name, args[i]]))
      checkValues('struct', returns, [struct])
      return struct
    },
  }),
  defineScalarFunction('field', {
    signatures: [{ args: ['any', 'string'], returns: 'any' }],
    internal: true,
    nullable: true,
    summary: 'Field of a struct.',
    evaluate: ([struct, name]) => fieldOf(struct, name as string),
  }),
  defineScalarFunction('subscript', {
    signatures: [{ args: ['array<T>', 'int64'], returns: 'T' }],
    fails: true,
    internal: true,
    nullable: true,
    summary: 'Item of an array, counted from 0.',
    evaluate([array, index]) {
      const items = array as readonly Value[]
      // A bigint is beyond every array.
      if (typeof index !== 'number' || index < 0 || index >= items.length) {
        throw runError('RUN_ARGUMENT', `array index ${index} is outside an array of ${items.length}`, {
          hint: 'indexes count from 0',
        })
      }
      return items[index]
    },
  }),
  defineScalarFunction('array_length', {
    signatures: [{ args: ['array<any>'], returns: 'int64' }],
    summary: 'Number of items.',
    evaluate: ([array]) => (array as readonly Value[]).length,
  }),
  defineScalarFunction('array_concat', {
    signatures: [{ args: ['array<T>'], rest: 'array<T>', returns: 'array<T>' }],
    fails: true,
    summary: 'All items of the arrays, one array after the other.',
    evaluate(args, { returns }) {
      checkValues('array_concat', returns, args)
      return (args as readonly (readonly Value[])[]).flat(1)
    },
  }),
  defineScalarFunction('array_to_string', {
    signatures: [{ args: ['array<string>', 'string', 'string'], optional: 1, returns: 'string' }],
    fails: true,
    summary: 'Items joined with a separator; nulls are left out, or stand as the third argument.',
    evaluate([array, separator, nullText]) {
      const items = array as readonly (string | null)[]
      const texts =
        nullText === undefined ? items.filter((item) => item !== null) : items.map((item) => item ?? (nullText as string))
      return joinTexts('array_to_string', texts, separator as string)
    },
  }),
]
