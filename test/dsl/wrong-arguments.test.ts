import { describe, expect, it } from 'vitest'
import {
  asc,
  avg,
  changelog,
  changes,
  count,
  csv,
  desc,
  expr,
  jsonl,
  lit,
  MillraceError,
  type PCollection,
  type PTable,
  pipeline,
  scratch,
  sum,
  text,
} from '../../src/index.ts'

// Programs run without a compiler, so that anything may be given.
// biome-ignore lint/suspicious/noExplicitAny: what these tests are about
type Any = any

const p: Any = scratch()
const rows: Any = p.of([{ k: 'a', n: 1, tags: ['x'] }])
const pairs: Any = rows.keyBy((row: Any) => row.k)
const others: Any = p.of([{ k: 'a', m: 2 }])
const elsewhere: Any = scratch().of([{ k: 'a', m: 2 }])
const combiner = { zero: () => 0, add: (a: Any) => a, merge: (a: Any) => a, extract: (a: Any) => a }
const condition = (row: Any): Any => row.n.gt(1)
const identity = (row: Any): Any => row
const nothing = (): void => {}
const record = (row: Any): Any => ({ m: row.n })

/** Calls by what they name; none of them may be taken. */
type Calls = Readonly<Record<string, () => unknown>>
const badFunctions = (verb: string, call: (...args: Any[]) => unknown): Calls => ({
  [`${verb}()`]: () => call(),
  [`${verb}(a string)`]: () => call('n'),
  [`${verb}(fn, null)`]: () => call(identity, null),
  [`${verb}(fn, a string)`]: () => call(identity, 'x'),
  [`${verb}(fn, unknown option)`]: () => call(identity, { determinstic: true }),
  [`${verb}(fn, wrong option)`]: () => call(identity, { effects: 'yes' }),
})
const badReturns = (verb: string, call: (...args: Any[]) => unknown): Calls => ({
  ...badFunctions(verb, call),
  [`${verb}(fn, returns a number)`]: () => call(identity, { returns: 5 }),
  [`${verb}(fn, returns an unknown type)`]: () => call(identity, { returns: 'text' }),
  [`${verb}(fn, returns a column without a type)`]: () => call(identity, { returns: { n: undefined } }),
})
const badColumns = (verb: string, call: (...args: Any[]) => unknown): Calls => ({
  [`${verb}(undefined)`]: () => call(undefined),
  [`${verb}(a number)`]: () => call(5),
  [`${verb}(an object)`]: () => call({ n: 1 }),
  [`${verb}(() => nothing)`]: () => call(nothing),
  [`${verb}(() => an expression)`]: () => call((row: Any) => row.n),
  [`${verb}(() => the row)`]: () => call(identity),
  [`${verb}(() => a list)`]: () => call((row: Any) => [row.n]),
  [`${verb}(async)`]: () => call(async () => ({})),
  [`${verb}(() => an object as a column)`]: () => call(() => ({ m: { n: 1 } })),
})
const badJoins = (verb: string, call: (...args: Any[]) => unknown): Calls => ({
  [`${verb}()`]: () => call(),
  [`${verb}(a string)`]: () => call('x', { on: 'k' }),
  [`${verb}(a table)`]: () => call(pairs, { on: 'k' }),
  [`${verb}(another pipeline's rows)`]: () => call(elsewhere, { on: 'k' }),
  [`${verb}(others)`]: () => call(others),
  [`${verb}(others, null)`]: () => call(others, null),
  [`${verb}(others, {})`]: () => call(others, {}),
  [`${verb}(others, using)`]: () => call(others, { using: ['k'] }),
  [`${verb}(others, on a number)`]: () => call(others, { on: 5 }),
  [`${verb}(others, on nothing)`]: () => call(others, { on: [] }),
  [`${verb}(others, on numbers)`]: () => call(others, { on: [1] }),
  [`${verb}(others, on a record of numbers)`]: () => call(others, { on: { k: 1 } }),
  [`${verb}(others, on a function)`]: () => call(others, { on: (a: Any, b: Any) => a.k.eq(b.k) }),
})
const badConnectors = (kind: string, call: (...args: Any[]) => unknown): Calls => ({
  [`${kind}()`]: () => call(),
  [`${kind}(a number)`]: () => call(5),
  [`${kind}(path, null)`]: () => call('x', null),
  [`${kind}(path, a string)`]: () => call('x', 'utf8'),
  [`${kind}(path, unknown option)`]: () => call('x', { delimeter: ';' }),
})
const badSchemas = (kind: string, call: (...args: Any[]) => unknown): Calls => ({
  ...badConnectors(kind, call),
  [`${kind}(path, schema a string)`]: () => call('x', { schema: 'n int64' }),
  [`${kind}(path, schema null)`]: () => call('x', { schema: null }),
  [`${kind}(path, schema of numbers)`]: () => call('x', { schema: { n: 1 } }),
  [`${kind}(path, schema of unknown types)`]: () => call('x', { schema: { n: 'number' } }),
})

/** By the verb's name: a verb that is not listed here fails the test below. */
const ofRows: Readonly<Record<string, Calls>> = {
  map: badReturns('map', (...args) => rows.map(...args)),
  filter: {
    ...badFunctions('filter', (...args) => rows.filter(...args)),
    'filter(fn, returns)': () => rows.filter(identity, { returns: 'bool' }),
  },
  flatMap: badReturns('flatMap', (...args) => rows.flatMap(...args)),
  parallelDo: badReturns('parallelDo', (...args) => rows.parallelDo(...args)),
  keyBy: badFunctions('keyBy', (...args) => rows.keyBy(...args)),
  where: {
    'where()': () => rows.where(),
    'where(true)': () => rows.where(true),
    'where(an object)': () => rows.where({ n: 1 }),
    'where(() => nothing)': () => rows.where(nothing),
    'where(async)': () => rows.where(async (row: Any) => row.n.gt(1)),
    'where(() => an object)': () => rows.where(() => ({ n: 1 })),
    'where(() => a comparison)': () => rows.where((row: Any) => row.n > 1),
  },
  select: {
    ...badColumns('select', (...args) => rows.select(...args)),
    'select(names and a number)': () => rows.select('k', 1),
    'select(a list)': () => rows.select(['k', 'n']),
  },
  extend: badColumns('extend', (...args) => rows.extend(...args)),
  set: badColumns('set', (...args) => rows.set(...args)),
  drop: {
    'drop(undefined)': () => rows.drop(undefined),
    'drop(a list)': () => rows.drop(['k']),
  },
  rename: {
    'rename()': () => rows.rename(),
    'rename(a string)': () => rows.rename('k', 'l'),
    'rename(to a number)': () => rows.rename({ k: 5 }),
    'rename(to nothing)': () => rows.rename({ k: undefined }),
  },
  aggregate: {
    'aggregate()': () => rows.aggregate(),
    'aggregate(an aggregate)': () => rows.aggregate(count()),
    'aggregate(a list)': () => rows.aggregate([count()]),
    'aggregate(a number)': () => rows.aggregate({ n: 5 }),
    'aggregate(null)': () => rows.aggregate({ n: null }),
    'aggregate(() => nothing)': () => rows.aggregate(nothing),
    'aggregate(aggregates, null)': () => rows.aggregate({ n: count() }, null),
    'aggregate(aggregates, a name)': () => rows.aggregate({ n: count() }, 'k'),
    'aggregate(aggregates, groupBy)': () => rows.aggregate({ n: count() }, { groupBy: 'k' }),
    'aggregate(aggregates, by a number)': () => rows.aggregate({ n: count() }, { by: 5 }),
    'aggregate(aggregates, by null)': () => rows.aggregate({ n: count() }, { by: null }),
    'aggregate(aggregates, by nothing)': () => rows.aggregate({ n: count() }, { by: nothing }),
    'sum()': () => rows.aggregate({ n: (sum as Any)() }),
    'avg(an object)': () => rows.aggregate({ n: avg({} as Any) }),
  },
  join: {
    ...badJoins('join', (...args) => rows.join(...args)),
    'join(others, kind of an unknown name)': () => rows.join(others, { on: 'k', kind: 'outer' }),
    'join(others, kind of a number)': () => rows.join(others, { on: 'k', kind: 1 }),
  },
  leftJoin: {
    ...badJoins('leftJoin', (...args) => rows.leftJoin(...args)),
    'leftJoin(others, kind)': () => rows.leftJoin(others, { on: 'k', kind: 'left' }),
  },
  unnest: {
    'unnest()': () => rows.unnest(),
    'unnest(a name)': () => rows.unnest('tags', { as: 'tag' }),
    'unnest(fn)': () => rows.unnest((row: Any) => row.tags),
    'unnest(fn, as a number)': () => rows.unnest((row: Any) => row.tags, { as: 5 }),
    'unnest(fn, unknown option)': () => rows.unnest((row: Any) => row.tags, { as: 'tag', outr: true }),
    'unnest(() => nothing)': () => rows.unnest(nothing, { as: 'tag' }),
  },
  orderBy: {
    'orderBy(undefined)': () => rows.orderBy(undefined),
    'orderBy(a number)': () => rows.orderBy(1),
    'orderBy(a function)': () => rows.orderBy(condition),
    'orderBy(an aggregate)': () => rows.orderBy(count()),
    'asc()': () => rows.orderBy((asc as Any)()),
    'desc(a number)': () => rows.orderBy(desc(1 as Any)),
  },
  limit: {
    'limit()': () => rows.limit(),
    'limit(a string)': () => rows.limit('5'),
    'limit(-1)': () => rows.limit(-1),
    'limit(1.5)': () => rows.limit(1.5),
    'limit(1, a number)': () => rows.limit(1, 5),
    'limit(1, unknown option)': () => rows.limit(1, { ofset: 5 }),
    'limit(1, offset of a string)': () => rows.limit(1, { offset: '5' }),
  },
  distinct: {},
  flatten: {
    'flatten(undefined)': () => rows.flatten(undefined),
    'flatten(a list)': () => rows.flatten([others]),
    'flatten(a table)': () => rows.flatten(pairs),
    "flatten(another pipeline's rows)": () => rows.flatten(elsewhere),
  },
  write: {
    'write()': () => rows.write(),
    'write(a path)': () => rows.write('x.csv'),
    'write(null)': () => rows.write(null),
  },
}
const ofTables: Readonly<Record<string, Calls>> = {
  map: badReturns('map', (...args) => pairs.map(...args)),
  flatMap: badReturns('flatMap', (...args) => pairs.flatMap(...args)),
  filter: badFunctions('filter', (...args) => pairs.filter(...args)),
  groupByKey: {},
  combineValues: {
    'combineValues()': () => pairs.combineValues(),
    'combineValues(a function)': () => pairs.combineValues(identity),
    'combineValues(parts that are none)': () => pairs.combineValues({ ...combiner, merge: 5 }),
    'combineValues(combiner, null)': () => pairs.combineValues(combiner, null),
    'combineValues(combiner, unknown option)': () => pairs.combineValues(combiner, { return: 'int64' }),
    'combineValues(combiner, returns a number)': () => pairs.combineValues(combiner, { returns: 5 }),
  },
}
const ofPipelines: Readonly<Record<string, Calls>> = {
  read: {
    'read()': () => p.read(),
    'read(a path)': () => p.read('x.csv'),
    'read(null)': () => p.read(null),
  },
  of: {
    'of()': () => p.of(),
    'of(a number)': () => p.of(5),
    'of(rows and null)': () => p.of([{ a: 1 }, null]),
    'of(rows of objects)': () => p.of([{ a: { b: 1 } }]),
    'of(rows, schema a string)': () => p.of([{ a: 1 }], 'a int64'),
    'of(rows, schema of numbers)': () => p.of([{ a: 1 }], { a: 1 }),
  },
  pipeline: {
    'pipeline(without a name)': () => (pipeline as Any)({}, identity),
    'pipeline(without parameters)': () => (pipeline as Any)('p', identity),
    'pipeline(without a function)': () => (pipeline as Any)('p', {}),
  },
}
const ofConnectors: Readonly<Record<string, Calls>> = {
  text: { 'text()': () => (text as Any)(), 'text(a number)': () => text(5 as Any) },
  csv: {
    ...badSchemas('csv', csv as Any),
    'csv(path, header of a string)': () => csv('x', { header: 'yes' as Any }),
    'csv(path, delimiter of a number)': () => csv('x', { delimiter: 5 as Any }),
  },
  jsonl: { ...badSchemas('jsonl', jsonl as Any), 'jsonl(path, mode true)': () => jsonl('x', { mode: true as Any }) },
  changes: badSchemas('changes', changes as Any),
  changelog: badConnectors('changelog', changelog as Any),
}
const ofExpressions: Readonly<Record<string, Calls>> = {
  isIn: { 'isIn(a string)': () => lit(1).isIn('x' as Any) },
  cast: { 'cast()': () => (lit(1) as Any).cast(), 'cast(unknown type)': () => lit(1).cast('number' as Any) },
  expr: { 'expr()': () => (expr as Any)() },
}

const verbsOf = (made: object): string[] =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(made)).filter((name) => name !== 'constructor')

it('has a look at every verb', () => {
  expect(Object.keys(ofRows).sort()).toEqual(verbsOf(rows as PCollection<unknown>).sort())
  expect(Object.keys(ofTables).sort()).toEqual(verbsOf(pairs as PTable<unknown, unknown>).sort())
  expect(Object.keys(ofPipelines)).toEqual(expect.arrayContaining(verbsOf(p)))
})

const groups = [
  ['rows', ofRows],
  ['a table', ofTables],
  ['a pipeline', ofPipelines],
  ['connectors', ofConnectors],
  ['expressions', ofExpressions],
] as const

describe.each(groups)('wrong arguments for %s', (_, verbs) => {
  const calls = Object.values(verbs).flatMap((each) => Object.entries(each))
  it.each(calls)('%s is an error with a code, a place and a hint', (_, call) => {
    const error = errorOf(call)
    expect(error).toBeInstanceOf(MillraceError)
    const { code, message, details } = error as MillraceError
    expect(code).toMatch(/^PLAN_/)
    expect(details.at?.file, message).toMatch(/wrong-arguments\.test\.ts$/)
    expect(details.at?.line).toBeGreaterThan(0)
    expect(details.hint, message).toMatch(/\w/)
    // Whole sentences about what was given, never what JavaScript printed of it.
    expect(message).not.toMatch(/undefined|\[object/)
  })
})

function errorOf(call: () => unknown): unknown {
  try {
    call()
  } catch (thrown) {
    return thrown
  }
  return 'it was taken'
}

it.each([
  ['join takes its options as an object, found a string', () => rows.join(others, 'k'), 'it has the options on, kind'],
  ["join has no option 'using'", () => rows.join(others, { using: ['k'] }), 'it has the options on, kind'],
  ["map has no option 'determinstic'", () => rows.map(identity, { determinstic: true }), "did you mean 'deterministic'?"],
  [
    'the callback of extend must return columns by name, found an Expr',
    () => rows.extend((row: Any) => row.n),
    'an object in a short function stands in parentheses: extend((row) => ({ total: row.price.mul(row.count) }))',
  ],
  ['limit takes a whole number from 0, found -1', () => rows.limit(-1), 'for example limit(10) or limit(10, { offset: 20 })'],
  [
    'flatten takes a collection of rows, found a PTable',
    () => rows.flatten(pairs),
    'those made by keyBy hold pairs: map the pairs first',
  ],
])('says: %s', (message, call, hint) => {
  expect(errorOf(call)).toMatchObject({ message, details: { hint } })
})

it('takes what is right', () => {
  rows.map(record, { returns: { m: 'int64?' }, effects: undefined })
  rows.limit(0, { offset: undefined })
  rows.leftJoin(others, { on: { k: 'k' } })
  rows.aggregate(Object.assign(Object.create(null), { n: count() }), { by: ['k'] })
})
