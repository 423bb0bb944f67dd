import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalValue, valueKey } from '../../../src/data/compare.ts'
import { batchFromRows, rowsOf } from '../../../src/data/read.ts'
import type { Schema, Type, Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import type { FnRef } from '../../../src/ir/expr.ts'
import { findFunction } from '../../../src/ir/functions/catalogue.ts'
import type { AggregateFunction } from '../../../src/ir/functions/define.ts'
import type { PhysicalAggCall, PhysicalForm } from '../../../src/ir/physical.ts'
import { createPartitioner } from '../../../src/runtime/exchange/partitioner.ts'
import { anyValueOf, schemaOf } from '../../data/random-batch.ts'
import { allRows, cut, feedsOf, runOperator } from '../harness.ts'

const algebra = { associative: true, commutative: true, idempotent: false, invertible: false }
const nonIdempotent = new Set(['count', 'countif', 'sum', 'avg', 'string_agg', 'array_agg'])

function call(fn: string, args: readonly number[], fields: Schema, more: Partial<PhysicalAggCall> = {}): PhysicalAggCall {
  const argTypes = args.map((arg) => fields[arg].type)
  const returns =
    fn === 'count' || fn === 'countif'
      ? types.int64
      : fn === 'avg'
        ? types.float64
        : fn === 'array_agg'
          ? types.array(argTypes[0])
          : argTypes[0]
  return {
    name: fn,
    fn,
    args,
    argTypes,
    distinct: false,
    returns,
    nullable: true,
    algebra: { ...algebra, idempotent: !nonIdempotent.has(fn) },
    ...more,
  }
}

const spec = (
  keys: readonly number[],
  calls: readonly PhysicalAggCall[],
  phase: 'complete' | 'partial' | 'final',
  changes: 'insertOnly' | 'zset' = 'insertOnly',
): PhysicalForm => ({
  operator: 'aggregate',
  spec: { keys, calls, phase, changes },
})

const outputOf = (keys: readonly number[], calls: readonly PhysicalAggCall[], fields: Schema): Schema => [
  ...keys.map((key) => fields[key]),
  ...calls.map(({ returns }, i) => ({ name: `r${i}`, type: returns, nullable: true })),
]

function stateFieldsOf(keys: readonly number[], calls: readonly PhysicalAggCall[], fields: Schema): Schema {
  const states = calls.flatMap(({ fn, argTypes, returns }) =>
    typeof fn === 'string' ? (findFunction(fn) as AggregateFunction).stateTypes({ args: argTypes, returns }) : [types.bytes],
  )
  return [...keys.map((key) => fields[key]), ...states.map((type, i) => ({ name: `s${i}`, type, nullable: true }))]
}

/** The final phase of calls: arguments are the state columns in turn. */
function finalCalls(keys: readonly number[], calls: readonly PhysicalAggCall[]): PhysicalAggCall[] {
  let at = keys.length
  return calls.map((one) => {
    const { fn, argTypes, returns } = one
    const count =
      typeof fn === 'string' ? (findFunction(fn) as AggregateFunction).stateTypes({ args: argTypes, returns }).length : 1
    const args = Array.from({ length: count }, (_, i) => at + i)
    at += count
    return { ...one, args, where: undefined }
  })
}

/** The catalogue's meaning, row by row. */
function naive(keys: readonly number[], calls: readonly PhysicalAggCall[], fields: Schema, rows: readonly Value[][]): Value[][] {
  const groups = new Map<string, Value[][]>()
  if (keys.length === 0) groups.set('', [])
  for (const row of rows) {
    const key = keys.map((k) => valueKey(fields[k].type, row[k])).join(' ')
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map((group) => [
    ...keys.map((key) => canonicalValue(fields[key].type, group[0][key])),
    ...calls.map((one) => {
      const fn = findFunction(one.fn as string) as AggregateFunction
      let args = group
        .filter((row) => one.where === undefined || row[one.where] === true)
        .map((row) => one.args.map((arg) => row[arg]))
      if (fn.skipsNulls && one.args.length > 0) args = args.filter(([first]) => first !== null)
      if (one.distinct)
        args = [
          ...new Map(
            args.map((values) => [values.map((value, i) => valueKey(one.argTypes[i], value)).join(' '), values]),
          ).values(),
        ]
      if (one.fn === 'countif') args = args.filter(([value]) => value === true)
      return fn.evaluate(args, { args: one.argTypes, returns: one.returns })
    }),
  ])
}

const sorted = (fields: Schema, rows: readonly Value[][]): string[] =>
  rows.map((row) => row.map((value, i) => valueKey(fields[i].type, value)).join(' | ')).sort()

const keyTypes: readonly Type[] = [
  types.string,
  types.int64,
  types.float64,
  types.bool,
  types.date,
  types.bytes,
  types.array(types.string),
]
const fieldsWith = (a: Type, b: Type): Schema => schemaOf(a, b, types.int64, types.float64, types.string, types.bool)

const callsOver = (fields: Schema): PhysicalAggCall[] => [
  call('count', [], fields),
  call('count', [4], fields, { distinct: true }),
  call('countif', [5], fields),
  call('avg', [2], fields, { where: 5 }),
  call('sum', [3], fields),
  call('avg', [3], fields),
  call('avg', [3], fields, { where: 5 }),
  call('sum', [3], fields, { where: 5 }),
  call('min', [2], fields),
  call('max', [3], fields),
  call('max', [4], fields),
  call('any_value', [5], fields),
  call('logical_or', [5], fields),
  call('string_agg', [4], fields),
  call('array_agg', [3], fields, { distinct: true }),
]

const caseOf = (maxLength: number) =>
  fc
    .tuple(fc.constantFrom(...keyTypes), fc.constantFrom(...keyTypes), fc.integer({ min: 0, max: 2 }))
    .chain(([a, b, keyCount]) => {
      const fields = fieldsWith(a, b)
      const pools = fields.map((field) => fc.array(anyValueOf(field.type), { minLength: 1, maxLength: 4 }))
      const rows = fc
        .tuple(...pools)
        .chain((values) =>
          fc.array(fc.tuple(...values.map((pool) => fc.constantFrom(...pool))) as fc.Arbitrary<Value[]>, { maxLength }),
        )
      return fc.record({
        fields: fc.constant(fields),
        keys: fc.constant([0, 1].slice(0, keyCount)),
        rows,
        sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      })
    })

describe('aggregate', () => {
  it('agrees with the functions row by row, whatever the batches, and when every batch spills', async () => {
    await fc.assert(
      fc.asyncProperty(caseOf(60), async ({ fields, keys, rows, sizes }) => {
        const calls = callsOver(fields)
        const output = outputOf(keys, calls, fields)
        const expected = sorted(output, naive(keys, calls, fields, rows))
        const whole = await runOperator(
          spec(keys, calls, 'complete'),
          { inputs: [fields], fields: output },
          feedsOf(cut(fields, rows, [60])),
        )
        const spilled = await runOperator(
          spec(keys, calls, 'complete'),
          { inputs: [fields], fields: output, memoryBytes: 0 },
          feedsOf(cut(fields, rows, sizes)),
        )
        expect(sorted(output, allRows(whole.batches))).toEqual(expected)
        expect(allRows(spilled.batches)).toEqual(allRows(whole.batches))
      }),
      { numRuns: 60 },
    )
  })

  it('gives the same rows through partial and final phases over any number of partitions', async () => {
    const partitioned = fc.tuple(caseOf(60), fc.constantFrom(1, 2, 3, 7, 64), fc.boolean())
    await fc.assert(
      fc.asyncProperty(partitioned, async ([{ fields, keys, rows, sizes }, count, tight]) => {
        const calls = callsOver(fields).filter((one) => !one.distinct)
        const output = outputOf(keys, calls, fields)
        const states = stateFieldsOf(keys, calls, fields)
        const memoryBytes = tight ? 0 : undefined
        const whole = await runOperator(
          spec(keys, calls, 'complete'),
          { inputs: [fields], fields: output },
          feedsOf(cut(fields, rows, [60])),
        )
        const parts: Value[][][] = Array.from({ length: keys.length === 0 ? 1 : count }, () => [])
        const partitioner = createPartitioner(
          { by: 'hash', keys: keys.map((_, i) => i), count: parts.length },
          states,
          42,
          (partition, batch) => {
            parts[partition].push(...rowsOf(batch))
            return undefined
          },
        )
        for (const half of [rows.filter((_, i) => i % 2 === 0), rows.filter((_, i) => i % 2 === 1)]) {
          const partial = await runOperator(
            spec(keys, calls, 'partial'),
            { inputs: [fields], fields: states, memoryBytes },
            feedsOf(cut(fields, half, sizes)),
          )
          for (const batch of partial.batches) await partitioner.push(batch)
        }
        await partitioner.flush()
        const results: Value[][] = []
        for (const part of parts) {
          const final = spec(
            keys.map((_, i) => i),
            finalCalls(keys, calls),
            'final',
          )
          results.push(
            ...allRows(
              (await runOperator(final, { inputs: [states], fields: output, memoryBytes }, feedsOf(cut(states, part, sizes))))
                .batches,
            ),
          )
        }
        expect(results).toEqual(allRows(whole.batches))
      }),
      { numRuns: 60 },
    )
  })

  it('sums floats to the same bits over 1 to 64 partial aggregates', async () => {
    const fields = schemaOf(types.float64)
    const calls = [call('sum', [0], fields), call('avg', [0], fields)]
    const states = stateFieldsOf([], calls, fields)
    const output = outputOf([], calls, fields)
    const rows = Array.from({ length: 3000 }, (_, i) => [Math.sin(i) * 10 ** ((i * 7) % 40)])
    const results = new Set<string>()
    for (const count of [1, 2, 5, 64]) {
      const partials: Value[][] = []
      for (let part = 0; part < count; part++) {
        const own = rows.filter((_, i) => i % count === part)
        partials.push(
          ...allRows(
            (await runOperator(spec([], calls, 'partial'), { inputs: [fields], fields: states }, feedsOf(cut(fields, own, [97]))))
              .batches,
          ),
        )
      }
      const final = spec([], finalCalls([], calls), 'final')
      results.add(
        JSON.stringify(
          allRows((await runOperator(final, { inputs: [states], fields: output }, feedsOf(cut(states, partials, [3])))).batches),
        ),
      )
    }
    expect(results.size).toBe(1)
  })

  it('keeps many groups apart while it spills and merges', async () => {
    const fields = schemaOf(types.string, types.int64)
    const calls = [call('count', [], fields), call('sum', [1], fields)]
    const output = outputOf([0], calls, fields)
    const rows: Value[][] = Array.from({ length: 60_000 }, (_, i) => [`key ${(i * 7919) % 20_000}`, i])
    const options = { inputs: [fields], fields: output }
    const whole = await runOperator(spec([0], calls, 'complete'), options, feedsOf(cut(fields, rows, [8192])))
    const spilled = await runOperator(
      spec([0], calls, 'complete'),
      { ...options, memoryBytes: 300_000 },
      feedsOf(cut(fields, rows, [500])),
    )
    expect(allRows(whole.batches).length).toBe(20_000)
    expect(spilled.spilledBytes).toBeGreaterThan(0)
    expect(allRows(spilled.batches)).toEqual(allRows(whole.batches))
  })

  it('emits states at once when a partial aggregate makes no fewer rows', async () => {
    const fields = schemaOf(types.int64)
    const rows: Value[][] = Array.from({ length: 130_000 }, (_, i) => [i])
    const result = await runOperator(spec([0], [], 'partial'), { inputs: [fields], fields }, feedsOf(cut(fields, rows, [10_000])))
    expect(result.batches.length).toBeGreaterThan(12)
    expect(new Set(allRows(result.batches).map(([value]) => value)).size).toBe(130_000)
  })

  it('refuses to collect a value of more than 64 MB, as the functions do', async () => {
    const fields = schemaOf(types.string)
    const rows: Value[][] = ['a', 'b', 'c'].map((sign) => [sign.repeat(22 * 2 ** 20)])
    for (const fn of ['string_agg', 'array_agg']) {
      const calls = [call(fn, [0], fields)]
      const output = outputOf([], calls, fields)
      const run = (count: number) =>
        runOperator(
          spec([], calls, 'complete'),
          { inputs: [fields], fields: output },
          feedsOf(cut(fields, rows.slice(0, count), [2])),
        )
      await expect(run(3)).rejects.toMatchObject({ code: 'RUN_ARGUMENT' })
      expect(() => naive([], calls, fields, rows)).toThrow(expect.objectContaining({ code: 'RUN_ARGUMENT' }))
      expect((await run(2)).batches.length).toBe(1)
    }
  })

  it('runs user aggregates in all phases', async () => {
    const fields = schemaOf(types.string, types.float64)
    const fn = { id: 5, label: 'longest', kind: 'combine' } as FnRef
    const combine = {
      zero: () => ({ sum: 0 }),
      add: (a: { sum: number }, v: number) => ({ sum: a.sum + v }),
      merge: (a: { sum: number }, b: { sum: number }) => ({ sum: a.sum + b.sum }),
      extract: (a: { sum: number }) => a.sum,
    }
    const functions = new Map([[5, combine as never]])
    const calls = [call('sum', [1], fields, { fn })]
    const states = stateFieldsOf([0], calls, fields)
    const output = outputOf([0], calls, fields)
    const rows: Value[][] = [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['b', 4],
      ['c', 5],
    ]
    const partial = await runOperator(
      spec([0], calls, 'partial'),
      { inputs: [fields], fields: states, functions },
      feedsOf(cut(fields, rows, [2])),
    )
    const final = await runOperator(
      spec([0], finalCalls([0], calls), 'final'),
      { inputs: [states], fields: output, functions },
      feedsOf(partial.batches),
    )
    expect(allRows(final.batches).sort()).toEqual([
      ['a', 4],
      ['b', 6],
      ['c', 5],
    ])
  })
})

describe('aggregate by epochs', () => {
  const fields = schemaOf(types.string, types.int64)
  const calls = [call('count', [], fields), call('sum', [1], fields)]
  const output = outputOf([0], calls, fields)
  const epoch = (rows: Value[][], weights: number[]) => ({
    input: 0,
    batch: batchFromRows(fields, rows, Int32Array.from(weights)),
  })
  const feeds = [
    epoch(
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      [1, 1, 2],
    ),
    { barrier: 1 },
    epoch(
      [
        ['a', 3],
        ['c', 9],
        ['b', 2],
      ],
      [-1, 1, -1],
    ),
    { barrier: 2 },
    epoch(
      [
        ['a', 1],
        ['a', 1],
      ],
      [1, -1],
    ),
    { barrier: 3 },
  ]
  const changesOf = (batches: readonly import('../../../src/data/batch.ts').Batch[]) =>
    batches.flatMap((batch) => rowsOf(batch).map((row, i) => [batch.weights?.[i] ?? 1, ...row].join(' '))).sort()

  it('emits old and new rows of the groups that changed, and nothing else', async () => {
    const result = await runOperator(spec([0], calls, 'complete', 'zset'), { inputs: [fields], fields: output }, feeds)
    const at = result.barriers.map(({ afterBatches }) => afterBatches)
    expect(changesOf(result.batches.slice(0, at[0]))).toEqual(['1 a 3 7', '1 b 1 2'])
    expect(changesOf(result.batches.slice(at[0], at[1]))).toEqual(['-1 a 3 7', '-1 b 1 2', '1 a 2 4', '1 c 1 9'])
    expect(at[2]).toBe(at[1])
    expect(result.batches.length).toBe(at[2])
  })

  it('refuses a group with fewer rows than none', async () => {
    const run = runOperator(spec([0], calls, 'complete', 'zset'), { inputs: [fields], fields: output }, [
      epoch([['a', 1]], [-1]),
      { barrier: 1 },
    ])
    await expect(run).rejects.toMatchObject({ code: 'DATA_UNKNOWN_RETRACTION' })
  })

  it('has a row without keys before any row came', async () => {
    const result = await runOperator(
      spec([], calls, 'complete', 'zset'),
      { inputs: [fields], fields: outputOf([], calls, fields) },
      [{ barrier: 0 }],
    )
    expect(allRows(result.batches)).toEqual([[0, null]])
  })
})
