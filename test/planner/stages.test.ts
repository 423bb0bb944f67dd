import { beforeEach, describe, expect, it } from 'vitest'
import { types } from '../../src/data/type.ts'
import { describeOperator, describePartitioning } from '../../src/planner/explain/stage-text.ts'
import { type PlannedProgram, type PlannerOptions, planProgram } from '../../src/planner/plan.ts'
import { agg, asc, call, col, lit, options, PlanBuilder } from './build.ts'

/** What each test puts its plan together with. */
let p: PlanBuilder
beforeEach(() => {
  p = new PlanBuilder()
})

const planned = (changed: Partial<PlannerOptions> = {}): PlannedProgram => planProgram(p.plan(), { ...options, ...changed })

/** Stages and exchanges in a few lines each. */
function stages(changed: Partial<PlannerOptions> = {}): string {
  const { physical } = planned(changed)
  return [
    ...physical.stages.flatMap((stage) => [
      `stage ${stage.id} × ${stage.tasks}${stage.placement === 'coordinator' ? ' (coordinator)' : ''}`,
      ...stage.nodes.map((node) => `  ${describeOperator(node, stage)} [${node.tier}]`),
    ]),
    ...physical.exchanges.map(
      (exchange) =>
        `exchange ${exchange.id}: ${exchange.from} → ${exchange.to} ${describePartitioning(exchange.partitioning, exchange.fields)}, ${exchange.mode} ${exchange.code}`,
    ),
    `regions ${physical.regions.map((region) => `{${region.stages.join(' ')}}`).join(' ')}`,
  ].join('\n')
}

const fields = { k: types.int64, name: types.string } as const
const big = { sizeBytes: 1e9 } as const

describe('lowering', () => {
  it('counts words with one shuffle', () => {
    const t = p.source({ line: types.string })
    const w = p.unnest(t, { ...call('split', col(t, 'line')), type: types.array(types.string) }, 'word')
    const f = p.filter(w, call('less', lit(''), col(w, 'word')))
    const g = p.aggregate(f, { word: col(f, 'word') }, { n: agg('count') })
    const s = p.sort(g, { expr: col(g, 'n'), desc: true, nullsFirst: false })
    p.result(p.limit(s, 10))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        one loop: unnest split(line) as word; where ('' < word); select word [A*]
        partial aggregate count(*) by word [A]
        send to exchange 0 [A]
      stage 1 × 8
        receive exchange 0 [A]
        final aggregate count(…) by word [A]
        keep the first 10 by n desc [A]
        send to exchange 1 [A]
      stage 2 × 1
        receive exchange 1, partitions in their order [A]
        keep the first 10 by n desc [A]
        send to exchange 2 [A]
      stage 3 × 1 (coordinator)
        receive exchange 2, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 by hash of word, 8 partitions, pipelined E-GAIN
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      exchange 2: 2 → 3 gathered in one task, pipelined E-GAIN
      regions {0 1 2 3}"
    `)
  })

  it('runs the plan as it is when no rule may fire', () => {
    const t = p.source(fields)
    const f = p.filter(t, call('less', col(t, 'k'), lit(5)))
    const e = p.extend(f, { twice: call('add', col(f, 'k'), col(f, 'k')) })
    p.result(p.aggregate(e, { name: col(e, 'name') }, { total: agg('sum', [col(e, 'twice')]) }))
    expect(stages({ disabledRules: ['lift-combiner', 'prune-columns', 'fuse'] })).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        where (k < 5) [A]
        select k, name, (k + k) as twice [A*]
        select name, twice [A]
        send to exchange 0 [A]
      stage 1 × 8
        receive exchange 0 [A]
        aggregate sum(twice) by name [A]
        send to exchange 1 [A]
      stage 2 × 1 (coordinator)
        receive exchange 1, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 by hash of name, 8 partitions, pipelined E-GAIN
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      regions {0 1 2}"
    `)
  })

  it('joins by hash when both sides are large', () => {
    const a = p.source(fields, big)
    const b = p.source({ id: types.int64, city: types.string }, big)
    p.result(p.join(a, b, [[col(a, 'k'), col(b, 'id')]]))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        send to exchange 0 [A]
      stage 1 × 2
        read csv 'in.csv' [A]
        send to exchange 1 [A]
      stage 2 × 8
        receive exchange 0 [A]
        receive exchange 1 [A]
        inner hash join on k = id [A]
        send to exchange 2 [A]
      stage 3 × 1 (coordinator)
        receive exchange 2 [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 2 by hash of k, 8 partitions, pipelined E-GAIN
      exchange 1: 1 → 2 by hash of id, 8 partitions, pipelined E-BUILD
      exchange 2: 2 → 3 gathered in one task, pipelined E-GAIN
      regions {0 1 2 3}"
    `)
  })

  it('sends a small build side to every task of the probe side', () => {
    const a = p.source(fields, big)
    const b = p.source({ id: types.int64, city: types.string }, { sizeBytes: 1000 })
    p.result(p.join(a, b, [[call('add', col(a, 'k'), lit(1)), col(b, 'id')]], { kind: 'left' }))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        send to exchange 0 [A]
      stage 1 × 2
        read csv 'in.csv' [A]
        receive exchange 0 [A]
        select k, name, (k + 1) as _key0 [A*]
        left hash join on _key0 = id [A]
        select k, name, id, city [A]
        send to exchange 1 [A]
      stage 2 × 1 (coordinator)
        receive exchange 1 [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 all rows to each of 2 tasks, pipelined E-BUILD
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      regions {0 1 2}"
    `)
  })

  it('does not send a build side back to the stage that it comes from', () => {
    const a = p.source(fields, { sizeBytes: 1000 })
    const g = p.aggregate(a, { key: col(a, 'k') }, { n: agg('count') })
    p.result(p.join(a, g, [[col(a, 'k'), col(g, 'key')]]))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        select k as key [A]
        partial aggregate count(*) by key [A]
        send to exchange 0 [A]
        send to exchange 1 [A]
      stage 1 × 8
        receive exchange 0 [A]
        final aggregate count(…) by key [A]
        send to exchange 2 [A]
      stage 2 × 8
        receive exchange 1 [A]
        receive exchange 2 [A]
        inner hash join on k = key [A]
        send to exchange 3 [A]
      stage 3 × 1 (coordinator)
        receive exchange 3 [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 by hash of key, 8 partitions, hybrid E-FANOUT
      exchange 1: 0 → 2 by hash of k, 8 partitions, hybrid E-PRIORITY
      exchange 2: 1 → 2 by hash of key, 8 partitions, pipelined E-BUILD
      exchange 3: 2 → 3 gathered in one task, pipelined E-GAIN
      regions {0} {1 2 3}"
    `)
  })

  it('does not make others wait for a build side: shared rows move to the join', () => {
    const a = p.source(fields, big)
    const b = p.source({ id: types.int64 }, { sizeBytes: 1000 })
    p.sink(a, 'csv', { path: 'out/' })
    p.result(p.join(a, b, [[col(a, 'k'), col(b, 'id')]]))
    const { physical } = planned()
    expect(physical.exchanges.map(({ partitioning }) => partitioning.by)).toEqual(['hash', 'hash', 'gather'])
  })

  it('joins grouped rows where they are', () => {
    const a = p.source(fields, big)
    const g = p.aggregate(a, { key: col(a, 'k') }, { n: agg('count') })
    const b = p.source({ id: types.int64, city: types.string }, big)
    p.result(p.join(g, b, [[col(g, 'key'), col(b, 'id')]]))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        partial aggregate count(*) by k [A]
        send to exchange 0 [A]
      stage 1 × 2
        read csv 'in.csv' [A]
        send to exchange 1 [A]
      stage 2 × 8
        receive exchange 0 [A]
        final aggregate count(…) by key [A]
        receive exchange 1 [A]
        inner hash join on key = id [A]
        send to exchange 2 [A]
      stage 3 × 1 (coordinator)
        receive exchange 2 [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 2 by hash of key, 8 partitions, pipelined E-GAIN
      exchange 1: 1 → 2 by hash of id, 8 partitions, pipelined E-BUILD
      exchange 2: 2 → 3 gathered in one task, pipelined E-GAIN
      regions {0 1 2 3}"
    `)
  })

  it('groups again without another exchange', () => {
    const a = p.source(fields)
    const g = p.aggregate(a, { key: col(a, 'k') }, { n: agg('count') })
    p.result(p.distinct(g))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        partial aggregate count(*) by k [A]
        send to exchange 0 [A]
      stage 1 × 8
        receive exchange 0 [A]
        final aggregate count(…) by key [A]
        distinct [A]
        send to exchange 1 [A]
      stage 2 × 1 (coordinator)
        receive exchange 1, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 by hash of key, 8 partitions, pipelined E-GAIN
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      regions {0 1 2}"
    `)
  })

  it('hands values on as they come to a closure, and as arrays to others', () => {
    const keyed = p.map(p.source(fields), { key: types.string, value: types.int64 }, { keys: ['key'], element: true })
    p.result(p.map(p.groupByKey(keyed), { x: types.int64 }))
    p.result(p.groupByKey(keyed))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        fn0 [B]
        send to exchange 0 [A]
        send to exchange 1 [A]
      stage 1 × 8
        receive exchange 0 [A]
        group by key, values handed on as they come [A]
        fn1 [B]
        send to exchange 2 [A]
      stage 2 × 8
        receive exchange 1 [A]
        group by key, values as arrays [A]
        send to exchange 3 [A]
      stage 3 × 1 (coordinator)
        receive exchange 2 [A]
        hand to the caller as output 0 [A]
      stage 4 × 1 (coordinator)
        receive exchange 3 [A]
        hand to the caller as output 1 [A]
      exchange 0: 0 → 1 by hash of key, 8 partitions, pipelined E-GAIN
      exchange 1: 0 → 2 by hash of key, 8 partitions, pipelined E-GAIN
      exchange 2: 1 → 3 gathered in one task, pipelined E-GAIN
      exchange 3: 2 → 4 gathered in one task, pipelined E-GAIN
      regions {0 1 2 3 4}"
    `)
  })

  it('costs nothing to unite: the consumer receives from each input', () => {
    const u = p.flatten(p.source(fields), p.source({ id: types.int64, label: types.string }))
    const f = p.filter(u, call('less', col(u, 'k'), lit(5)))
    p.result(p.aggregate(f, { name: col(f, 'name') }, { n: agg('count') }))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        one loop: where (k < 5); select name [A]
        partial aggregate count(*) by name [A]
        send to exchange 0 [A]
      stage 1 × 2
        read csv 'in.csv' [A]
        one loop: where (id < 5); select label as name [A]
        partial aggregate count(*) by name [A]
        send to exchange 1 [A]
      stage 2 × 8
        receive exchange 0 and exchange 1 [A]
        final aggregate count(…) by name [A]
        send to exchange 2 [A]
      stage 3 × 1 (coordinator)
        receive exchange 2, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 2 by hash of name, 8 partitions, pipelined E-GAIN
      exchange 1: 1 → 2 by hash of name, 8 partitions, pipelined E-GAIN
      exchange 2: 2 → 3 gathered in one task, pipelined E-GAIN
      regions {0 1 2 3}"
    `)
  })

  it('computes what two consumers read once', () => {
    const t = p.source(fields)
    const m = p.map(t, { k: types.int64, name: types.string })
    p.result(p.aggregate(m, { name: col(m, 'name') }, { n: agg('count') }))
    p.sink(p.filter(m, call('less', col(m, 'k'), lit(5))), 'csv', { path: 'out/' })
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        fn0 [B]
        select name [A]
        partial aggregate count(*) by name [A]
        send to exchange 0 [A]
        where (k < 5) [A]
        write csv 'out/' [A]
      stage 1 × 8
        receive exchange 0 [A]
        final aggregate count(…) by name [A]
        send to exchange 1 [A]
      stage 2 × 1 (coordinator)
        receive exchange 1, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 by hash of name, 8 partitions, pipelined E-GAIN
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      regions {0 1 2}"
    `)
  })

  it('writes a single file from one task', () => {
    p.sink(p.source(fields))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        send to exchange 0 [A]
      stage 1 × 1
        receive exchange 0, partitions in their order [A]
        write csv 'out.csv' [A]
      exchange 0: 0 → 1 gathered in one task, pipelined E-GAIN
      regions {0 1}"
    `)
  })

  it('keeps the first rows of each producer for a limit', () => {
    const t = p.source(fields)
    p.result(p.limit(p.filter(t, call('less', col(t, 'k'), lit(5))), 3, 1))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        where (k < 5) [A]
        limit 4 [A]
        send to exchange 0 [A]
      stage 1 × 1
        receive exchange 0, partitions in their order [A]
        limit 3 offset 1 [A]
        send to exchange 1 [A]
      stage 2 × 1 (coordinator)
        receive exchange 1, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 gathered in one task, pipelined E-GAIN
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      regions {0 1 2}"
    `)
  })

  it('aggregates without keys in one task', () => {
    const t = p.source(fields)
    p.result(p.aggregate(t, {}, { n: agg('count'), total: agg('sum', [col(t, 'k')]) }))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        partial aggregate count(*), sum(k) [A]
        send to exchange 0 [A]
      stage 1 × 1
        receive exchange 0, partitions in their order [A]
        final aggregate count(…), sum(…) [A]
        send to exchange 1 [A]
      stage 2 × 1 (coordinator)
        receive exchange 1, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 gathered in one task, pipelined E-GAIN
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      regions {0 1 2}"
    `)
  })

  it('sorts a few rows in one task by computed keys', () => {
    const t = p.source(fields, { sizeBytes: 8 * 2 ** 20 })
    p.result(p.sort(t, asc(call('add', col(t, 'k'), lit(1)))))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        select k, name, (k + 1) as _sort0 [A*]
        send to exchange 0 [A]
      stage 1 × 1
        receive exchange 0, partitions in their order [A]
        sort by _sort0 [A]
        select k, name [A]
        send to exchange 1 [A]
      stage 2 × 1 (coordinator)
        receive exchange 1, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 1 gathered in one task, pipelined E-GAIN
      exchange 1: 1 → 2 gathered in one task, pipelined E-GAIN
      regions {0 1 2}"
    `)
  })

  it('sorts many rows by ranges, which the tasks that make them leave as sorted runs', () => {
    const t = p.flatten(p.source(fields, { sizeBytes: 5 * 2 ** 20 }), p.source(fields, { sizeBytes: 4 * 2 ** 20 }))
    p.result(p.sort(t, asc(call('add', col(t, 'k'), lit(1)))))
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        select k, name, (k + 1) as _sort0 [A*]
        send to exchange 0 [A]
      stage 1 × 2
        read csv 'in.csv' [A]
        select k, name, (k + 1) as _sort0 [A*]
        send to exchange 1 [A]
      stage 2 × 8
        merge exchange 0 and exchange 1, sorted by _sort0 [A]
        select k, name [A]
        send to exchange 2 [A]
      stage 3 × 1 (coordinator)
        receive exchange 2, partitions in their order [A]
        hand to the caller as output 0 [A]
      exchange 0: 0 → 2 sorted by _sort0, by range, 8 partitions, blocking E-SORT
      exchange 1: 1 → 2 sorted by _sort0, by range, 8 partitions, blocking E-SORT
      exchange 2: 2 → 3 gathered in one task, pipelined E-GAIN
      regions {0} {1} {2 3}"
    `)
  })

  it('writes each range of an order as a part of a folder', () => {
    const t = p.source(fields)
    p.sink(p.sort(t, asc(col(t, 'k'))), 'csv', { path: 'out/' })
    expect(stages()).toMatchInlineSnapshot(`
      "stage 0 × 2
        read csv 'in.csv' [A]
        send to exchange 0 [A]
      stage 1 × 8
        merge exchange 0, sorted by k [A]
        write csv 'out/' [A]
      exchange 0: 0 → 1 sorted by k, by range, 8 partitions, blocking E-SORT
      regions {0} {1}"
    `)
  })

  it('has one idle task for a source without splits', () => {
    p.result(p.source(fields, { splits: 0 }))
    expect(planned().physical.stages[0].tasks).toBe(1)
  })

  it('keeps the types of the arguments for the final phase', () => {
    const t = p.source({ x: types.float64, name: types.string })
    p.result(p.aggregate(t, { name: col(t, 'name') }, { total: agg('sum', [col(t, 'x')]) }))
    const nodes = planned().physical.stages.flatMap((stage) => stage.nodes)
    const final = nodes.find((node) => node.operator === 'aggregate' && node.spec.phase === 'final')
    expect(final?.operator === 'aggregate' && final.spec.calls[0].argTypes).toEqual([types.float64])
  })
})

describe('modes', () => {
  const diamond = (): void => {
    const t = p.source(fields, big)
    const g = p.aggregate(t, { key: col(t, 'k') }, { n: agg('count') })
    p.result(p.join(t, g, [[col(t, 'k'), col(g, 'key')]]))
  }

  it('cuts a diamond where the probe side would wait for the build side', () => {
    diamond()
    const { physical } = planned()
    expect(physical.exchanges.map(({ mode, code }) => `${mode} ${code}`)).toMatchInlineSnapshot(`
      [
        "hybrid E-FANOUT",
        "hybrid E-PRIORITY",
        "pipelined E-BUILD",
        "pipelined E-GAIN",
      ]
    `)
    expect(physical.modeReason).toMatchInlineSnapshot(`"pipelined: of 4 exchanges 2 are stored and read while they are made"`)
  })

  it('stores everything in serial mode', () => {
    diamond()
    const { physical } = planned({ mode: 'serial' })
    expect(new Set(physical.exchanges.map(({ mode }) => mode))).toEqual(new Set(['blocking']))
    expect(physical.regions.every((region) => region.stages.length === 1)).toBe(true)
    expect(physical.mode).toBe('serial')
  })

  it('stores nothing in an incremental run, and lifts nothing', () => {
    const t = p.source(fields, { changes: 'zset' })
    p.sink(p.aggregate(t, { name: col(t, 'name') }, { n: agg('count') }), 'changelog', { path: 'out.jsonl' })
    const { physical } = planned({ incremental: true, mode: 'serial' })
    expect(physical.incremental).toBe(true)
    expect(physical.exchanges.every(({ mode }) => mode === 'pipelined')).toBe(true)
    const aggregates = physical.stages.flatMap((stage) => stage.nodes.filter((node) => node.operator === 'aggregate'))
    expect(aggregates.map((node) => node.spec.phase)).toEqual(['complete'])
    expect(aggregates.map((node) => node.spec.changes)).toEqual(['zset'])
  })

  it('cuts two joins that wait for each other crosswise', () => {
    const a = p.source(fields, big)
    const b = p.source(fields, big)
    p.result(p.join(a, b, [[col(a, 'k'), col(b, 'k')]]))
    p.result(p.join(b, a, [[col(b, 'k'), col(a, 'k')]]))
    const { physical } = planned()
    expect(physical.exchanges.some(({ code }) => code === 'E-PRIORITY')).toBe(true)
  })
})
