import { suggest } from '../base/did-you-mean.ts'
import { Expr } from './expr.ts'
import { PCollection, PTable } from './pcollection.ts'
import { PipelineContext } from './pipeline.ts'

const verbsOf = (made: { prototype: object }): string[] =>
  Object.getOwnPropertyNames(made.prototype).filter((name) => name !== 'constructor')

/** What other libraries, SQL and JavaScript call the same. */
const otherNames: Readonly<Record<string, string>> = {
  sort: 'orderBy',
  sortBy: 'orderBy',
  order: 'orderBy',
  groupBy: "aggregate({ ... }, { by: 'column' })",
  having: 'where',
  withColumn: 'extend',
  assign: 'extend',
  mutate: 'extend',
  union: 'flatten',
  unionAll: 'flatten',
  concat: 'flatten',
  unique: 'distinct',
  dropDuplicates: 'distinct',
  take: 'limit',
  head: 'limit',
  explode: 'unnest',
  reduce: 'aggregate',
  collect: 'toArray',
  save: 'write',
  from: 'read',
  load: 'read',
  values: 'of',
  plus: 'add',
  minus: 'sub',
  subtract: 'sub',
  times: 'mul',
  multiply: 'mul',
  divide: 'div',
  divided: 'div',
  modulo: 'mod',
  negate: 'neg',
  equals: 'eq',
  equal: 'eq',
  is: 'eq',
  neq: 'ne',
  notEquals: 'ne',
  lessThan: 'lt',
  lte: 'le',
  greaterThan: 'gt',
  gte: 'ge',
  in: 'isIn',
  includes: 'isIn',
  oneOf: 'isIn',
  matches: 'like',
  toUpperCase: 'upper',
  toLowerCase: 'lower',
  substring: 'substr',
  slice: 'substr',
  charAt: 'substr',
  trimStart: 'trim',
  trimEnd: 'trim',
  notNull: 'isNotNull',
  ifNull: 'coalesce',
  as: 'cast',
  toString: "cast('string')",
  get: 'field',
}

/** A hint for JavaScript's `x.name is not a function`, when the name is, or is near, a verb of a collection or an expression. */
export function verbHint(message: string): string | undefined {
  const [, before, name] = /(?:\.(\w+))?\.(\w+) is not a function/.exec(message) ?? []
  if (name === undefined) return undefined
  const expressions = verbsOf(Expr)
  if (expressions.includes(name) && expressions.includes(before)) return `'${before}' is called: .${before}().${name}(...)`
  if (Object.hasOwn(otherNames, name)) return `did you mean '${otherNames[name]}'?`
  const [rows, pairs] = [verbsOf(PCollection), verbsOf(PTable)]
  if (pairs.includes(name) && !rows.includes(name)) return `collections made by keyBy have '${name}'`
  if (rows.includes(name)) return `collections of rows have '${name}', those made by keyBy do not: map the pairs first`
  return suggest(name, [...rows, ...pairs, ...expressions, ...verbsOf(PipelineContext)])
}
