import { describe, expect, it } from 'vitest'
import { count, csv, MillraceError, type PipelineContext, pipeline, run, scratch } from '../../src/index.ts'

// Programs run without a compiler, so that anything may be given.
// biome-ignore lint/suspicious/noExplicitAny: what these tests are about
type Any = any

async function complaint(build: (p: Any, rows: Any) => Any): Promise<string> {
  const rows = [{ k: 'a', n: 1 }]
  const program = pipeline('p', {}, (p: PipelineContext) => build(p, p.of(rows)))
  const error = await run(program, {}, { backend: 'inline' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof MillraceError)) throw new Error('it did not fail as it should', { cause: error })
  const { at, hint } = error.details
  expect(at === undefined || at.file.endsWith('misuse.test.ts')).toBe(true)
  return `${error.code} ${error.message}${hint === undefined ? '' : ` | ${hint}`}`
}

it('tells that a path is no source, and what makes one', async () => {
  expect(await complaint((p) => p.read('x.csv'))).toBe(
    "PLAN_ARGUMENTS read takes a source, found a string | for example read(csv('x.csv'))",
  )
  expect(await complaint((_, rows) => rows.write())).toBe(
    "PLAN_ARGUMENTS write takes a sink, found nothing | for example write(csv('x.csv'))",
  )
})
it('tells that a constant is no aggregate', async () => {
  expect(await complaint((_, rows) => rows.aggregate({ n: count(), m: 5 }))).toBe(
    "PLAN_ARGUMENTS 'm' takes an aggregate, found a number | for example { m: count() } or { m: sum('column') }",
  )
})
it('tells that a text is no function', async () => {
  expect(await complaint((_, rows) => rows.map('n'))).toBe(
    'PLAN_ARGUMENTS map takes a function, found a string | for example map((row) => ...)',
  )
})
it('tells which parts a combiner lacks', async () => {
  expect(await complaint((_, rows) => rows.keyBy((r: { k: string }) => r.k).combineValues({ zero: () => 0 }))).toBe(
    'PLAN_ARGUMENTS combineValues takes the functions zero, add, merge and extract; missing: add, merge, extract | for example { zero: () => 0, add: (sum, value) => sum + value, merge: (a, b) => a + b, extract: (sum) => sum }',
  )
})
it('tells that a pipeline is not async', async () => {
  expect(await complaint(async (p) => p.read(csv('x.csv')))).toBe(
    "PLAN_NO_OUTPUT the function of pipeline 'p' is async | it only builds the plan and has nothing to wait for: leave out async and await",
  )
})
it('finds the verb that was meant', async () => {
  const hintOf = async (build: (p: Any, rows: Any) => unknown): Promise<string> => (await complaint(build)).split(' | ')[1]
  expect(await hintOf((_, rows) => rows.orderby('n'))).toBe("did you mean 'orderBy'?")
  expect(await hintOf((_, rows) => rows.where((r: Any) => r.n.isNul()))).toBe("did you mean 'isNull'?")
  expect(await hintOf((_, rows) => rows.sort('n'))).toBe("did you mean 'orderBy'?")
  expect(await hintOf((_, rows) => rows.select((r: Any) => ({ k: r.k.toUpperCase() })))).toBe("did you mean 'upper'?")
  expect(await hintOf((_, rows) => rows.select((r: Any) => ({ n: r.n.plus(1) })))).toBe("did you mean 'add'?")
  expect(await hintOf((_, rows) => rows.where((r: Any) => r.k.length.gt(1)))).toBe("'length' is called: .length().gt(...)")
  expect(await hintOf((_, rows) => rows.groupByKey())).toBe("collections made by keyBy have 'groupByKey'")
  expect(await hintOf((_, rows) => rows.keyBy((r: Any) => r.k).orderBy('k'))).toBe(
    "collections of rows have 'orderBy', those made by keyBy do not: map the pairs first",
  )
})

it('names a parameter that is not declared, instead of comparing with nothing', async () => {
  const failing = (params: Any, build: Any): Promise<unknown> => run(pipeline('a', params, build), {}, { backend: 'inline' })
  const withLeast = (name: string) => (p: PipelineContext, params: Any) => p.of([{ n: 1 }]).where((row) => row.n.gt(params[name]))
  await expect(failing({}, withLeast('least'))).rejects.toMatchObject({
    code: 'PLAN_UNKNOWN_PARAM',
    message: "pipeline 'a' declares no parameter 'least'",
    details: { hint: "declare it: pipeline('a', { least: 'int64' }, ...)" },
  })
  await expect(failing({ least: { type: 'int64', default: 1 } }, withLeast('leest'))).rejects.toMatchObject({
    code: 'PLAN_UNKNOWN_PARAM',
    details: { hint: "did you mean 'least'?" },
  })
})
it('refuses undefined as a constant', async () => {
  const options: Any = {}
  expect(await complaint((_, rows) => rows.where((row: Any) => row.n.gt(options.least)))).toBe(
    'PLAN_TYPE_MISMATCH an expression takes a constant, found undefined | is the name of a property or parameter misspelt? null is written null',
  )
})
it('takes a property that a row of constants lacks as null', async () => {
  const rows: Any = scratch().of([{ a: 1, b: 2 }, { a: 3 }] as Any)
  expect(await rows.toArray()).toEqual([
    { a: 1, b: 2 },
    { a: 3, b: null },
  ])
})
it('tells how the direction of a sort key is written', async () => {
  const written = "the direction is a function: orderBy(desc('n'))"
  expect(await complaint((_, rows) => rows.orderBy('n', 'desc'))).toBe(`PLAN_UNKNOWN_COLUMN unknown column 'desc' | ${written}`)
  expect(await complaint((_, rows) => rows.orderBy('n desc'))).toBe(`PLAN_UNKNOWN_COLUMN unknown column 'n desc' | ${written}`)
})
it.each(['map', 'filter', 'flatMap', 'keyBy'])('tells a forgotten return of %s', async (verb) => {
  const lost = (row: Any): void => {
    ;({ n: row.n })
  }
  expect(await complaint((_, rows) => rows[verb](lost))).toContain(`PLAN_ARGUMENTS the function of ${verb} returns nothing`)
})
it('takes functions with braces that return, throw or yield', async () => {
  const p: Any = scratch()
  const rows = p.of([{ n: 1 }])
  const first = rows.flatMap(function* (row: Any) {
    yield row.n
  })
  expect(await first.toArray()).toEqual([1])
  rows.map(() => {
    throw new Error('no')
  })
})
it('takes one condition', async () => {
  expect(await complaint((_, rows) => rows.where('n > 1', 'n < 5'))).toBe(
    'PLAN_ARGUMENTS where takes one condition, found a string | conditions are joined by .and()',
  )
})
describe('parameters of a pipeline', () => {
  const tell = async (specs: Any, given: Any): Promise<string> =>
    run(pipeline('a', specs, (p: PipelineContext) => p.of([{ n: 1 }])) as Any, given, { backend: 'inline' }).then(
      () => 'no error',
      ({ code, message, details: { hint } }) => `${code} ${message}${hint === undefined ? '' : ` | ${hint}`}`,
    )
  it('are told with name and type when a value does not fit', async () => {
    expect(await tell({ n: 'int64' }, { n: 'x' })).toBe("USAGE_PARAM parameter 'n' (int64): 'x' is not an int64")
    expect(await tell({ n: { type: 'int64', default: 'x' } }, {})).toBe(
      "PLAN_TYPE_MISMATCH the default of parameter 'n' (int64): 'x' is not an int64",
    )
  })
  it('need a type that exists, whether they are given or not', () => {
    const make = (spec: unknown) => () => pipeline('a', { n: spec } as Any, () => {})
    expect(make('int6')).toThrow("parameter 'n' has the unknown type 'int6'")
    expect(make({ default: 1 })).toThrow("parameter 'n' takes the name of its type, found nothing")
    expect(make(5)).toThrow("parameter 'n' takes the name of its type, found a number")
  })
})
