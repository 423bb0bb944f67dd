import { suggest } from '../../base/did-you-mean.ts'
import { bug, planError, resourceError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { sameType, type Type } from '../../data/type.ts'
import type { AggCall, Expr } from '../../ir/expr.ts'
import { findFunction, functionNames, resolveCall, resultNullable } from '../../ir/functions/catalogue.ts'
import type { CatalogueFunction, ScalarFunction, Signature } from '../../ir/functions/define.ts'
import { operatorSigns } from '../../ir/print-expr.ts'
import type { Syntax } from '../syntax.ts'
import { callHint, operatorHint, otherFunctionName } from './call-hint.ts'
import { argumentOf, type Bound, describeBound, tryCoerce } from './coerce.ts'
import { addExact, type Exact, multiplyExact, negateExact } from './exact.ts'

type CallSyntax = Extract<Syntax, { s: 'call' }>

/** Takes the aggregate calls of an aggregate list; gives the column that holds the result. */
export interface AggregateCollector {
  /** How many calls were added, equal ones included. */
  taken: number
  add(call: Omit<AggCall, 'column'>): Expr
}

/** Types a call of a catalogue function or operator whose arguments are bound. */
export function bindCall(call: CallSyntax, args: readonly Bound[]): Bound {
  const fn = lookUp(call)
  if (call.named.length > 0)
    throw planError('PLAN_ARGUMENTS', `'${fn.name}' takes no named arguments`, { at: call.named[0].value.at })
  if (call.distinct || call.star || call.where !== undefined) {
    const what = call.star ? '*' : call.distinct ? 'distinct' : 'where'
    throw planError('PLAN_ARGUMENTS', `'${fn.name}' is no aggregate function, so it takes no ${what}`, { at: call.fnAt })
  }
  return operatorCall(fn.name, args, call.at, call.fnAt)
}

/** The same by name, for what other syntax turns into. */
export function operatorCall(name: string, args: readonly Bound[], at: Place, fnAt: Place = at): Bound {
  checkOperands(name, args.length, maxOperands, at)
  const folded = foldExact(name, args)
  if (folded !== undefined) return { literal: 'number', exact: folded, at }
  const fn = findFunction(name)
  if (fn === undefined || fn.kind !== 'scalar') throw bug(`no scalar function '${name}'`)
  // Sums and products of mixed types are typed pair by pair, so that int64 parts stay exact: (i + j) + 0.5 adds i and j as integers.
  if (pairwise.has(name) && args.length > 2 && !isUniform(fn, args)) {
    checkOperands(name, args.length, maxPairs, at, 'operands of different types')
    return args.slice(1).reduce((left, right) => operatorCall(name, [left, right], at, fnAt), args[0])
  }
  const { exprs, returns } = resolve(fn, args, at, fnAt)
  checkWord(fn, exprs, fnAt)
  return { expr: scalarCall(fn.name, exprs, returns, at) }
}

/** A constant unit that does not exist fails on every row. */
function checkWord({ name, words }: ScalarFunction, args: readonly Expr[], fnAt: Place): void {
  const last = args.at(-1)
  if (words === undefined || last?.e !== 'constant' || typeof last.value !== 'string') return
  if (words.includes(last.value.toLowerCase())) return
  const known = [...new Set(words)]
  throw planError('PLAN_ARGUMENTS', `'${name}' has no unit '${last.value}'`, {
    at: last.at ?? fnAt,
    hint: suggest(last.value, known, `use one of ${known.join(', ')}`),
  })
}

/** A call whose arguments have their final types. */
export function scalarCall(name: string, args: readonly Expr[], type: Type, at?: Place): Expr {
  const fn = findFunction(name)
  if (fn === undefined || fn.kind !== 'scalar') throw bug(`no scalar function '${name}'`)
  const nullable = resultNullable(
    fn,
    args.map((arg) => arg.type),
    args.map((arg) => arg.nullable),
  )
  return { e: 'call', fn: name, args, type, nullable, at }
}

/**
 * When the call is of an aggregate function: what finishes it once its arguments are bound. Undefined for other functions.
 * Outside an aggregate list this is `PLAN_AGGREGATE_PLACE`.
 */
export function aggregateCall(
  call: CallSyntax,
  place: { aggregates?: AggregateCollector; insideAggregate?: boolean },
): ((args: readonly Bound[], where: Expr | undefined) => Expr) | undefined {
  const fn = lookUp(call)
  if (fn.kind !== 'aggregate') return undefined
  const { aggregates } = place
  if (aggregates === undefined) {
    throw planError(
      'PLAN_AGGREGATE_PLACE',
      place.insideAggregate
        ? `'${fn.name}' stands inside another aggregate`
        : `aggregate function '${fn.name}' outside an aggregate`,
      {
        at: call.fnAt,
        hint: place.insideAggregate
          ? 'aggregate twice, in two operators'
          : 'use the aggregate operator: |> aggregate ... group by ...',
      },
    )
  }
  if (call.named.length > 0)
    throw planError('PLAN_ARGUMENTS', `'${fn.name}' takes no named arguments`, { at: call.named[0].value.at })
  if (call.star && fn.name !== 'count') throw planError('PLAN_ARGUMENTS', `'${fn.name}' does not take *`, { at: call.fnAt })
  if (call.distinct && call.args.length === 0) throw planError('PLAN_ARGUMENTS', `distinct needs an argument`, { at: call.fnAt })
  return (args, where) => {
    const { exprs, returns } = resolve(fn, args, call.at, call.fnAt)
    const nullable = fn.nullable
    return aggregates.add({
      fn: fn.name,
      args: exprs,
      distinct: call.distinct ?? false,
      where,
      algebra: fn.algebra,
      type: returns,
      nullable,
      at: call.at,
    })
  }
}

/** JavaScript calls no function with more than 65,535 arguments, and generated loops get their constants so. */
export const maxOperands = 50_000
/** One inside the other; whoever walks the expression recurses. */
const maxPairs = 500

/** `RESOURCE_LIMIT` with a place, before the stack of something else overflows. */
export function checkOperands(fn: string, count: number, most: number, at: Place, what = 'operands'): void {
  if (count <= most) return
  throw resourceError('RESOURCE_LIMIT', `'${operatorSigns.get(fn) ?? fn}' has ${count} ${what}, more than ${most}`, {
    at,
    hint: fn === 'in' ? 'join a table of them' : 'compute parts of it in an extend before',
  })
}

const pairwise: ReadonlySet<string> = new Set(['add', 'multiply'])

function lookUp(call: CallSyntax): CatalogueFunction {
  const fn = findFunction(call.fn)
  if (fn !== undefined) return fn
  throw planError('PLAN_UNKNOWN_FUNCTION', `unknown function '${call.fn}'`, {
    at: call.fnAt,
    hint: otherFunctionName(call) ?? suggest(call.fn, functionNames(), 'import it, or see the list of functions in the docs'),
  })
}

/** Arithmetic on untyped constants alone. */
function foldExact(name: string, args: readonly Bound[]): Exact | undefined {
  const numbers: Exact[] = []
  for (const arg of args) {
    if (arg.literal !== 'number') return undefined
    numbers.push(arg.exact)
  }
  if (numbers.length === 0) return undefined
  const [first, ...others] = numbers
  switch (name) {
    case 'add':
      return others.reduce(addExact, first)
    case 'subtract':
      return others.reduce((a, b) => addExact(a, negateExact(b)), first)
    case 'multiply':
      return others.reduce(multiplyExact, first)
    case 'negate':
      return negateExact(first)
    default:
      return undefined
  }
}

function isUniform(fn: ScalarFunction, args: readonly Bound[]): boolean {
  const found = resolveCall(fn, args.map(argumentOf))
  return found !== undefined && args.every((arg, i) => arg.literal !== undefined || sameType(arg.expr.type, found.args[i]))
}

function resolve(fn: CatalogueFunction, args: readonly Bound[], at: Place, fnAt: Place): { exprs: Expr[]; returns: Type } {
  const found = resolveCall(fn, args.map(argumentOf))
  if (found === undefined || (operatorSigns.has(fn.name) && isFarFetched(args, found.args))) throw noSignature(fn, args, at, fnAt)
  const exprs = args.map((arg, i) => tryCoerce(arg, found.args[i]))
  if (exprs.includes(undefined)) throw noSignature(fn, args, at, fnAt)
  return { exprs: exprs as Expr[], returns: found.returns }
}

/** An operator reads a text as a date because it meets a date, not because `date + int64` would fit `'x' + 1`. */
function isFarFetched(args: readonly Bound[], targets: readonly Type[]): boolean {
  const isTime = (type: Type): boolean => type.kind === 'date' || type.kind === 'timestamp'
  const texts = args.some((arg, i) => arg.literal === 'string' && isTime(targets[i]))
  return texts && args.length > 1 && !args.some((arg) => arg.literal === undefined && isTime(arg.expr.type))
}

function noSignature(fn: CatalogueFunction, args: readonly Bound[], at: Place, fnAt: Place): Error {
  const js = args.find((arg) => arg.literal === undefined && arg.expr.type.kind === 'js')
  if (js !== undefined)
    return planError('PLAN_SCHEMA_UNKNOWN', 'the type of this value is not known', {
      at,
      hint: 'declare it with { returns: ... }',
    })
  const found = args.map(describeBound)
  const sign = operatorSigns.get(fn.name)
  if (sign !== undefined) {
    const hint = operatorHint(fn.name, args)
    return planError('PLAN_TYPE_MISMATCH', `'${sign}' cannot take ${found.join(' and ')}`, { at, hint })
  }
  const takes = fn.signatures.map((signature) => `${fn.name}(${formatSignature(signature)})`).join(' or ')
  const message = found.length === 0 ? `'${fn.name}' needs arguments` : `'${fn.name}' cannot take (${found.join(', ')})`
  return planError('PLAN_ARGUMENTS', message, { at: fnAt, hint: callHint(fn.name, args) ?? `it takes ${takes}` })
}

function formatSignature({ args, rest, optional = 0 }: Signature): string {
  const required = args.length - optional
  const parts = args.map((arg, i) => (i < required ? arg : `[${arg}]`))
  return [...parts, ...(rest === undefined ? [] : [`${rest}, ...`])].join(', ')
}
