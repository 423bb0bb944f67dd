import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { dropNeedlessSort } from '../../../src/planner/rules/drop-needless-sort.ts'
import { fuseTopK } from '../../../src/planner/rules/fuse-top-k.ts'
import { pushDownLimit } from '../../../src/planner/rules/push-down-limit.ts'
import { agg, asc, call, col, lit, PlanBuilder } from '../build.ts'
import { tell } from '../tell.ts'

const fields = { k: types.int64, name: types.string } as const

describe('push-down-limit', () => {
  it('passes a select and stops the source', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.limit(p.project(t, { x: call('add', col(t, 'k'), lit(1)) }), 5, 2))
    expect(tell(pushDownLimit, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ limit 5 offset 2
           └─ select k + 1 as x
              └─ from csv 'in.csv'
      →
        result result
        └─ select k + 1 as x
           └─ limit 5 offset 2
              └─ from csv 'in.csv', at most 7 rows a split
      because rows that are cut off need not be computed
      because reading stops when there are rows enough"
    `)
  })

  it('stays above what may leave rows out', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.limit(p.project(t, { x: call('add', col(t, 'k'), lit(1)) }), 5, 2))
    expect(tell(pushDownLimit, p.plan(), { onError: { policy: 'skip' } })).toMatchInlineSnapshot(`
      "unchanged
      not: a row that fails is left out, and another takes its place"
    `)
  })

  it('passes a choice of columns, which fail on no row', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.limit(p.project(t, { x: col(t, 'k') }), 5))
    expect(tell(pushDownLimit, p.plan(), { onError: { policy: 'skip' } })).toMatchInlineSnapshot(`
      "  result result
        └─ limit 5
           └─ select k as x
              └─ from csv 'in.csv'
      →
        result result
        └─ select k as x
           └─ limit 5
              └─ from csv 'in.csv', at most 5 rows a split
      because rows that are cut off need not be computed
      because reading stops when there are rows enough"
    `)
  })

  it('makes one of two limits', () => {
    const p = new PlanBuilder()
    const t = p.filter(p.source(fields), lit(true))
    p.result(p.limit(p.limit(t, 10, 5), 8, 4))
    expect(tell(pushDownLimit, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ limit 8 offset 4
           └─ limit 10 offset 5
              └─ where true
                 └─ from csv 'in.csv'
      →
        result result
        └─ limit 6 offset 9
           └─ where true
              └─ from csv 'in.csv'
      because the smaller limit holds"
    `)
  })

  it('stays above a filter, a closure with effects and a shared source', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.limit(p.filter(t, call('less', col(t, 'k'), lit(5))), 5))
    p.result(p.limit(p.map(t, { x: types.int64 }, { effects: true }), 5))
    p.result(p.limit(t, 5))
    expect(tell(pushDownLimit, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: the source has other readers, which want all of its rows
      not: fn0 may have effects on rows that are cut off"
    `)
  })
})

describe('fuse-top-k', () => {
  it('keeps the best rows instead of sorting all', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.limit(p.sort(t, asc(col(t, 'k'))), 5))
    expect(tell(fuseTopK, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ limit 5
           └─ order by k
              └─ from csv 'in.csv'
      →
        result result
        └─ top 5 by k
           └─ from csv 'in.csv'
      because each task keeps its best 5 rows instead of sorting all"
    `)
  })

  it('sorts when too many rows would be kept in memory', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.limit(p.sort(t, asc(col(t, 'k'))), 1_000_000))
    expect(tell(fuseTopK, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: 1000000 rows are too many to keep in memory (limit: 100000)"
    `)
  })
})

describe('drop-needless-sort', () => {
  it('drops a sort whose order is lost', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.aggregate(p.sort(t, asc(col(t, 'k'))), { name: col(t, 'name') }, { n: agg('count') }))
    expect(tell(dropNeedlessSort, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ aggregate count(*) as n by name
           └─ order by k
              └─ from csv 'in.csv'
      →
        result result
        └─ aggregate count(*) as n by name
           └─ from csv 'in.csv'
      because the order is lost in the aggregate anyway"
    `)
  })

  it('keeps a sort that a result or an order-dependent aggregate sees', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const s = p.sort(t, asc(col(t, 'k')))
    p.result(s)
    const algebra = { associative: true, commutative: false, idempotent: false, invertible: false }
    p.result(p.aggregate(s, {}, { all: agg(p.fn({ kind: 'combine' }), [col(t, 'k')], { algebra }) }))
    expect(tell(dropNeedlessSort, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })
})
