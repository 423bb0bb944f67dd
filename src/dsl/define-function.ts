import { planError } from '../base/errors.ts'
import type { ValueOfType } from './schema.ts'

/** The name under which copies of this package recognise each other's definitions. */
const definitionTag = Symbol.for('millrace.scalar-function')

/** A type as `.flow` text: `'int64'`, `'array<string>'`, `'struct<a int64, b string>'`. */
type FlowTypeText = string

/** The JavaScript value of a type text; `unknown` where only the text language can read it. */
type ArgumentOf<S> = [ValueOfType<S>] extends [never] ? unknown : ValueOfType<S>
type ArgumentsOf<A extends readonly FlowTypeText[]> = { -readonly [I in keyof A]: ArgumentOf<A[I]> }

/** A function for text programs together with its types: what `defineScalar` gives. */
export interface ScalarDefinition {
  readonly args: readonly string[]
  readonly returns: string
  readonly deterministic?: boolean
  /** What is called; null arguments never reach the user's function. */
  readonly fn: (...args: never[]) => unknown
}

/**
 * Describes a function of one row's values, to be imported by `.flow` programs.
 *
 * A null argument gives null without calling `fn`, as for most built-in functions; `fn` itself may return null.
 *
 * @param spec.args - type of each argument as `.flow` text: `['string', 'array<int64>']`.
 * @param spec.returns - type of the result.
 * @param spec.fn - the function; called once a row, in any order, in any thread.
 * @param spec.deterministic - do equal arguments give equal results? Default: unless its text uses the clock or random numbers.
 * @throws {@link MillraceError} `PLAN_ARGUMENTS` when `fn` is no function.
 */
export function defineScalar<const Args extends readonly FlowTypeText[], const Returns extends FlowTypeText>(spec: {
  args: Args
  returns: Returns
  fn: (...args: ArgumentsOf<Args>) => ArgumentOf<Returns> | null
  deterministic?: boolean
}): ScalarDefinition {
  if (typeof spec.fn !== 'function')
    throw planError('PLAN_ARGUMENTS', "defineScalar needs a function, 'fn'", {
      hint: "write defineScalar({ args: ['string'], returns: 'string', fn: ... })",
    })
  const { args, returns, deterministic } = spec
  return Object.freeze({
    args,
    returns,
    fn: nullForNull(spec.fn),
    user: spec.fn,
    ...(deterministic === undefined ? {} : { deterministic }),
    [definitionTag]: true,
  })
}

/** What is called for an export that text programs import: the same for a definition and for a plain function. */
export function callableOf(exported: ScalarDefinition | ((...args: never[]) => unknown)): (...args: never[]) => unknown {
  return typeof exported === 'function' ? nullForNull(exported) : exported.fn
}

const nullForNull = (user: (...args: never[]) => unknown): ((...args: never[]) => unknown) => {
  const fn = user as (...args: unknown[]) => unknown
  return (...args: unknown[]) => (args.includes(null) ? null : fn(...args))
}

/** Was this made by `defineScalar`, be it of another copy of this package? */
export function isScalarDefinition(value: unknown): value is ScalarDefinition & { user: Function } {
  return typeof value === 'object' && value !== null && definitionTag in value
}
