import { describe, expect, it } from 'vitest'
import { types } from '../../src/data/type.ts'
import type { Plan } from '../../src/ir/logical.ts'
import { encodeData } from '../../src/ir/serde.ts'
import { planProgram } from '../../src/planner/plan.ts'
import { ruleNames } from '../../src/planner/rules/index.ts'
import { agg, asc, call, col, lit, options, PlanBuilder, type Rows } from './build.ts'
import { outline } from './tell.ts'

const fields = { k: types.int64, name: types.string, city: types.string } as const

/** A plan in which every rule finds something. */
function busyPlan(): Plan {
  const p = new PlanBuilder()
  const u = p.flatten(p.source(fields), p.source(fields))
  const e = p.extend(u, { next: call('add', col(u, 'k'), call('add', lit(1), lit(2))) })
  const b = p.source({ id: types.int64, zip: types.string })
  const j = p.join(e, b, [[col(e, 'next'), col(b, 'id')]])
  const f = p.filter(j, call('and', lit(true), call('equal', col(j, 'city'), lit('Ulm'))))
  const s = p.sort(f, asc(col(f, 'k')))
  const g = p.aggregate(s, { zip: col(s, 'zip') }, { n: agg('count'), total: agg('sum', [col(s, 'k')]) })
  const top = p.limit(p.sort(g, asc(col(g, 'n'))), 3)
  p.distinct(g)
  return p.result(p.project(top, { zip: col(top, 'zip') })).plan()
}

describe('planProgram', () => {
  it('rewrites by all groups of rules', () => {
    expect(outline(planProgram(busyPlan(), options).optimised)).toMatchInlineSnapshot(`
      "  result result
        └─ select zip
           └─ top 3 by n
              └─ final aggregate count(…) as n, sum(…) as total by zip
                 └─ partial aggregate count(*) as n$0, sum(k) as total$0 by zip
                    └─ join on next = id
                       ├─ union all of 2 inputs
                       │  ├─ select k, k + 3 as next
                       │  │  └─ where city = 'Ulm'
                       │  │     └─ from csv 'in.csv', columns k, city
                       │  └─ select k, k + 3 as next
                       │     └─ where city = 'Ulm'
                       │        └─ from csv 'in.csv', columns k, city
                       └─ from csv 'in.csv'"
    `)
  })

  it('says why, in order', () => {
    const { firings } = planProgram(busyPlan(), options)
    expect(firings.map(({ seq }) => seq)).toEqual(firings.map((_, i) => i + 1))
    expect(firings.every(({ reason, before, after }) => reason !== '' && before !== '' && after !== '')).toBe(true)
  })

  it('is a function of its input', () => {
    expect(encodeData(planProgram(busyPlan(), options).physical)).toBe(encodeData(planProgram(busyPlan(), options).physical))
  })

  it('leaves the plan it was given alone', () => {
    const plan = busyPlan()
    const before = encodeData(plan)
    planProgram(plan, options)
    expect(encodeData(plan)).toBe(before)
  })

  it('changes nothing when all rules are disabled', () => {
    const { optimised, firings } = planProgram(busyPlan(), { ...options, disabledRules: ruleNames })
    expect(firings).toEqual([])
    expect(outline(optimised)).toBe(outline(busyPlan()))
  })

  it('can do without any one rule', () => {
    for (const rule of ruleNames) {
      const { firings } = planProgram(busyPlan(), { ...options, disabledRules: [rule] })
      expect(firings.map((firing) => firing.rule)).not.toContain(rule)
    }
  })

  it('never makes more blocks of groupings than there are groupings', () => {
    const { mscrs } = planProgram(busyPlan(), options)
    expect(mscrs.length).toBeLessThanOrEqual(mscrs.flatMap(({ groupings }) => groupings).length)
  })

  it('puts groupings of one producer into one block', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.aggregate(t, { name: col(t, 'name') }, { n: agg('count') }))
    p.result(p.aggregate(t, { city: col(t, 'city') }, { n: agg('count') }))
    const { mscrs } = planProgram(p.plan(), options)
    expect(mscrs.map(({ inputChannels, outputChannels }) => ({ inputChannels, outputChannels }))).toMatchInlineSnapshot(`
      [
        {
          "inputChannels": [
            0,
          ],
          "outputChannels": [
            1,
            2,
          ],
        },
      ]
    `)
  })

  it('warns of a limit without an order', () => {
    const p = new PlanBuilder()
    const t = p.source(fields)
    p.result(p.limit(p.distinct(t), 3))
    expect(planProgram(p.plan(), options).warnings.map(({ code }) => code)).toEqual(['W-ORDER'])
  })

  it('grows about linearly with the number of nodes', () => {
    const milliseconds = (size: number): number => {
      const plan = longPlan(size)
      const times = [0, 1, 2].map(() => {
        const start = performance.now()
        planProgram(plan, { ...options, checkPlans: false })
        return performance.now() - start
      })
      return Math.min(...times)
    }
    milliseconds(100)
    // Four times the nodes; a quadratic planner would need sixteen times as long.
    expect(milliseconds(2000) / milliseconds(500)).toBeLessThan(10)
  })

  it('stops rewriting a plan in which filters would travel for ever', () => {
    const p = new PlanBuilder()
    let rows: Rows = p.source({ k: types.int64 })
    for (let i = 0; i < 300; i++)
      rows = p.sort(p.filter(rows, call('less', call('div', lit(1), col(rows, 'k')), lit(i))), asc(col(rows, 'k')))
    const { firings } = planProgram(p.result(rows).plan(), { ...options, checkPlans: false })
    expect(firings.length).toBeLessThan(8000)
  })
})

/** Many pieces in which the rules find something, kept apart by limits. */
function longPlan(size: number): Plan {
  const p = new PlanBuilder()
  let rows: Rows = p.source({ k: types.int64, v: types.int64 })
  while (p.nodes.length < size) {
    for (let i = 0; i < 3; i++) {
      rows = p.project(rows, { k: col(rows, 'v'), v: col(rows, 'k') })
      rows = p.filter(rows, call('less', col(rows, 'k'), lit(p.nodes.length)))
      rows = p.sort(rows, asc(col(rows, 'v')))
    }
    rows = p.limit(rows, 1000)
  }
  return p.result(rows).plan()
}
