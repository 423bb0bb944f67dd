import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { mergeProjects } from '../../../src/planner/rules/merge-projects.ts'
import { call, col, lit, PlanBuilder } from '../build.ts'
import { tell } from '../tell.ts'

describe('merge-projects', () => {
  it('puts the inner expressions in', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    const a = p.project(t, { x: call('add', col(t, 'k'), lit(1)), k: col(t, 'k') })
    p.result(p.project(a, { y: call('add', col(a, 'x'), col(a, 'k')) }))
    expect(tell(mergeProjects, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ select x + k as y
           └─ select k + 1 as x, k
              └─ from csv 'in.csv'
      →
        result result
        └─ select (k + 1) + k as y
           └─ from csv 'in.csv'
      because one select computes what two did"
    `)
  })

  it('removes a select that changes nothing', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    p.result(p.project(t, { k: col(t, 'k') }))
    expect(tell(mergeProjects, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ select k
           └─ from csv 'in.csv'
      →
        result result
        └─ from csv 'in.csv'
      because it hands on the same columns"
    `)
  })

  it('keeps a computed column that is used twice', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    const a = p.project(t, { x: call('add', col(t, 'k'), lit(1)) })
    p.result(p.project(a, { y: call('add', col(a, 'x'), col(a, 'x')) }))
    expect(tell(mergeProjects, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: a computed column is used more than once"
    `)
  })
})
