import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { liftCombiner } from '../../../src/planner/rules/lift-combiner.ts'
import { agg, col, PlanBuilder } from '../build.ts'
import { tell } from '../tell.ts'

const fields = { k: types.int64, name: types.string } as const

describe('lift-combiner', () => {
  it('combines in the producers first', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.aggregate(t, { name: col(t, 'name') }, { n: agg('count'), total: agg('sum', [col(t, 'k')]) }))
    expect(tell(liftCombiner, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ aggregate count(*) as n, sum(k) as total by name
           └─ from csv 'in.csv'
      →
        result result
        └─ final aggregate count(…) as n, sum(…) as total by name
           └─ partial aggregate count(*) as n$0, sum(k) as total$0 by name
              └─ from csv 'in.csv'
      because each producer combines its own rows before they are exchanged"
    `)
  })

  it('does the same for distinct', () => {
    const p = new PlanBuilder()
    p.result(p.distinct(p.source(fields)))
    expect(tell(liftCombiner, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ distinct
           └─ from csv 'in.csv'
      →
        result result
        └─ final aggregate by k, name
           └─ partial aggregate by k, name
              └─ from csv 'in.csv'
      because each producer combines its own rows before they are exchanged"
    `)
  })

  it('lifts a user aggregate that is declared associative and commutative', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.aggregate(t, { name: col(t, 'name') }, { top: agg(p.fn({ kind: 'combine', label: 'best' }), [col(t, 'k')]) }))
    expect(tell(liftCombiner, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ aggregate best(k) as top by name
           └─ from csv 'in.csv'
      →
        result result
        └─ final aggregate best(…) as top by name
           └─ partial aggregate best(k) as top$0 by name
              └─ from csv 'in.csv'
      because each producer combines its own rows before they are exchanged"
    `)
  })

  it('does not lift what is not commutative', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const algebra = { associative: true, commutative: false, idempotent: false, invertible: false }
    p.result(p.aggregate(t, {}, { all: agg(p.fn({ kind: 'combine', label: 'join' }), [col(t, 'k')], { algebra }) }))
    expect(tell(liftCombiner, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: join is not declared associative and commutative"
    `)
  })

  it('does not lift distinct values', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.aggregate(t, {}, { n: agg('count', [col(t, 'k')], { distinct: true }) }))
    expect(tell(liftCombiner, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: count counts distinct values, and partial results would count a value twice"
    `)
  })

  it('does not lift over retractions', () => {
    const p = new PlanBuilder()
    const t = p.source(fields, { changes: 'zset' })
    p.sink(p.aggregate(t, { name: col(t, 'name') }, { n: agg('count') }), 'changelog')
    expect(tell(liftCombiner, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: its input holds retractions, which a partial state cannot take back"
    `)
  })

  it('does not lift where a grouping below has brought the rows of a key together', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    const g = p.aggregate(t, { name: col(t, 'name'), k: col(t, 'k') }, { n: agg('count', [col(t, 'k')], { distinct: true }) })
    p.result(p.aggregate(g, { k: col(g, 'k'), name: col(g, 'name') }, { m: agg('sum', [col(g, 'n')]) }))
    expect(tell(liftCombiner, p.plan())).toMatchInlineSnapshot(`
      "unchanged
      not: count counts distinct values, and partial results would count a value twice
      not: the rows of a key are in one task already"
    `)
  })
})
