import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { foldConstants } from '../../../src/planner/rules/fold-constants.ts'
import { simplifyFilter } from '../../../src/planner/rules/simplify-filter.ts'
import { call, col, lit, PlanBuilder } from '../build.ts'
import { tell } from '../tell.ts'

describe('fold-constants', () => {
  it('computes what is the same on every row', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    p.result(p.filter(t, call('less', col(t, 'k'), call('add', lit(1), lit(2)))))
    expect(tell(foldConstants, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where k < (1 + 2)
           └─ from csv 'in.csv'
      →
        result result
        └─ where k < 3
           └─ from csv 'in.csv'
      because the expression has the same value on every row"
    `)
  })

  it('leaves an error to the rows that reach it', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    p.result(p.filter(t, call('less', col(t, 'k'), call('div', lit(1), lit(0)))))
    expect(tell(foldConstants, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })

  it.each(['regexp_contains', 'like'])('leaves %s to the rows that reach it, as it may take for ever', (fn) => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    p.result(p.filter(t, call(fn, lit(`${'a'.repeat(60)}b`), lit(fn === 'like' ? '%a'.repeat(30) : '(a+)+$'))))
    expect(tell(foldConstants, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })
})

describe('simplify-filter', () => {
  it('removes a filter that is always true', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    p.result(p.filter(t, lit(true)))
    expect(tell(simplifyFilter, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where true
           └─ from csv 'in.csv'
      →
        result result
        └─ from csv 'in.csv'
      because the condition is true for every row"
    `)
  })

  it('reads nothing for a filter that is never true', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    p.result(p.filter(t, lit(false)))
    expect(tell(simplifyFilter, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where false
           └─ from csv 'in.csv'
      →
        result result
        └─ values (0 rows)
      because the condition is true for no row"
    `)
  })

  it('flattens conjunctions and drops repetitions', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    const less = call('less', col(t, 'k'), lit(5))
    p.result(p.filter(t, call('and', less, call('and', lit(true), less, call('is_null', col(t, 'k'))))))
    expect(tell(simplifyFilter, p.plan())).toMatchInlineSnapshot(`
      "  result result
        └─ where (k < 5) and (true and (k < 5) and (k is null))
           └─ from csv 'in.csv'
      →
        result result
        └─ where (k < 5) and (k is null)
           └─ from csv 'in.csv'
      because conditions that are nested, repeated or always true say nothing new"
    `)
  })

  it('leaves a plain condition alone', () => {
    const p = new PlanBuilder()
    const t = p.source({ k: types.int64 })
    p.result(p.filter(t, call('and', call('less', col(t, 'k'), lit(5)), call('less', lit(1), col(t, 'k')))))
    expect(tell(simplifyFilter, p.plan())).toMatchInlineSnapshot(`"unchanged"`)
  })
})
