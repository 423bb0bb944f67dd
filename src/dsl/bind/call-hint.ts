import { findFunction } from '../../ir/functions/catalogue.ts'
import type { Syntax } from '../syntax.ts'
import { type Bound, settle } from './coerce.ts'
import { formatExact } from './exact.ts'

/** What other dialects call the functions that exist here under another name or as another form. */
const otherNames: Readonly<Record<string, string>> = {
  ...{ len: 'length', char_length: 'length', strlen: 'length', size: 'array_length', cardinality: 'array_length' },
  ...{ substring: 'substr', mid: 'substr', ucase: 'upper', lcase: 'lower', instr: 'strpos', charindex: 'strpos' },
  ...{ nvl: 'ifnull', iif: 'if', power: 'pow', ceiling: 'ceil', log: 'ln', mean: 'avg', average: 'avg' },
  ...{
    group_concat: 'string_agg',
    listagg: 'string_agg',
    collect_list: 'array_agg',
    first: 'any_value',
    bool_and: 'logical_and',
  },
  ...{ bool_or: 'logical_or', count_if: 'countif', regexp_like: 'regexp_contains', regexp_matches: 'regexp_contains' },
  ...{ datediff: 'date_diff', dateadd: 'date_add', datetrunc: 'date_trunc', to_timestamp: 'cast(... as timestamp)' },
  ...{
    to_string: 'cast(... as string)',
    to_char: 'cast(... as string)',
    str: 'cast(... as string)',
    to_date: 'cast(... as date)',
  },
  ...{ int: 'cast(... as int64)', to_number: 'cast(... as float64)', float: 'cast(... as float64)' },
}
const clocks: ReadonlySet<string> = new Set('now current_timestamp current_date current_time getdate sysdate today'.split(' '))

/** A hint for a function that other dialects have. */
export function otherFunctionName({ fn, args }: Extract<Syntax, { s: 'call' }>): string | undefined {
  const name = fn.toLowerCase()
  if (clocks.has(name)) return 'no function reads the clock: give the time as a parameter, param now timestamp'
  if (name === 'isnull' && args.length === 1) return 'write ... is null'
  if (name === 'isnull') return "did you mean 'ifnull'?"
  return Object.hasOwn(otherNames, name) ? `did you mean '${otherNames[name]}'?` : undefined
}

const equalities: ReadonlySet<string> = new Set(['equal', 'not_equal', 'is_distinct_from', 'like'])
const comparisons: ReadonlySet<string> = new Set([...equalities, 'less', 'less_equal', 'greater', 'greater_equal'])

/** A hint for operands that an operator cannot take: text never turns into a number by itself. */
export function operatorHint(fn: string, args: readonly Bound[]): string | undefined {
  const kinds = args.map((arg) => settle(arg).type.kind)
  if (fn === 'add' && kinds.every((kind) => kind === 'string')) return "texts are joined by '||'"
  if (kinds.includes('date') && kinds.includes('timestamp')) return 'cast one side: cast(... as timestamp)'
  const number = kinds.find((kind) => kind === 'int64' || kind === 'float64')
  if (number === undefined || !kinds.includes('string')) return undefined
  const [literal] = args.flatMap((arg) => (arg.literal === 'number' || arg.literal === 'string' ? [arg] : []))
  if (literal?.literal === 'number' && equalities.has(fn))
    return `the other side is a string: write '${formatExact(literal.exact)}'`
  if (literal?.literal === 'string' && comparisons.has(fn) && /^-?\d+(\.\d+)?$/.test(literal.value))
    return `the other side is a number: write ${literal.value}`
  return `cast one side: cast(... as ${fn === 'like' ? 'string' : number})`
}

/** A hint for arguments that a function cannot take but in another form. */
export function callHint(fn: string, args: readonly Bound[]): string | undefined {
  const kinds = args.map((arg) => settle(arg).type.kind)
  if (fn === 'concat' && kinds.includes('string')) return 'cast the others: cast(... as string)'
  if (fn === 'date' && kinds[0] === 'string' && kinds.length === 1) return 'write cast(... as date)'
  const [from, to] = kinds.includes('timestamp') ? ['date_', 'timestamp_'] : ['timestamp_', 'date_']
  const other = fn.startsWith(from) ? `${to}${fn.slice(from.length)}` : undefined
  const hasDay = kinds.includes('date') || kinds.includes('timestamp')
  return hasDay && other !== undefined && findFunction(other) !== undefined ? `did you mean '${other}'?` : undefined
}
