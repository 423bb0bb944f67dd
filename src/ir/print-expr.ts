import { exhaustive } from '../base/assert.ts'
import { formatDate, formatTimestamp } from '../data/civil.ts'
import { formatType, type Type, type Value } from '../data/type.ts'
import type { ColumnId, Expr, SortKey } from './expr.ts'

/** How text spells the functions that are operators. */
export const operatorSigns: ReadonlyMap<string, string> = new Map([
  ['add', '+'],
  ['subtract', '-'],
  ['multiply', '*'],
  ['divide', '/'],
  ['negate', '-'],
  ['equal', '='],
  ['not_equal', '!='],
  ['less', '<'],
  ['less_equal', '<='],
  ['greater', '>'],
  ['greater_equal', '>='],
  ['and', 'and'],
  ['or', 'or'],
  ['not', 'not'],
  ['like', 'like'],
  ['is_distinct_from', 'is distinct from'],
  ['is_null', 'is null'],
  ['is_not_null', 'is not null'],
])

/**
 * An expression as text, in the spelling of `.flow` where it has one; every operator stands in parentheses, so that nothing depends on
 * precedence.
 *
 * @param columnName - how a column is shown; default: `#` and its id.
 */
export function printExpr(expr: Expr, columnName: (column: ColumnId) => string = (column) => `#${column}`): string {
  const print = (part: Expr): string => printExpr(part, columnName)
  switch (expr.e) {
    case 'column':
      return columnName(expr.column)
    case 'constant':
      return printValue(expr.value, expr.type)
    case 'user':
      return `${expr.fn.label}(${expr.args.map(print).join(', ')})`
    case 'case': {
      const arms = expr.arms.map(({ when, then }) => `when ${print(when)} then ${print(then)} `).join('')
      return `case ${arms}${expr.else === undefined ? '' : `else ${print(expr.else)} `}end`
    }
    case 'call':
      return printCall(expr.fn, expr.args, expr.type, print)
    default:
      return exhaustive(expr)
  }
}

function printCall(fn: string, args: readonly Expr[], type: Type, print: (part: Expr) => string): string {
  if (fn === 'is_null' || fn === 'is_not_null') return `(${print(args[0])} ${operatorSigns.get(fn)})`
  const sign = operatorSigns.get(fn)
  if (sign !== undefined && args.length > 1) return `(${args.map(print).join(` ${sign} `)})`
  if (sign !== undefined) return fn === 'negate' ? `-${print(args[0])}` : `${sign} ${print(args[0])}`
  if (fn === 'cast' || fn === 'safe_cast') return `${fn}(${print(args[0])} as ${formatType(type)})`
  if (fn === 'in') return `(${print(args[0])} in (${args.slice(1).map(print).join(', ')}))`
  if (fn === 'subscript') return `${print(args[0])}[${print(args[1])}]`
  if (fn === 'array') return `[${args.map(print).join(', ')}]`
  if (fn === 'field' && args[1].e === 'constant') return `${print(args[0])}.${args[1].value}`
  if (fn === 'struct' && type.kind === 'struct') {
    const { fields } = type
    return `struct(${args.map((arg, i) => `${print(arg)} as ${fields[i].name}`).join(', ')})`
  }
  return `${fn}(${args.map(print).join(', ')})`
}

/** `a desc nulls first`; the default place of nulls is left out. */
export function printSortKey({ expr, desc, nullsFirst }: SortKey, columnName?: (column: ColumnId) => string): string {
  const nulls = nullsFirst === !desc ? '' : nullsFirst ? ' nulls first' : ' nulls last'
  return `${printExpr(expr, columnName)}${desc ? ' desc' : ''}${nulls}`
}

const maxText = 60

/** A value as text: dates and timestamps by their type, long texts cut. */
export function printValue(value: Value, type?: Type): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return quote(value.length > maxText ? `${value.slice(0, maxText)}…` : value)
  if (typeof value === 'object') return printCompound(value, type)
  if (type?.kind === 'date') return `date '${formatDate(Number(value))}'`
  if (type?.kind === 'timestamp') return `timestamp '${formatTimestamp(value as number | bigint)}'`
  return String(value)
}

function printCompound(value: Exclude<Value, null | boolean | number | bigint | string>, type: Type | undefined): string {
  if (value instanceof Uint8Array) return `x'${Buffer.from(value.subarray(0, maxText)).toString('hex')}'`
  if (isList(value))
    return `[${value.map((item) => printValue(item, type?.kind === 'array' ? type.item : undefined)).join(', ')}]`
  const typeOf = (name: string) => (type?.kind === 'struct' ? type.fields.find((field) => field.name === name)?.type : undefined)
  return `{${Object.entries(value)
    .map(([name, item]) => `${name}: ${printValue(item, typeOf(name))}`)
    .join(', ')}}`
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`
