import { exhaustive } from '../../base/assert.ts'
import { suggest } from '../../base/did-you-mean.ts'
import { manyErrors, planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { formatType, type StructField, type Type, types, type Value } from '../../data/type.ts'
import type { Expr } from '../../ir/expr.ts'
import { canCast, commonType } from '../../ir/functions/catalogue.ts'
import type { ImportedFunction, Syntax, TypeSyntax } from '../syntax.ts'
import { type AggregateCollector, aggregateCall, bindCall, checkOperands, maxOperands, operatorCall, scalarCall } from './call.ts'
import { argumentOf, type Bound, coerce, constant, describeBound, settle } from './coerce.ts'
import { ErrorList, type Scope } from './context.ts'
import { parseExact } from './exact.ts'
import { parseTextValue } from './param-values.ts'
import { emptyScope, findColumn, findVariable, matchName, readColumn, unknownColumn } from './scope.ts'
import { FollowOn, unknownType } from './unknown.ts'

/** A parameter; one that was not given as it should has no value that anything may be computed from. */
export interface BoundParam {
  type: Type
  value: Value
  isMissing?: true
}

/** What names in expressions mean beside columns. */
export interface Names {
  params: ReadonlyMap<string, BoundParam>
  functions: readonly ImportedFunction[]
  resolveType(syntax: TypeSyntax): Type
}

/** Where an expression stands. With `aggregates` it is an item of an aggregate list; `insideAggregate` is true within their arguments. */
export interface Environment {
  names: Names
  scope: Scope
  aggregates?: AggregateCollector
  insideAggregate?: boolean
}

/** Types an expression from its leaves up; a constant that nothing gave a type stays untyped. */
export function bindExpression(env: Environment, syntax: Syntax): Bound {
  const { at } = syntax
  switch (syntax.s) {
    case 'name':
      return { expr: bindName(env, syntax) }
    case 'field':
      return { expr: bindField(env, syntax) }
    case 'index':
      return { expr: bindIndex(env, syntax) }
    case 'number':
      return { literal: 'number', exact: parseExact(syntax.text, at), at }
    case 'string':
      return { literal: 'string', value: syntax.value, at }
    case 'bool':
      return { expr: constant(syntax.value, types.bool, at) }
    case 'null':
      return { literal: 'null', at }
    case 'typed':
      return { expr: constant(parseTextValue(syntax.text, syntax.type, at), syntax.type, at) }
    case 'param':
      return { expr: bindParam(env, syntax.name, at) }
    case 'call':
      return bindCallSyntax(env, syntax)
    case 'cast':
      return { expr: bindCast(env, syntax) }
    case 'case':
      return { expr: bindCase(env, syntax) }
    case 'array':
      return syntax.items.length === 0 ? { literal: 'emptyArray', at } : { expr: bindArray(env, syntax.items, at) }
    case 'struct':
      return { expr: bindStruct(env, syntax.fields, at) }
    case 'between':
      return { expr: bindBetween(env, syntax) }
    case 'in':
      return { expr: bindIn(env, syntax) }
    default:
      return exhaustive(syntax)
  }
}

/** Several expressions; the errors of all of them are told. */
function bindAll(env: Environment, list: readonly Syntax[]): Bound[] {
  const errors = new ErrorList()
  const bound = list.map((syntax) => errors.attempt(() => bindExpression(env, syntax)))
  if (errors.errors.length > 0) throw manyErrors(errors.errors)
  if (errors.failures > 0) throw new FollowOn()
  return bound as Bound[]
}

/** The expression with its own type. */
export function bindSettled(env: Environment, syntax: Syntax): Expr {
  return settle(bindExpression(env, syntax))
}

/** The expression as a bool; `what` names its place in messages. */
export function bindPredicate(env: Environment, syntax: Syntax, what: string): Expr {
  return coerce(bindExpression(env, syntax), types.bool, what, syntax.at)
}

/** The plain column name that an unnamed item takes over: of `x` and `t.x` and `s.x` it is `x`. */
export function impliedName(syntax: Syntax): string | undefined {
  return syntax.s === 'name' || syntax.s === 'field' ? syntax.name : undefined
}

type Form<S extends Syntax['s']> = Extract<Syntax, { s: S }>

function bindName(env: Environment, { name, quoted, at }: Form<'name'>): Expr {
  const { scope } = env
  if (matchName(scope.columns, name, quoted).length === 0) {
    const variable = findVariable(scope, name)
    if (variable !== undefined) {
      const hint =
        variable.columns.length > 0 ? `write a column of it, such as ${variable.name}.${variable.columns[0].name}` : undefined
      throw planError('PLAN_UNKNOWN_COLUMN', `'${name}' is a table alias, not a column`, { at, hint })
    }
  }
  return readColumn(scope, findColumn(scope, name, at, quoted).column, at)
}

/** `a.b`: column b of range variable a, else field b of column a. */
function bindField(env: Environment, { of, name, nameAt, at }: Form<'field'>): Expr {
  if (of.s === 'name') {
    const variable = findVariable(env.scope, of.name)
    const isColumn = matchName(env.scope.columns, of.name, of.quoted).length > 0
    if (variable !== undefined) {
      const matches = matchName(variable.columns, name)
      if (matches.length === 1 && env.scope.carried.has(matches[0].column)) return readColumn(env.scope, matches[0].column, at)
      if (matches.length > 1) throw planError('PLAN_AMBIGUOUS_COLUMN', `column '${of.name}.${name}' is ambiguous`, { at })
      if (!isColumn) throw unknownColumn(env.scope, name, nameAt, variable.columns, `${of.name}.`)
    } else if (!isColumn) {
      const variables = env.scope.variables.map((candidate) => candidate.name)
      const near = suggest(of.name, [...variables, ...env.scope.columns.map((column) => column.name)])
      const hint =
        near ?? (variables.length > 0 ? `table aliases here: ${variables.join(', ')}` : 'no table has an alias here; use `as`')
      throw planError('PLAN_UNKNOWN_COLUMN', `no table alias or column '${of.name}'`, { at: of.at, hint })
    }
  }
  const struct = bindSettled(env, of)
  if (struct.type.kind !== 'struct') {
    throw planError('PLAN_TYPE_MISMATCH', `'.${name}' needs a struct, found ${formatType(struct.type)}`, { at: nameAt })
  }
  const { fields } = struct.type
  const matches = matchName(fields, name)
  if (matches.length !== 1) {
    const names = fields.map((field) => field.name)
    throw planError(
      matches.length === 0 ? 'PLAN_UNKNOWN_COLUMN' : 'PLAN_AMBIGUOUS_COLUMN',
      `the struct has ${matches.length === 0 ? 'no' : 'several'} fields '${name}'`,
      {
        at: nameAt,
        hint: suggest(name, names, `fields: ${names.join(', ')}`),
      },
    )
  }
  const [field] = matches
  return {
    e: 'call',
    fn: 'field',
    args: [struct, constant(field.name, types.string, nameAt)],
    type: field.type,
    nullable: struct.nullable || field.nullable,
    at,
  }
}

function bindIndex(env: Environment, { of, index, at }: Form<'index'>): Expr {
  const array = bindSettled(env, of)
  if (array.type.kind !== 'array')
    throw planError('PLAN_TYPE_MISMATCH', `'[...]' needs an array, found ${formatType(array.type)}`, { at })
  const position = coerce(bindExpression(env, index), types.int64, 'an array index', index.at)
  const nullable = array.nullable || position.nullable || array.type.nullableItems
  return { e: 'call', fn: 'subscript', args: [array, position], type: array.type.item, nullable, at }
}

function bindParam(env: Environment, name: string, at: Place): Expr {
  const param = env.names.params.get(name)
  // Where a constant is needed, its missing has been told.
  if (param?.type === unknownType || (param?.isMissing && env.scope === emptyScope)) throw new FollowOn()
  if (param !== undefined) return constant(param.value, param.type, at)
  const names = [...env.names.params.keys()]
  throw planError('PLAN_UNKNOWN_PARAM', `unknown parameter '@${name}'`, {
    at,
    hint: suggest(name, names, `declare it: param ${name} string`),
  })
}

function bindCallSyntax(env: Environment, call: Form<'call'>): Bound {
  const imported = matchName(env.names.functions, call.fn)[0]
  if (imported !== undefined) return { expr: bindUserCall(env, call, imported) }
  const aggregate = aggregateCall(call, env)
  if (aggregate === undefined) {
    const args = bindAll(env, call.args)
    if (call.asks !== undefined) coerce(args[0], types.bool, `'${call.asks}'`, call.at)
    return bindCall(call, args)
  }
  const inner: Environment = { ...env, aggregates: undefined, insideAggregate: true }
  const args = bindAll(inner, call.args)
  const where = call.where === undefined ? undefined : bindPredicate(inner, call.where, 'where')
  return { expr: aggregate(args, where) }
}

function bindUserCall(env: Environment, call: Form<'call'>, imported: ImportedFunction): Expr {
  if (call.distinct || call.star || call.where !== undefined || call.named.length > 0) {
    throw planError('PLAN_ARGUMENTS', `'${imported.name}' takes plain arguments only`, { at: call.fnAt })
  }
  const expected = imported.args.map(formatType).join(', ')
  if (call.args.length !== imported.args.length) {
    throw planError(
      'PLAN_ARGUMENTS',
      `'${imported.name}' takes ${imported.args.length === 1 ? '1 argument' : `${imported.args.length} arguments`}, found ${call.args.length}`,
      {
        at: call.fnAt,
        hint: `its signature is ${imported.name}(${expected}) returns ${formatType(imported.returns)}`,
      },
    )
  }
  const args = call.args.map((arg, i) =>
    coerce(bindExpression(env, arg), imported.args[i], `argument ${i + 1} of '${imported.name}'`, arg.at),
  )
  return { e: 'user', fn: imported.fn, args, type: imported.returns, nullable: true, at: call.at }
}

function bindCast(env: Environment, { value, type: typeSyntax, safe, at }: Form<'cast'>): Expr {
  const type = env.names.resolveType(typeSyntax)
  const bound = bindExpression(env, value)
  if (bound.literal === 'null') return constant(null, type, at)
  if (bound.literal === 'number' && type.kind === 'float64') return coerce(bound, type, 'cast', at)
  if (bound.literal === 'emptyArray' && type.kind === 'array') return coerce(bound, type, 'cast', at)
  const expr = settle(bound)
  if (!canCast(expr.type, type)) {
    throw planError('PLAN_TYPE_MISMATCH', `cannot cast ${formatType(expr.type)} to ${formatType(type)}`, { at })
  }
  if (expr.type.kind === type.kind && formatType(expr.type) === formatType(type)) return expr
  return { e: 'call', fn: safe ? 'safe_cast' : 'cast', args: [expr], type, nullable: safe || expr.nullable, at }
}

function bindCase(env: Environment, syntax: Form<'case'>): Expr {
  const { operand, at } = syntax
  const value = operand === undefined ? undefined : bindExpression(env, operand)
  const whens = syntax.arms.map((arm) => {
    if (value === undefined) return bindPredicate(env, arm.when, 'when')
    return settle(operatorCall('equal', [value, bindExpression(env, arm.when)], arm.when.at))
  })
  const thens = syntax.arms.map((arm) => bindExpression(env, arm.then))
  const other = syntax.else === undefined ? undefined : bindExpression(env, syntax.else)
  const results = unify(other === undefined ? thens : [...thens, other], 'the results of case', at)
  const arms = whens.map((when, i) => ({ when, then: results[i] }))
  const otherwise = other === undefined ? undefined : results[arms.length]
  return {
    e: 'case',
    arms,
    else: otherwise,
    type: results[0].type,
    nullable: otherwise === undefined || results.some((result) => result.nullable),
    at,
  }
}

function bindArray(env: Environment, items: readonly Syntax[], at: Place): Expr {
  const args = unify(bindAll(env, items), 'the items of an array', at)
  const type = types.array(
    args[0].type,
    args.some((arg) => arg.nullable),
  )
  return { e: 'call', fn: 'array', args, type, nullable: false, at }
}

function bindStruct(env: Environment, fields: Form<'struct'>['fields'], at: Place): Expr {
  const args = fields.map((field) => bindSettled(env, field.value))
  const structFields = fields.map((field, i): StructField => {
    return { name: field.name ?? impliedName(field.value) ?? `_c${i}`, type: args[i].type, nullable: args[i].nullable }
  })
  const twice = structFields.find((field, i) => structFields.findIndex((other) => other.name === field.name) < i)
  if (twice !== undefined) throw planError('PLAN_DUPLICATE_COLUMN', `the struct has two fields '${twice.name}'`, { at })
  return { e: 'call', fn: 'struct', args, type: types.struct(structFields), nullable: false, at }
}

function bindBetween(env: Environment, syntax: Form<'between'>): Expr {
  const { at } = syntax
  const [value, least, most] = bindAll(env, [syntax.value, syntax.low, syntax.high])
  const low = operatorCall('greater_equal', [value, least], at)
  const high = operatorCall('less_equal', [value, most], at)
  const both = settle(operatorCall('and', [low, high], at))
  return syntax.negated ? settle(operatorCall('not', [{ expr: both }], at)) : both
}

function bindIn(env: Environment, syntax: Form<'in'>): Expr {
  const { at } = syntax
  const isNumbers = syntax.list.every((item) => item.s === 'number')
  checkOperands('in', syntax.list.length, isNumbers ? maxNumbers : maxOperands, at)
  const args = unify(bindAll(env, [syntax.value, ...syntax.list]), "the operands of 'in'", at)
  const found = scalarCall('in', args, types.bool, at)
  return syntax.negated ? settle(operatorCall('not', [{ expr: found }], at)) : found
}

/** Numbers stand in the generated loops themselves, other constants are arguments of them. */
const maxNumbers = 100_000

/** All of them as their common type. */
function unify(bounds: readonly Bound[], what: string, at: Place): Expr[] {
  const type = commonType(bounds.map(argumentOf))
  if (type === undefined) {
    const found = [...new Set(bounds.map(describeBound))].slice(0, 5).join(', ')
    throw planError('PLAN_TYPE_MISMATCH', `${what} have no common type: ${found}`, { at, hint: 'cast them to one type' })
  }
  return bounds.map((bound) => coerce(bound, type, what, at))
}
