import { suggest } from '../../base/did-you-mean.ts'
import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { Value } from '../../data/type.ts'
import type { ConnectorOptions, OptionSpec } from '../../io/connector.ts'
import { foldConstant } from '../../ir/fold.ts'
import type { NamedArgument, Syntax } from '../syntax.ts'
import { coerce } from './coerce.ts'
import type { ErrorList } from './context.ts'
import { bindExpression, type Names } from './expression.ts'
import { emptyScope } from './scope.ts'

/** A connector as its arguments are checked against it. */
export interface OptionTaker {
  kind: string
  positional?: string
  options: Readonly<Record<string, OptionSpec>>
}

/** The arguments of a source or sink as they stand in a program. */
export interface ConnectorCall {
  connectorAt: Place
  positional: readonly Syntax[]
  named: readonly NamedArgument[]
}

/** The options of a connector as constants, checked by name, type and closed list; undefined when some are wrong (all are reported). */
export function bindOptions(
  names: Names,
  errors: ErrorList,
  taker: OptionTaker,
  call: ConnectorCall,
): ConnectorOptions | undefined {
  const values = new Map<string, Value>()
  const done = [
    ...call.positional.map((value, i) => errors.attempt(() => bindPositional(names, taker, value, i, values))),
    ...call.named.map((argument) => errors.attempt(() => bindNamed(names, taker, argument, values))),
    errors.attempt(() => checkRequired(taker, call, values)),
  ]
  return done.includes(undefined) ? undefined : Object.freeze(Object.fromEntries(values))
}

function bindPositional(names: Names, taker: OptionTaker, value: Syntax, i: number, values: Map<string, Value>): true {
  if (taker.positional === undefined || i > 0) {
    const takes = taker.positional === undefined ? 'no argument' : 'one argument'
    throw planError('PLAN_ARGUMENTS', `'${taker.kind}' takes ${takes} without a name`, {
      at: value.at,
      hint: `options are written name => value: ${Object.keys(taker.options).join(', ')}`,
    })
  }
  values.set(taker.positional, optionValue(names, taker.options[taker.positional], taker.positional, value))
  return true
}

function bindNamed(names: Names, taker: OptionTaker, { name, value, at }: NamedArgument, values: Map<string, Value>): true {
  const known = Object.keys(taker.options)
  if (!known.includes(name)) {
    const list = known.length === 0 ? 'it takes no options' : `options: ${known.join(', ')}`
    throw planError('PLAN_UNKNOWN_OPTION', `'${taker.kind}' has no option '${name}'`, { at, hint: suggest(name, known, list) })
  }
  if (values.has(name)) throw planError('PLAN_UNKNOWN_OPTION', `option '${name}' is given twice`, { at })
  values.set(name, optionValue(names, taker.options[name], name, value))
  return true
}

function checkRequired(taker: OptionTaker, call: ConnectorCall, values: ReadonlyMap<string, Value>): true {
  const { positional, kind } = taker
  if (positional === undefined || values.has(positional) || call.positional.length > 0) return true
  throw planError('PLAN_ARGUMENTS', `'${kind}' needs a ${positional}`, { at: call.connectorAt, hint: `write ${kind}('...')` })
}

function optionValue(names: Names, spec: OptionSpec, name: string, syntax: Syntax): Value {
  const path = spec.type.kind === 'string' ? bareText(syntax) : undefined
  if (path !== undefined) {
    throw planError('PLAN_CONSTANT', `option '${name}' needs a text in quotes`, { at: syntax.at, hint: `write '${path}'` })
  }
  const expr = coerce(bindExpression({ names, scope: emptyScope }, syntax), spec.type, `option '${name}'`, syntax.at)
  const value = foldConstant(expr)
  if (value === undefined) throw planError('PLAN_CONSTANT', `option '${name}' needs a constant`, { at: syntax.at })
  if (value === null) throw planError('PLAN_CONSTANT', `option '${name}' is null`, { at: syntax.at })
  if (spec.values !== undefined && !spec.values.includes(String(value))) {
    const list = spec.values.map((allowed) => `'${allowed}'`).join(', ')
    throw planError('PLAN_TYPE_MISMATCH', `option '${name}' is one of ${list}, found '${value}'`, {
      at: syntax.at,
      hint: suggest(String(value), spec.values),
    })
  }
  return value
}

/** `data/people.csv` without its quotes, as it was parsed. */
function bareText(syntax: Syntax): string | undefined {
  if (syntax.s === 'name') return syntax.name
  if (syntax.s === 'field') {
    const folder = bareText(syntax.of)
    return folder === undefined ? undefined : `${folder}.${syntax.name}`
  }
  if (syntax.s !== 'call' || syntax.fn !== 'divide') return undefined
  const parts = syntax.args.map(bareText)
  return parts.includes(undefined) ? undefined : parts.join('/')
}
