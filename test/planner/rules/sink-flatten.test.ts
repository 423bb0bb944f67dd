import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { pushDownResidual } from '../../../src/planner/rules/push-down-residual.ts'
import { removeUnused } from '../../../src/planner/rules/remove-unused.ts'
import { sinkFlatten } from '../../../src/planner/rules/sink-flatten.ts'
import { call, col, lit, PlanBuilder } from '../build.ts'
import { tell } from '../tell.ts'

const fields = { k: types.int64, name: types.string, tags: 'array<string>' } as const

describe('sink-flatten', () => {
  it('takes selects, filters and unnests to every input of a union', () => {
    const p = new PlanBuilder()
    const u = p.flatten(p.source(fields), p.source(fields))
    const f = p.filter(u, call('less', col(u, 'k'), lit(5)))
    const w = p.unnest(f, col(f, 'tags'), 'tag')
    p.result(p.project(w, { tag: col(w, 'tag') }))
    expect(tell(sinkFlatten, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ select tag
           └─ unnest tags as tag
              └─ where k < 5
                 └─ union all of 2 inputs
                    ├─ from csv 'in.csv'
                    └─ from csv 'in.csv'
      →
        result result
        └─ union all of 2 inputs
           ├─ select tag
           │  └─ unnest tags as tag
           │     └─ select k, name, tags
           │        └─ where k < 5
           │           └─ from csv 'in.csv'
           └─ select tag
              └─ unnest tags as tag
                 └─ select k, name, tags
                    └─ where k < 5
                       └─ from csv 'in.csv'
      because each input of the union goes on by itself, fused with what makes it
      because each input of the union goes on by itself, fused with what makes it
      because each input of the union goes on by itself, fused with what makes it"
    `)
  })

  it('makes one of nested unions', () => {
    const p = new PlanBuilder()
    const inner = p.flatten(p.source(fields), p.source(fields))
    p.result(p.flatten(inner, p.source(fields)))
    expect(tell(sinkFlatten, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ union all of 2 inputs
           ├─ union all of 2 inputs
           │  ├─ from csv 'in.csv'
           │  └─ from csv 'in.csv'
           └─ from csv 'in.csv'
      →
        result result
        └─ union all of 3 inputs
           ├─ from csv 'in.csv'
           ├─ from csv 'in.csv'
           └─ from csv 'in.csv'
      because a union of unions is one union"
    `)
  })

  it('takes closures along, which see the names of the union', () => {
    const p = new PlanBuilder()
    const u = p.flatten(p.source({ a: types.int64 }), p.source({ b: types.int64 }))
    p.result(p.map(u, { x: types.int64 }))
    expect(tell(sinkFlatten, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ map fn0
           └─ union all of 2 inputs
              ├─ from csv 'in.csv'
              └─ from csv 'in.csv'
      →
        result result
        └─ union all of 2 inputs
           ├─ map fn0
           │  └─ select a
           │     └─ from csv 'in.csv'
           └─ map fn0
              └─ select b as a
                 └─ from csv 'in.csv'
      because each input of the union goes on by itself, fused with what makes it"
    `)
  })

  it('does not take functions with effects apart', () => {
    const p = new PlanBuilder()
    const u = p.flatten(p.source({ a: types.int64 }), p.source({ b: types.int64 }))
    p.result(p.map(u, { x: types.int64 }, { effects: true }))
    expect(tell(sinkFlatten, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: a function with effects is not taken apart"
    `)
  })
})

describe('push-down-residual', () => {
  it('filters the side that a join condition is about', () => {
    const p = new PlanBuilder()
    const a = p.source({ k: types.int64 })
    const b = p.source({ id: types.int64, n: types.int64 })
    const residual = call('and', call('less', col(b, 'n'), lit(5)), call('less', col(a, 'k'), col(b, 'n')))
    p.result(p.join(a, b, [[col(a, 'k'), col(b, 'id')]], { kind: 'left', residual }))
    expect(tell(pushDownResidual, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ left join on k = id and (n < 5) and (k < n)
           ├─ from csv 'in.csv'
           └─ from csv 'in.csv'
      →
        result result
        └─ left join on k = id and k < n
           ├─ from csv 'in.csv'
           └─ where n < 5
              └─ from csv 'in.csv'
      because the condition is about one side only, so fewer rows reach the join"
    `)
  })

  it('keeps conditions on the left side of a left join', () => {
    const p = new PlanBuilder()
    const a = p.source({ k: types.int64 })
    const b = p.source({ id: types.int64 })
    p.result(p.join(a, b, [[col(a, 'k'), col(b, 'id')]], { kind: 'left', residual: call('less', col(a, 'k'), lit(5)) }))
    expect(tell(pushDownResidual, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })
})

describe('remove-unused', () => {
  it('drops what no result and no file needs', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.distinct(t)
    p.result(t)
    expect(tell(removeUnused, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ [0] from csv 'in.csv'
      →
        result result
        └─ from csv 'in.csv'
      because no result and no file depends on it"
    `)
  })

  it('keeps what a file needs', () => {
    const p = new PlanBuilder()
    p.sink(p.source(fields))
    expect(tell(removeUnused, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })
})
