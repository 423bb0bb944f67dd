import { planError } from '../base/errors.ts'
import type { Type } from '../data/type.ts'
import { wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { nameOfKind } from './kind-name.ts'
import { parseTypeText, type TypeText, typeSyntaxOf } from './schema.ts'
import type { Syntax, SyntaxForm } from './syntax.ts'

/** An expression, a constant, or a `Date` as a timestamp. */
export type ExprLike<T> = Expr<T> | T

type Comparable = string | number | bigint | boolean | Date | null

/**
 * A typed expression over the columns of a row: what relational callbacks compute with. It is a description, not a value: using it with
 * JavaScript's own operators (`r.a > 1`, `${r.a}`) throws `PLAN_EXPRESSION_COERCED`.
 *
 * Null operands give null, except in `isNull`, `isNotNull`, `and`, `or` and `coalesce`.
 */
export class Expr<T = unknown> {
  declare readonly __type: T
  readonly #syntax: Syntax

  /** @internal */
  constructor(syntax: Syntax) {
    this.#syntax = syntax
  }
  /** @internal */
  get syntax(): Syntax {
    return this.#syntax
  }

  /** Sum; of an int64 and a float64 a float64. Beyond the range `RUN_OVERFLOW`. */
  add(other: ExprLike<T>): Expr<T> {
    return call('add', [this, other])
  }
  /** Difference. */
  sub(other: ExprLike<T>): Expr<T> {
    return call('subtract', [this, other])
  }
  /** Product. */
  mul(other: ExprLike<number | null>): Expr<T> {
    return call('multiply', [this, other])
  }
  /** Always a float64; by zero it is `RUN_DIVISION_BY_ZERO`. */
  div(other: ExprLike<number | null>): Expr<number> {
    return call('divide', [this, other])
  }
  /** Remainder of int64, with the sign of the dividend. */
  mod(other: ExprLike<number | null>): Expr<T> {
    return call('mod', [this, other])
  }
  /** The value with the other sign. */
  neg(): Expr<T> {
    return call('negate', [this])
  }
  /** Are they equal? Null when one of them is null. */
  eq(other: ExprLike<T | Comparable>): Expr<boolean> {
    return call('equal', [this, other])
  }
  /** Do they differ? Null when one of them is null. */
  ne(other: ExprLike<T | Comparable>): Expr<boolean> {
    return call('not_equal', [this, other])
  }
  /** Less than. Text is ordered by code points. */
  lt(other: ExprLike<T | Comparable>): Expr<boolean> {
    return call('less', [this, other])
  }
  /** Less or equal. */
  le(other: ExprLike<T | Comparable>): Expr<boolean> {
    return call('less_equal', [this, other])
  }
  /** Greater than. */
  gt(other: ExprLike<T | Comparable>): Expr<boolean> {
    return call('greater', [this, other])
  }
  /** Greater or equal. */
  ge(other: ExprLike<T | Comparable>): Expr<boolean> {
    return call('greater_equal', [this, other])
  }
  /** At least `low` and at most `high`. */
  between(low: ExprLike<T>, high: ExprLike<T>): Expr<boolean> {
    return make({ s: 'between', value: this.syntax, low: toSyntax(low), high: toSyntax(high), negated: false })
  }
  /** Is it one of the list? Null when nothing matches and a null took part. */
  isIn(list: readonly ExprLike<T>[]): Expr<boolean> {
    if (!Array.isArray(list)) throw wrongArgument('isIn', 'a list', list, "for example row.shop.isIn(['north', 'south'])")
    return make({ s: 'in', value: this.syntax, list: list.map((item) => toSyntax(item)), negated: false })
  }
  /** Does the text match, `%` being any text and `_` one character? */
  like(pattern: string): Expr<boolean> {
    return call('like', [this, pattern])
  }
  /** False when one is false, else null when one is null. */
  and(...others: readonly Expr<boolean>[]): Expr<boolean> {
    return call('and', [this, ...others])
  }
  /** True when one is true, else null when one is null. */
  or(...others: readonly Expr<boolean>[]): Expr<boolean> {
    return call('or', [this, ...others])
  }
  /** The other truth value. */
  not(): Expr<boolean> {
    return call('not', [this])
  }
  /** Is it null? Never null itself. */
  isNull(): Expr<boolean> {
    return call('is_null', [this])
  }
  /** Is there a value? Never null itself. */
  isNotNull(): Expr<boolean> {
    return call('is_not_null', [this])
  }
  /** The first of the values that is not null. */
  coalesce(...others: readonly ExprLike<NonNullable<T> | null>[]): Expr<NonNullable<T>> {
    return call('coalesce', [this, ...others])
  }
  /** Texts one after the other. */
  concat(...others: readonly ExprLike<string | null>[]): Expr<string> {
    return call('concat', [this, ...others])
  }
  /** In lower case, by the default Unicode mapping. */
  lower(): Expr<string> {
    return call('lower', [this])
  }
  /** In upper case, by the default Unicode mapping. */
  upper(): Expr<string> {
    return call('upper', [this])
  }
  /** Without white space at both ends. */
  trim(): Expr<string> {
    return call('trim', [this])
  }
  /** Number of code points of a string. */
  length(): Expr<number> {
    return call('length', [this])
  }
  /** 1-based, by code points. */
  substr(start: ExprLike<number>, length?: ExprLike<number>): Expr<string> {
    return call('substr', length === undefined ? [this, start] : [this, start, length])
  }
  /** Does the text start with the other? */
  startsWith(prefix: ExprLike<string>): Expr<boolean> {
    return call('starts_with', [this, prefix])
  }
  /** The parts between separators; code points when it is empty. */
  split(separator: string): Expr<string[]> {
    return call('split', [this, separator])
  }
  /** Item `index` of an array, from 0. */
  at(index: ExprLike<number>): Expr<T extends readonly (infer Item)[] ? Item : unknown> {
    return make({ s: 'index', of: this.syntax, index: toSyntax(index) })
  }
  /** Field `name` of a struct. */
  field<K extends keyof NonNullable<T> & string>(name: K): Expr<NonNullable<T>[K]> {
    const at = callPlace()
    return make({ s: 'field', of: this.syntax, name, nameAt: at })
  }
  /** Converts; a value that does not fit is `RUN_CAST`. */
  cast<U = unknown>(type: TypeText): Expr<U> {
    return make({ s: 'cast', value: this.syntax, type: typeSyntaxOf(parseTypeText(type), callPlace()), safe: false })
  }

  /** @internal */
  [Symbol.toPrimitive](): never {
    throw coerced()
  }
  /** @internal */
  toJSON(): never {
    throw coerced()
  }
}

function coerced(): Error {
  return planError('PLAN_EXPRESSION_COERCED', 'an expression was used as a JavaScript value', {
    at: callPlace(),
    hint: 'expressions are descriptions: write r.a.gt(1), not r.a > 1; for plain JavaScript use filter, map or flatMap',
  })
}

const make = <T>(form: SyntaxForm): Expr<T> => new Expr<T>({ at: callPlace(), ...form })

/** Calls a function of the language by its name; arguments are expressions or constants. */
export function call<T = unknown>(fn: string, args: readonly unknown[]): Expr<T> {
  const at = callPlace()
  return new Expr<T>({ at, s: 'call', fn, fnAt: at, args: args.map((arg) => toSyntax(arg)), named: [] })
}

/** An expression in the text language: `expr<number>('price * qty')`. Checked when the pipeline is bound. */
export function expr<T = unknown>(text: string): Expr<T> {
  if (typeof text !== 'string') throw wrongArgument('expr', 'a text', text, "for example expr('price * qty')")
  return new Expr<T>(textSyntax(text))
}

/** A constant as an expression. */
export function lit<T>(value: T): Expr<T> {
  return new Expr<T>(toSyntax(value))
}

/** `then` where the condition is true, else `otherwise`. */
export function when<A, B>(condition: Expr<boolean>, then: ExprLike<A>, otherwise: ExprLike<B>): Expr<A | B> {
  return make({ s: 'case', arms: [{ when: toSyntax(condition), then: toSyntax(then) }], else: toSyntax(otherwise) })
}

/** A text that is parsed before binding, so that a program without texts never loads the parser. */
export interface TextSyntax {
  at: Syntax['at']
  s: 'text'
  text: string
}
export const textSyntax = (text: string): Syntax =>
  ({ at: callPlace(), s: 'text', text }) satisfies TextSyntax as unknown as Syntax

const handleSyntax = Symbol('syntax')

/** The syntax of an expression, a row handle, or a constant. */
export function toSyntax(value: unknown): Syntax {
  if (value instanceof Expr) return value.syntax
  if ((typeof value === 'function' || typeof value === 'object') && value !== null && handleSyntax in value) {
    return (value as { [handleSyntax]: Syntax })[handleSyntax]
  }
  const at = callPlace()
  const typed = (type: Type['kind'], text: string): Syntax => ({ at, s: 'typed', type: { kind: type } as Type, text })
  switch (typeof value) {
    case 'string':
      return { at, s: 'string', value }
    case 'number':
      return Number.isFinite(value)
        ? { at, s: 'number', text: numberText(value) }
        : typed('float64', String(value).toLowerCase().replace('infinity', 'inf'))
    case 'bigint':
      return { at, s: 'number', text: String(value) }
    case 'boolean':
      return { at, s: 'bool', value }
    case 'undefined':
      throw planError('PLAN_TYPE_MISMATCH', 'an expression takes a constant, found undefined', {
        at,
        hint: 'is the name of a property or parameter misspelt? null is written null',
      })
    default:
      if (value === null) return { at, s: 'null' }
      if (value instanceof Date) return typed('timestamp', value.toISOString())
      if (Array.isArray(value)) return { at, s: 'array', items: value.map((item) => toSyntax(item)) }
      throw planError(
        'PLAN_TYPE_MISMATCH',
        `a constant must be a string, number, bigint, boolean, Date, null or an array of those, found ${nameOfKind(value)}`,
        { at, hint: 'take what is needed of it, as a string or a number' },
      )
  }
}

// 1e21 prints with an exponent, which the language reads as float64, and so it is.
const numberText = (value: number): string => (Object.is(value, -0) ? '0' : String(value))

/**
 * The argument of a relational callback. Whether the collection holds rows or elements is known only at bind, so the handle serves as both:
 * a property is the column of that name, and a property that is also a method of `Expr` can be called on the element.
 */
export function rowHandle(): unknown {
  const at = callPlace()
  const element = new Expr({ at, s: 'name', name: 'value' })
  return new Proxy(() => {}, {
    get: (_target, name) => {
      if (name === handleSyntax) return element.syntax
      if (name === Symbol.toPrimitive) throw coerced()
      if (typeof name === 'symbol') return undefined
      return columnHandle(name, element)
    },
    has: (_target, name) => name === handleSyntax,
  })
}

function columnHandle(name: string, element: Expr): unknown {
  const column = new Expr({ at: callPlace(), s: 'name', name, quoted: true })
  const method = Reflect.get(Expr.prototype, name)
  if (typeof method !== 'function' || name === 'constructor') return column
  return new Proxy(() => {}, {
    apply: (_target, _this, args) => Reflect.apply(method, element, args),
    get: (_target, key) => {
      if (key === handleSyntax) return column.syntax
      const member = Reflect.get(column, key, column)
      return typeof member === 'function' ? member.bind(column) : member
    },
    has: (_target, key) => key === handleSyntax,
  })
}
