import { exhaustive } from '../../base/assert.ts'
import type { StructField, Type } from '../../data/type.ts'
import { sameType, types } from '../../data/type.ts'
import { aggregates } from './aggregates.ts'
import { arrays } from './arrays.ts'
import { canCast, castMayFail, casts } from './cast.ts'
import { comparisons } from './comparison.ts'
import { conditionals } from './conditional.ts'
import { dates } from './dates.ts'
import type { CallTypes, CatalogueFunction, ScalarFunction, Signature, TypePattern } from './define.ts'
import { logic } from './logic.ts'
import { numbers } from './numbers.ts'
import { operators } from './operators.ts'
import { regexps } from './regexp.ts'
import { strings } from './strings.ts'

/**
 * Names of the operators as functions: add subtract multiply divide negate, equal not_equal less less_equal greater greater_equal,
 * is_distinct_from, and or not, is_null is_not_null, concat (also `||`), like, in (value, then the list), cast safe_cast (target = type of
 * the expression), subscript (array, 0-based index), field (struct, constant name), array (constructor), struct (constructor; names from its type).
 * The types of cast, safe_cast, field and struct depend on more than the types of their arguments: the binder makes them itself.
 */
const families: readonly (readonly CatalogueFunction[])[] = [
  operators,
  comparisons,
  logic,
  casts,
  conditionals,
  numbers,
  strings,
  regexps,
  dates,
  arrays,
  aggregates,
]

const byName: ReadonlyMap<string, CatalogueFunction> = new Map(families.flat().map((fn) => [fn.name, fn]))

/** The function of this name, in any case. */
export function findFunction(name: string): CatalogueFunction | undefined {
  return byName.get(name.toLowerCase())
}

/** All names that users may write, for suggestions and docs. */
export function functionNames(): readonly string[] {
  return [...byName.values()].filter((fn) => fn.kind === 'aggregate' || !fn.internal).map((fn) => fn.name)
}

/** Can the result of a call be null, when each argument can be null as `argsNullable` says? */
export function resultNullable(fn: ScalarFunction, args: readonly Type[], argsNullable: readonly boolean[]): boolean {
  if (fn.nullable) return true
  // `=` looks into arrays and structs, whose items may be null.
  if ((fn.name === 'equal' || fn.name === 'not_equal' || fn.name === 'in') && holdsNulls(args[0])) return true
  if (fn.nullWhen === 'never') return false
  return fn.nullWhen === 'all' ? argsNullable.every(Boolean) : argsNullable.some(Boolean)
}

function holdsNulls(type: Type): boolean {
  if (type.kind === 'array') return type.nullableItems || holdsNulls(type.item)
  return type.kind === 'struct' && type.fields.some((field) => field.nullable || holdsNulls(field.type))
}

/** May a call with these types throw for some values? Casts that always succeed do not, though `cast` in general does. */
export function callMayFail(fn: ScalarFunction, callTypes: CallTypes): boolean {
  return fn.name === 'cast' ? castMayFail(callTypes.args[0], callTypes.returns) : fn.fails
}

export { canCast }

/** An argument as the binder knows it. `literal` arguments take another type when a signature asks for it. */
export interface Argument {
  type: Type | 'null'
  literal?: 'int' | 'decimal' | 'string' | 'emptyArray'
}

/**
 * Finds the signature that takes these arguments with the fewest coercions (int64 → float64; untyped numbers, `[]` and null to anything that fits;
 * string literals to date and timestamp). `types.args` are the types that the arguments are to be cast to.
 */
export function resolveCall(fn: CatalogueFunction, args: readonly Argument[]): CallTypes | undefined {
  let best: CallTypes | undefined
  let bestCost = Number.POSITIVE_INFINITY
  for (const signature of fn.signatures) {
    const patterns = expandPatterns(signature, args.length)
    if (patterns === undefined) continue
    const bound = bindVariable(patterns, args)
    if (bound === undefined) continue
    const targets = patterns.map((pattern, i) => typeOfPattern(pattern, bound, args[i]))
    let cost = 0
    for (let i = 0; i < args.length; i++) cost += coercionCost(args[i], targets[i])
    if (cost >= bestCost) continue
    bestCost = cost
    best = { args: targets, returns: typeOfPattern(signature.returns, bound, args[0]) }
  }
  return best
}

/** The type of a common branch: of the arms of a case, the items of an array, the columns of a union. */
export function commonType(args: readonly Argument[]): Type | undefined {
  return bindVariable(
    args.map(() => 'T'),
    args,
  )
}

/** One pattern an argument; undefined when the signature takes another number of them. */
function expandPatterns(signature: Signature, count: number): readonly TypePattern[] | undefined {
  const { args, rest, optional = 0 } = signature
  if (count < args.length - optional) return undefined
  if (count <= args.length) return args.slice(0, count)
  return rest === undefined ? undefined : [...args, ...Array<TypePattern>(count - args.length).fill(rest)]
}

/** The type that `T` stands for; int64 when nothing says, undefined when arguments disagree. */
function bindVariable(patterns: readonly TypePattern[], args: readonly Argument[]): Type | undefined {
  let typed: Type | undefined
  const literals = new Set<Argument['literal']>()
  for (let i = 0; i < args.length; i++) {
    const pattern = patterns[i]
    const { type, literal } = args[i]
    if ((pattern !== 'T' && pattern !== 'array<T>') || type === 'null') continue
    if (literal !== undefined && pattern === 'T') {
      literals.add(literal)
      continue
    }
    if (pattern === 'array<T>' && literal === 'emptyArray') continue
    if (pattern === 'array<T>' && type.kind !== 'array') return undefined
    const own = pattern === 'array<T>' ? (type as Type & { kind: 'array' }).item : type
    const joined = typed === undefined ? own : joinTypes(typed, own)
    if (joined === undefined) return undefined
    typed = joined
  }
  if (typed?.kind === 'js') return undefined
  return bindLiterals(typed, literals)
}

function bindLiterals(typed: Type | undefined, literals: ReadonlySet<Argument['literal']>): Type | undefined {
  const numeric = literals.has('int') || literals.has('decimal')
  if (numeric && literals.has('string')) return undefined
  if (literals.has('emptyArray')) {
    if (numeric || literals.has('string')) return undefined
    return typed === undefined ? types.array(types.int64, false) : typed.kind === 'array' ? typed : undefined
  }
  if (typed === undefined) {
    return literals.has('string') ? types.string : literals.has('decimal') ? types.float64 : types.int64
  }
  if (literals.has('string')) return isText(typed) || isTime(typed) ? typed : undefined
  if (!numeric) return typed
  if (typed.kind === 'int64') return literals.has('decimal') ? types.float64 : typed
  return typed.kind === 'float64' ? typed : undefined
}

/** The one type that both turn into without loss of meaning. */
function joinTypes(a: Type, b: Type): Type | undefined {
  if (isNumber(a) && isNumber(b)) return a.kind === 'float64' ? a : b
  if (a.kind === 'array' && b.kind === 'array') {
    // Items are not coerced one by one: arrays of different numbers need a cast.
    return sameType(a, b) ? types.array(joinNullability(a.item, b.item), a.nullableItems || b.nullableItems) : undefined
  }
  return sameType(a, b) ? joinNullability(a, b) : undefined
}

/** Two types that differ at most in which parts may be null: the one that allows all of them. */
function joinNullability(a: Type, b: Type): Type {
  if (a.kind === 'array' && b.kind === 'array')
    return types.array(joinNullability(a.item, b.item), a.nullableItems || b.nullableItems)
  if (a.kind !== 'struct' || b.kind !== 'struct') return a
  const join = (field: StructField, i: number): StructField => ({
    name: field.name,
    type: joinNullability(field.type, b.fields[i].type),
    nullable: field.nullable || b.fields[i].nullable,
  })
  return types.struct(a.fields.map(join))
}

function typeOfPattern(pattern: TypePattern, variable: Type, argument: Argument | undefined): Type {
  switch (pattern) {
    case 'T':
      return variable
    case 'array<T>':
      return types.array(variable)
    case 'array<string>':
      return types.array(types.string)
    case 'array<any>':
      return argument !== undefined && argument.type !== 'null' && argument.type.kind === 'array'
        ? argument.type
        : types.array(types.int64)
    case 'any':
      return argument === undefined || argument.type === 'null' ? types.int64 : argument.type
    case 'bool':
    case 'int64':
    case 'float64':
    case 'string':
    case 'bytes':
    case 'date':
    case 'timestamp':
      return types[pattern]
    default:
      return exhaustive(pattern)
  }
}

const impossible = Number.POSITIVE_INFINITY

/** 0 for the type itself, 1 for a literal that takes another type, 10 for a column that is coerced. */
function coercionCost({ type, literal }: Argument, target: Type): number {
  if (type === 'null') return 0
  if (literal === 'int') return target.kind === 'int64' ? 0 : target.kind === 'float64' ? 1 : impossible
  if (literal === 'decimal') return target.kind === 'float64' ? 0 : impossible
  if (literal === 'emptyArray') return target.kind !== 'array' ? impossible : sameType(type, target) ? 0 : 1
  if (literal === 'string') return isText(target) ? 0 : isTime(target) ? 1 : impossible
  if (sameType(type, target)) return 0
  return type.kind === 'int64' && target.kind === 'float64' ? 10 : impossible
}

const isNumber = (type: Type): boolean => type.kind === 'int64' || type.kind === 'float64'
const isText = (type: Type): boolean => type.kind === 'string'
const isTime = (type: Type): boolean => type.kind === 'date' || type.kind === 'timestamp'
