import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { pruneColumns } from '../../../src/planner/rules/prune-columns.ts'
import { agg, asc, call, col, lit, PlanBuilder } from '../build.ts'
import { tell } from '../tell.ts'

const fields = { k: types.int64, name: types.string, city: types.string, tags: 'array<string>' } as const

describe('prune-columns', () => {
  it('reads only what is used, and drops unused aggregates', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const g = p.aggregate(t, { city: col(t, 'city') }, { n: agg('count'), total: agg('sum', [col(t, 'k')]) })
    p.result(p.project(g, { city: col(g, 'city'), n: col(g, 'n') }))
    expect(tell(pruneColumns, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ select city, n
           └─ aggregate count(*) as n, sum(k) as total by city
              └─ from csv 'in.csv'
      →
        result result
        └─ select city, n
           └─ aggregate count(*) as n by city
              └─ from csv 'in.csv', columns city
      because reads 1 of 4 columns, nobody uses the others
      because computes 2 of 3 columns, nobody uses the others"
    `)
  })

  it('asks for what closures read', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.map(t, { x: types.int64 }, { reads: ['name'] }))
    expect(tell(pruneColumns, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ map fn0
           └─ from csv 'in.csv'
      →
        result result
        └─ map fn0
           └─ from csv 'in.csv', columns name
      because reads 1 of 4 columns, nobody uses the others"
    `)
  })

  it('reads everything for a closure that may read everything', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.map(t, { x: types.int64 }))
    expect(tell(pruneColumns, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })

  it('carries only needed columns into a join', () => {
    const p = new PlanBuilder()
    const a = p.source(fields)
    const b = p.source({ id: types.int64, zip: types.string })
    const f = p.filter(a, call('equal', col(a, 'city'), lit('Ulm')))
    const j = p.join(f, b, [[col(a, 'k'), col(b, 'id')]])
    p.result(p.project(j, { zip: col(j, 'zip') }))
    expect(tell(pruneColumns, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ select zip
           └─ join on k = id
              ├─ where city = 'Ulm'
              │  └─ from csv 'in.csv'
              └─ from csv 'in.csv'
      →
        result result
        └─ select zip
           └─ join on k = id
              ├─ select k
              │  └─ where city = 'Ulm'
              │     └─ from csv 'in.csv', columns k, city
              └─ from csv 'in.csv'
      because reads 2 of 4 columns, nobody uses the others"
    `)
  })

  it('keeps one column where rows are only counted', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.aggregate(t, {}, { n: agg('count') }))
    expect(tell(pruneColumns, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ aggregate count(*) as n
           └─ from csv 'in.csv'
      →
        result result
        └─ aggregate count(*) as n
           └─ from csv 'in.csv', columns k
      because reads 1 of 4 columns, nobody uses the others"
    `)
  })

  it('keeps the whole row below a sort, since all columns break ties', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const s = p.sort(t, asc(col(t, 'k')))
    p.result(p.project(s, { name: col(s, 'name') }))
    expect(tell(pruneColumns, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })
})
