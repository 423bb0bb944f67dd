import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../src/base/node-host.ts'
import { batchFromRows } from '../../src/data/read.ts'
import { types, type Value } from '../../src/data/type.ts'
import type { SourceConnector } from '../../src/io/connector.ts'
import { runReference } from '../../src/testing/reference.ts'
import { agg, asc, call, col, lit, PlanBuilder, type Rows, userCall } from '../planner/build.ts'

const { int64, float64, string, date, array } = types

function run(
  plan: PlanBuilder,
  last: Rows,
  functions: readonly unknown[] = [],
  sources: Record<string, SourceConnector> = {},
): readonly (readonly Value[])[] {
  const context = {
    functions: new Map(functions.map((fn, id) => [id, fn])),
    sources: new Map(Object.entries(sources)),
    host: nodeHost(),
  }
  return runReference(plan.result(last).plan(), context).outputs.get('result')?.rows ?? []
}

function numbers(plan: PlanBuilder): Rows {
  return plan.values({ k: string, x: int64 }, [
    ['b', 1],
    ['a', 2],
    ['b', null],
    [null, 4],
    ['a', 2],
  ])
}

describe('runReference', () => {
  it('projects and filters, a null condition being false', () => {
    const plan = new PlanBuilder()
    const rows = numbers(plan)
    const large = plan.filter(rows, call('less', lit(1), col(rows, 'x')))
    expect(run(plan, plan.project(large, { y: call('add', col(large, 'x'), lit(10)) }))).toEqual([[12], [14], [12]])
  })

  it('sorts with ties by the other columns', () => {
    const plan = new PlanBuilder()
    const rows = numbers(plan)
    const sorted = plan.sort(rows, { expr: col(rows, 'k'), desc: true, nullsFirst: false })
    expect(run(plan, plan.limit(sorted, 4))).toEqual([
      ['b', null],
      ['b', 1],
      ['a', 2],
      ['a', 2],
    ])
    const other = new PlanBuilder()
    const again = numbers(other)
    expect(run(other, other.limit(other.sort(again, asc(col(again, 'k'))), 1, 1))).toEqual([['a', 2]])
  })

  it('groups nulls together, and has one group without keys', () => {
    const plan = new PlanBuilder()
    const rows = numbers(plan)
    const x = col(rows, 'x')
    const calls = { n: agg('count'), m: agg('count', [x]), s: agg('sum', [x]), d: agg('sum', [x], { distinct: true }) }
    expect(run(plan, plan.aggregate(rows, { k: col(rows, 'k') }, calls))).toEqual([
      ['b', 2, 1, 1, 1],
      ['a', 2, 2, 4, 2],
      [null, 1, 1, 4, 4],
    ])
    const none = new PlanBuilder()
    const empty = none.values({ x: int64 }, [])
    expect(run(none, none.aggregate(empty, {}, { n: agg('count'), s: agg('sum', [col(empty, 'x')]) }))).toEqual([[0, null]])
  })

  it('groups floats by value', () => {
    const plan = new PlanBuilder()
    const rows = plan.values({ f: float64 }, [[0], [-0], [Number.NaN], [Number.NaN]])
    expect(run(plan, plan.aggregate(rows, { f: col(rows, 'f') }, { n: agg('count') }))).toEqual([
      [0, 2],
      [Number.NaN, 2],
    ])
    const other = new PlanBuilder()
    expect(run(other, other.distinct(other.values({ f: float64 }, [[-0], [0], [null], [null]])))).toEqual([[0], [null]])
  })

  it('joins on equal keys only: null and NaN match nothing', () => {
    const plan = new PlanBuilder()
    const left = plan.values({ a: float64, x: int64 }, [
      [1, 1],
      [null, 2],
      [Number.NaN, 3],
      [2, 4],
    ])
    const right = plan.values({ b: float64, y: int64 }, [
      [1, 10],
      [null, 20],
      [Number.NaN, 30],
      [1, 11],
    ])
    const joined = plan.join(left, right, [[col(left, 'a'), col(right, 'b')]], {
      kind: 'left',
      residual: call('less', lit(10), col(right, 'y')),
    })
    expect(run(plan, joined)).toEqual([
      [1, 1, 1, 11],
      [null, 2, null, null],
      [Number.NaN, 3, null, null],
      [2, 4, null, null],
    ])
  })

  it('unnests, and keeps rows without items when asked', () => {
    const make = (outer: boolean) => {
      const plan = new PlanBuilder()
      const rows = plan.values({ id: int64, a: array(int64) }, [
        [1, [5, null]],
        [2, []],
        [3, null],
      ])
      return run(plan, plan.unnest(rows, col(rows, 'a'), 'item', { outer })).map(([id, , item]) => [id, item])
    }
    expect(make(false)).toEqual([
      [1, 5],
      [1, null],
    ])
    expect(make(true)).toEqual([
      [1, 5],
      [1, null],
      [2, null],
      [3, null],
    ])
  })

  it('appends inputs in turn', () => {
    const plan = new PlanBuilder()
    const a = plan.values({ x: int64 }, [[1]])
    expect(run(plan, plan.flatten(a, plan.values({ x: int64 }, [[2], [1]])))).toEqual([[1], [2], [1]])
  })

  it('gives closures elements, rows and pairs, and reads what they return', () => {
    const plan = new PlanBuilder()
    const rows = plan.values({ day: date, n: int64 }, [
      [0, 1],
      [1, 2],
      [0, 3],
    ])
    const keyed = plan.map(rows, { month: string, n: int64 }, { keys: ['month'] })
    const doubled = plan.map(keyed, { value: string }, { shape: 'flatMap', element: true })
    const kept = plan.map(doubled, {}, { shape: 'filter' })
    const emitted = plan.map(kept, { text: string, size: int64 }, { shape: 'do' })
    const functions = [
      ({ day, n }: { day: string; n: number }) => [{ month: day.slice(0, 7) }, { n }],
      ([{ month }, { n }]: [{ month: string }, { n: number }]) => [month + n, ''],
      (text: string) => text !== '',
      (text: string, emit: (row: unknown) => void) => emit({ text, size: text.length, other: 1 }),
    ]
    expect(run(plan, emitted, functions)).toEqual([
      ['1970-011', 8],
      ['1970-012', 8],
      ['1970-013', 8],
    ])
  })

  it('groups by key, the values readable once', () => {
    const plan = new PlanBuilder()
    const rows = plan.values({ k: string, n: int64 }, [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ])
    const keyed = plan.map(
      rows,
      { key: string, value: types.struct([{ name: 'n', type: int64, nullable: false }]) },
      { keys: ['key'], element: true },
    )
    const grouped = plan.groupByKey(keyed)
    const twice = plan.map(grouped, { value: int64 }, { element: true })
    const functions = [
      ({ k, n }: { k: string; n: number }) => [{ key: k }, { n }],
      ([, values]: [unknown, Iterable<{ n: number }>]) => [...values].length + [...values].length,
    ]
    expect(() => run(plan, twice, functions)).toThrowError(expect.objectContaining({ code: 'RUN_ITERABLE_REUSED' }))
  })

  it('calls user functions and user aggregates', () => {
    const plan = new PlanBuilder()
    const rows = plan.values({ d: date }, [[0], [1], [null]])
    const fn = plan.fn({ args: [date], returns: string })
    const texts = plan.project(rows, { t: userCall(fn, string, col(rows, 'd')) })
    const combine = plan.fn({ kind: 'combine' })
    const joined = plan.aggregate(texts, {}, { all: agg(combine, [col(texts, 't')], { type: string, nullable: true }) })
    const functions = [
      (text: string | null) => text?.slice(8),
      { zero: () => [], add: (all: unknown[], text: unknown) => [...all, text], extract: (all: unknown[]) => all.join() },
    ]
    expect(run(plan, joined, functions)).toEqual([['01,02,']])
  })

  it('names the function that failed and the shape that is wrong', () => {
    const fails = (fn: (row: unknown) => unknown) => () => {
      const plan = new PlanBuilder()
      return run(plan, plan.map(plan.values({ x: int64 }, [[1]]), { y: int64 }), [fn])
    }
    expect(
      fails(() => {
        throw new Error('no')
      }),
    ).toThrowError(expect.objectContaining({ code: 'RUN_FUNCTION_FAILED', message: 'fn0: no' }))
    for (const result of [1, null, { y: '1' }, Promise.resolve({ y: 1 })]) {
      expect(fails(() => result)).toThrowError(expect.objectContaining({ code: 'DATA_SHAPE_CHANGED' }))
    }
  })

  it('reads the splits of a source in turn and nets weights', () => {
    const connector = {
      kind: 'csv',
      read: ({ splitIndex, fields }) => [
        batchFromRows(fields, [[splitIndex], [7]], Int32Array.of(1, splitIndex === 0 ? 2 : -1)),
        { barrier: 0 },
      ],
    } as Partial<SourceConnector> as SourceConnector
    const plan = new PlanBuilder()
    expect(run(plan, plan.source({ x: int64 }), [], { csv: connector })).toEqual([[0], [7], [1]])
  })

  it('gives sinks what they would write', () => {
    const plan = new PlanBuilder()
    plan.sink(numbers(plan))
    const { sinks } = runReference(plan.plan(), { functions: new Map(), sources: new Map(), host: nodeHost() })
    expect(sinks.map(({ node, rows }) => [node.connector, rows.length])).toEqual([['csv', 5]])
  })
})
