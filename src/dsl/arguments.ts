import { suggest } from '../base/did-you-mean.ts'
import { type MillraceError, planError } from '../base/errors.ts'
import { callPlace } from './call-place.ts'
import { nameOfKind } from './kind-name.ts'

// Programs in JavaScript run without a compiler, so that anything may be given to a verb. What does not fit is told where it is given.

/** `PLAN_ARGUMENTS`: what a verb takes, what it got, and how it is written. */
export function wrongArgument(verb: string, takes: string, given: unknown, hint: string): MillraceError {
  return planError('PLAN_ARGUMENTS', `${verb} takes ${takes}, found ${nameOfKind(given)}`, { at: callPlace(), hint })
}

/** Is it an object with keys of the user's own, rather than something that has a class? */
export function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false
  const prototype = Object.getPrototypeOf(given)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** What an option holds; `other` is left to the verb. */
type OptionKind = 'boolean' | 'string' | 'other'

/** The options of a verb, of which all must be known. Those given as undefined are not given. */
export function optionsOf<T extends object>(verb: string, given: T | undefined, kinds: Readonly<Record<string, OptionKind>>): T {
  const names = Object.keys(kinds)
  if (given === undefined) return {} as T
  if (!isRecord(given)) throw wrongArgument(verb, 'its options as an object', given, `it has the options ${names.join(', ')}`)
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(kinds, name)) {
      throw planError('PLAN_UNKNOWN_OPTION', `${verb} has no option '${name}'`, {
        at: callPlace(),
        hint: suggest(name, names, `it has the options ${names.join(', ')}`),
      })
    }
    const kind = kinds[name]
    if (value === undefined || kind === 'other' || typeof value === kind) continue
    const example = kind === 'boolean' ? 'true' : `'...'`
    throw wrongArgument(verb, `a ${kind} as '${name}'`, value, `for example { ${name}: ${example} }`)
  }
  return given
}

/** Names of columns; `hint` shows how the verb is written. */
export function namesOf(verb: string, given: readonly unknown[], hint: string): readonly string[] {
  for (const name of given) if (typeof name !== 'string') throw wrongArgument(verb, 'names of columns', name, hint)
  return given as readonly string[]
}

/** What a callback of a verb computes: columns by name. */
export function recordOf(verb: string, given: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(given)) return given
  throw planError('PLAN_ARGUMENTS', `the callback of ${verb} must return columns by name, found ${nameOfKind(given)}`, {
    at: callPlace(),
    hint: `an object in a short function stands in parentheses: ${verb}((row) => ({ total: row.price.mul(row.count) }))`,
  })
}

/** What a callback of a verb computes, when it is one expression. */
export function expressionOf(verb: string, given: unknown): unknown {
  if (given !== undefined && !(given instanceof Promise)) return given
  throw planError('PLAN_ARGUMENTS', `the callback of ${verb} must return an expression, found ${nameOfKind(given)}`, {
    at: callPlace(),
    hint: `a function with braces needs a return: ${verb}((row) => { return row.price.gt(1) })`,
  })
}

/** What a callback of a verb computes, when it is a condition. A plain boolean is what operators of JavaScript make of an expression. */
export function conditionOf(verb: string, given: unknown): unknown {
  if (typeof given !== 'boolean') return expressionOf(verb, given)
  throw planError('PLAN_EXPRESSION_COERCED', `the callback of ${verb} must return an expression, found the boolean ${given}`, {
    at: callPlace(),
    hint: `conditions are made by methods: row.price.eq(1), not row.price === 1; one that is the same on every row is lit(${given})`,
  })
}
