import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { pushDownFilter } from '../../../src/planner/rules/push-down-filter.ts'
import { agg, asc, call, col, lit, PlanBuilder, userCall } from '../build.ts'
import { tell } from '../tell.ts'

const fields = { k: types.int64, name: types.string, tags: 'array<string>' } as const

describe('push-down-filter', () => {
  it('moves below a select, with the computed columns put in', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const s = p.project(t, { twice: call('add', col(t, 'k'), col(t, 'k')) })
    p.result(p.filter(s, call('less', col(s, 'twice'), lit(5))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where twice < 5
           └─ select k + k as twice
              └─ from csv 'in.csv'
      →
        result result
        └─ select k + k as twice
           └─ where (k + k) < 5
              └─ from csv 'in.csv'
      because fewer rows reach the select"
    `)
  })

  it('keeps a filter above a column from a user function, which would run twice', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const s = p.project(t, { score: userCall(p.fn(), types.int64, col(t, 'k')) })
    p.result(p.filter(s, call('less', col(s, 'score'), lit(5))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: a column of the condition comes from a user function, which would run twice for each row"
    `)
  })

  it('moves each part to the side of the join that it is about', () => {
    const p = new PlanBuilder()
    const a = p.source(fields)
    const b = p.source({ id: types.int64, city: types.string })
    const j = p.join(a, b, [[col(a, 'k'), col(b, 'id')]])
    const both = call('equal', col(j, 'name'), col(j, 'city'))
    p.result(p.filter(j, call('and', call('less', col(j, 'k'), lit(5)), both, call('equal', col(j, 'city'), lit('Ulm')))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where (k < 5) and (name = city) and (city = 'Ulm')
           └─ join on k = id
              ├─ from csv 'in.csv'
              └─ from csv 'in.csv'
      →
        result result
        └─ where name = city
           └─ join on k = id
              ├─ where k < 5
              │  └─ from csv 'in.csv'
              └─ where city = 'Ulm'
                 └─ from csv 'in.csv'
      because fewer rows reach the join"
    `)
  })

  it('leaves the right side of a left join alone', () => {
    const p = new PlanBuilder()
    const a = p.source(fields)
    const b = p.source({ id: types.int64, city: types.string })
    const j = p.join(a, b, [[col(a, 'k'), col(b, 'id')]], { kind: 'left' })
    p.result(p.filter(j, call('is_null', col(j, 'city'))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })

  it('never moves what may fail to rows that it was not written for', () => {
    const p = new PlanBuilder()
    const a = p.source(fields)
    const b = p.source({ id: types.int64 })
    const j = p.join(a, b, [[col(a, 'k'), col(b, 'id')]])
    p.result(p.filter(j, call('less', call('divide', lit(1), col(j, 'k')), lit(5))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })

  it('keeps a part that may fail behind the part that guards it', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const w = p.unnest(t, col(t, 'tags'), 'tag')
    const s = p.sort(w, asc(col(w, 'k')))
    const guard = call('less', call('add', col(s, 'k'), lit(1)), lit(3))
    p.result(p.filter(s, call('and', guard, call('less', call('divide', lit(1), col(s, 'k')), lit(5)))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where ((k + 1) < 3) and ((1 / k) < 5)
           └─ order by k
              └─ unnest tags as tag
                 └─ from csv 'in.csv'
      →
        result result
        └─ order by k
           └─ where ((k + 1) < 3) and ((1 / k) < 5)
              └─ unnest tags as tag
                 └─ from csv 'in.csv'
      because fewer rows reach the sort"
    `)
  })

  it('passes an aggregate when only its keys are read', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const g = p.aggregate(t, { key: col(t, 'k') }, { n: agg('count') })
    p.result(p.filter(g, call('and', call('less', col(g, 'key'), lit(5)), call('less', col(g, 'n'), lit(9)))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where (key < 5) and (n < 9)
           └─ aggregate count(*) as n by k as key
              └─ from csv 'in.csv'
      →
        result result
        └─ where n < 9
           └─ aggregate count(*) as n by k as key
              └─ where k < 5
                 └─ from csv 'in.csv'
      because fewer rows reach the aggregate"
    `)
  })

  it('does not touch a limit or a closure', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const m = p.map(p.limit(t, 3), { x: types.int64 })
    p.result(p.filter(m, call('less', col(m, 'x'), lit(5))))
    p.result(p.filter(p.limit(t, 3), call('less', col(t, 'k'), lit(5))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })

  it('does not split off work that others read too', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const d = p.distinct(t)
    p.result(d)
    p.result(p.filter(d, call('less', col(d, 'k'), lit(5))))
    expect(tell(pushDownFilter, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: the distinct below it has other readers, and would be computed twice"
    `)
  })
})
