import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { explainJson } from '../../../src/planner/explain/json.ts'
import { explainText } from '../../../src/planner/explain/text.ts'
import { type PlannedProgram, planProgram } from '../../../src/planner/plan.ts'
import { agg, call, col, lit, options, PlanBuilder } from '../build.ts'
import { breaches } from './json-schema.ts'

const schema = JSON.parse(readFileSync(new URL('../../../docs/explain.schema.json', import.meta.url), 'utf8'))
const context = {
  program: 'dir/sales.flow',
  backend: 'inline',
  backendReason: 'inline, because it is small',
  sources: { 'sales.flow': 'from x' },
}

function sales(): PlannedProgram {
  const p = new PlanBuilder()
  const t = p.source({ k: types.int64, name: types.string, price: types.float64 }, { splits: 3, sizeBytes: 3e9 })
  const u = p.source({ id: types.int64, city: types.string }, { sizeBytes: 2e6, connector: 'jsonl' })
  const j = p.join(t, u, [[col(t, 'k'), col(u, 'id')]])
  const f = p.filter(j, call('less', col(j, 'k'), lit(100)))
  const g = p.aggregate(
    f,
    { city: col(f, 'city') },
    { n: agg('count'), revenue: agg('sum', [col(f, 'price')]), rows: agg('count', [col(f, 'name')], { distinct: true }) },
  )
  p.sink(g, 'csv', { path: 'out/' })
  p.result(p.limit(g, 10), 'some')
  return planProgram(p.plan(), options)
}

describe('explainText', () => {
  it('reads as a report without volatile numbers', () => {
    expect(explainText(sales(), { ...context, costs: false })).toMatchInlineSnapshot(`
      "sales.flow reads 'in.csv', groups rows once, and makes 1 result and 'out/'.
      It became 5 stages with 4 exchanges; rules changed it 1 time.
      It runs inline, because it is small.
      Its mode is pipelined: no exchange has to be complete before it is read.

      The plan, after the rules
        result some
        └─ limit 10
           └─ [4] aggregate count(*) as n, sum(price) as revenue, count(distinct name)
              │    as rows by city
              │    : city string, n int64, revenue float64, rows int64
              └─ join on k = id
                 │    : k int64, name string, price float64, id int64, city string
                 ├─ where k < 100
                 │  └─ from csv 'in.csv'
                 │          : k int64, name string, price float64
                 └─ from jsonl 'in.csv'
                         : id int64, city string
        write csv 'out/'
        └─ [4] aggregate count(*) as n, sum(price) as revenue, count(distinct name) as
                rows by city (as above)

      What the rules did
        push down
          push-down-filter: fewer rows reach the join

      Stages
        stage 0: 2 tasks, one a split
          read jsonl 'in.csv'
          send to exchange 0
        stage 1: 3 tasks, one a split
          read csv 'in.csv'
          receive exchange 0
          where (k < 100) [A]
          inner hash join on k = id [A]
          select city, price, name [A]
          send to exchange 1
        stage 2: 8 tasks, one a partition
          receive exchange 1
          aggregate count(*), sum(price), count(distinct name) by city [A]
          limit 10
          send to exchange 2
          write csv 'out/'
        stage 3: 1 task
          receive exchange 2, partitions in their order
          limit 10
          send to exchange 3
        stage 4: 1 task, in the caller's process
          receive exchange 3, partitions in their order
          hand to the caller as output 0
        [A] generated loops over typed arrays

      Exchanges
        exchange 0, stage 0 → stage 1: all rows to each of 3 tasks; pipelined
          (E-BUILD): goes straight into the hash table, which is complete before the
          other side is read
        exchange 1, stage 1 → stage 2: by hash of city, 8 partitions; pipelined
          (E-GAIN): batches flow as they are made; nothing is written and read again
        exchange 2, stage 2 → stage 3: gathered in one task; pipelined (E-GAIN):
          batches flow as they are made; nothing is written and read again
        exchange 3, stage 3 → stage 4: gathered in one task; pipelined (E-GAIN):
          batches flow as they are made; nothing is written and read again

      Rules that did not fire
        lift-combiner: count counts distinct values, and partial results would count a
          value twice

      Warnings
        W-ORDER: limit 10 keeps any 10 rows, since its input has no order; put order
          by before it
      "
    `)
  })

  it('adds estimates when asked', () => {
    const text = explainText(sales(), { ...context, costs: true })
    expect(text).toContain('about 3.0 GB')
    expect(text).toContain('perhaps')
  })

  it('keeps to 80 columns where words allow it', () => {
    const lines = explainText(sales(), { ...context, costs: true }).split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })
})

describe('explainJson', () => {
  it('has the form of its published schema', () => {
    expect(breaches(JSON.parse(JSON.stringify(explainJson(sales(), context))), schema)).toEqual([])
  })

  it('counts what it lists', () => {
    const planned = sales()
    expect(explainJson(planned, context).summary).toEqual({
      operators: planned.optimised.nodes.length,
      mscrs: planned.mscrs.length,
      stages: planned.physical.stages.length,
      exchanges: planned.physical.exchanges.length,
      rules: planned.firings.length,
    })
  })

  it('says of each change what its pieces make in rows and bytes, as far as sizes are known', () => {
    const p = new PlanBuilder()
    const t = p.values({ k: types.int64, name: types.string }, Array(100).fill([1, 'a']))
    const u = p.extend(t, { twice: call('multiply', col(t, 'k'), lit(2)) })
    p.result(
      p.sort(p.filter(u, call('less', col(u, 'k'), lit(3))), { expr: col(u, 'k'), desc: false, nullsFirst: true }),
      'known',
    )
    const unsized = p.source({ a: types.int64, b: types.int64 })
    p.result(p.filter(p.filter(unsized, lit(true)), lit(true)), 'unknown')
    const { rules } = explainJson(planProgram(p.plan(), options), context) as { rules: { rule: string; estimate: unknown }[] }
    expect(rules.map(({ rule, estimate }) => `${rule} ${JSON.stringify(estimate)}`)).toMatchInlineSnapshot(`
      [
        "simplify-filter null",
        "simplify-filter null",
        "push-down-filter {"rows":{"before":150,"after":100},"bytes":{"before":4800,"after":3200}}",
        "fuse {"rows":{"before":100,"after":50},"bytes":{"before":3200,"after":1600}}",
      ]
    `)
  })

  it('is plain data, values beyond JSON included', () => {
    const p = new PlanBuilder()
    p.result(p.values({ k: types.int64, b: types.bytes }, [[2n ** 60n, new Uint8Array([1])]]))
    const json = explainJson(planProgram(p.plan(), options), context)
    expect(breaches(JSON.parse(JSON.stringify(json)), schema)).toEqual([])
    expect(JSON.stringify(json)).toContain('1152921504606846976')
  })
})
