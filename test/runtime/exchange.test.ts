import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inlineBackend } from '../../src/backends/inline/index.ts'
import { threadsBackend } from '../../src/backends/threads/index.ts'
import type { Partitioning, PhysicalPlan } from '../../src/ir/physical.ts'
import { resultToRows } from '../../src/runtime/results.ts'
import { makePlan, node, pairFields, requestFor, scan, sinkPlan, sortedRows, sumPlan, tempFolder } from './plans.ts'

const threads = threadsBackend(new URL('../backends/threads-worker.ts', import.meta.url))
const modes = ['serial', 'hybrid', 'pipelined'] as const
const receive = (id: number, exchanges: readonly number[], ordered = true) =>
  node(id, [], pairFields, { operator: 'receive', spec: { exchanges, ordered } })
const send = (id: number, input: number, exchange: number) =>
  node(id, [input], pairFields, { operator: 'send', spec: { exchange } })
const collect = (id: number, input: number) => node(id, [input], pairFields, { operator: 'collect', spec: { output: 0 } })
const limit = (id: number, input: number, count: number) =>
  node(id, [input], pairFields, { operator: 'limit', spec: { count, offset: 0 } })

/** scan → exchange → `consumers` tasks → gather → collect. */
function relay(mode: (typeof modes)[number], partitioning: Partitioning, tasks = 3): PhysicalPlan {
  return makePlan(
    [
      { tasks, nodes: [scan(0, { tasks, rowsATask: 20 }), send(1, 0, 0)] },
      { tasks: partitioning.count, nodes: [receive(2, [0]), send(3, 2, 1)] },
      { tasks: 1, placement: 'coordinator', nodes: [receive(4, [1]), collect(5, 4)] },
    ],
    [{ partitioning }, { partitioning: { by: 'gather', count: 1 } }],
    mode,
  )
}

async function rowsOf(plan: PhysicalPlan, backend = inlineBackend) {
  const result = await backend.run(requestFor(plan))
  const rows = resultToRows(result.outputs[0])
  result.close()
  return { rows, metrics: result.metrics }
}

const all = Array.from({ length: 60 }, (_, n) => [n % 10, n])

describe.each(modes)('%s exchanges', (mode) => {
  it('forward keeps partitions and their order', async () => {
    expect((await rowsOf(relay(mode, { by: 'forward', count: 3 }))).rows).toEqual(all)
  })

  it('broadcast gives all rows to every consumer', async () => {
    expect((await rowsOf(relay(mode, { by: 'broadcast', count: 2 }))).rows).toEqual([...all, ...all])
  })

  it('round robin gives every row to one consumer', async () => {
    expect(sortedRows((await rowsOf(relay(mode, { by: 'roundRobin', count: 2 }))).rows)).toEqual(sortedRows(all))
  })

  it('carry them over threads too', async () => {
    expect((await rowsOf(relay(mode, { by: 'forward', count: 3 }), threads)).rows).toEqual(all)
    expect((await rowsOf(relay(mode, { by: 'broadcast', count: 2 }), threads)).rows).toEqual([...all, ...all])
  })

  it('carry nothing when there is nothing', async () => {
    const plan = sumPlan(mode, { rowsATask: 0 })
    expect((await rowsOf(plan)).rows).toEqual([])
  })
})

describe('a reader that wants no more', () => {
  const plan = makePlan(
    [
      { tasks: 4, nodes: [scan(0, { rowsATask: 10_000 }), send(1, 0, 0)] },
      { tasks: 1, placement: 'coordinator', nodes: [receive(2, [0]), limit(3, 2, 5), collect(4, 3)] },
    ],
    [{ partitioning: { by: 'gather', count: 1 } }],
    'pipelined',
  )

  it.each([
    ['inline', inlineBackend],
    ['threads', threads],
  ] as const)('stops the scans that feed it: %s', async (_name, backend) => {
    const { rows, metrics } = await rowsOf(plan, backend)
    expect(rows).toEqual(all.slice(0, 5))
    expect(metrics.rowsRead).toBeLessThan(20_000)
  })
})

describe('epochs', () => {
  const changes = (mode: (typeof modes)[number], path: string): PhysicalPlan => {
    const sink = { connector: 'lines', options: { path } }
    const plan = makePlan(
      [
        { tasks: 1, nodes: [scan(0, { tasks: 1, rowsATask: 6, batchRows: 2, epochs: [1, 3, 4] }), send(1, 0, 0)] },
        { tasks: 1, nodes: [scan(2, { tasks: 1, rowsATask: 4, batchRows: 2, epochs: [2, 3] }), send(3, 2, 1)] },
        { tasks: 1, nodes: [scan(4, { tasks: 1, rowsATask: 1 }), send(5, 4, 2)] },
        {
          tasks: 1,
          nodes: [receive(6, [0, 1, 2], false), node(7, [6], pairFields, { operator: 'sink', spec: { sink: 0, ...sink } })],
        },
      ],
      [0, 1, 2].map(() => ({ partitioning: { by: 'gather' as const, count: 1 } })),
      mode,
      { incremental: true },
    )
    return { ...plan, sinks: [{ ...sink, fields: pairFields, tasks: 1, stage: 3 }] }
  }

  it.each(modes)('are aligned over all producers in %s mode: rows of an epoch, then its barrier', async (mode) => {
    for (const backend of [inlineBackend, threads]) {
      const path = join(tempFolder(), 'out')
      await backend.run(requestFor(changes(mode, path)))
      expect(readFileSync(path, 'utf8').trim().split('\n')).toEqual(
        // The third source has no epochs, so it is epoch 0.
        [
          '[0,0]',
          'barrier 0',
          '[0,0]',
          '[1,1]',
          'barrier 1',
          '[0,0]',
          '[1,1]',
          'barrier 2',
          '[2,2]',
          '[3,3]',
          '[2,2]',
          '[3,3]',
        ].concat(['barrier 3', '[4,4]', '[5,5]', 'barrier 4']),
      )
    }
  })
})

describe('a run that ends early', () => {
  it.each(modes)('takes back what was staged when it is cancelled, in %s mode', async (mode) => {
    const folder = tempFolder()
    const controller = new AbortController()
    const plan = sinkPlan(mode, join(folder, 'out'), { tasks: 40, rowsATask: 20_000, batchRows: 1000 })
    const request = requestFor(plan, { signal: controller.signal, onProgress: () => controller.abort() })
    await expect(inlineBackend.run(request)).rejects.toMatchObject({ code: 'RUN_CANCELLED' })
    expect(existsSync(request.run.directory)).toBe(false)
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  it('does nothing when it was cancelled before it began', async () => {
    const request = requestFor(sumPlan('pipelined'), { signal: AbortSignal.abort() })
    await expect(inlineBackend.run(request)).rejects.toMatchObject({ code: 'RUN_CANCELLED' })
    expect(existsSync(request.run.directory)).toBe(false)
  })
})

it('spools results over 32 MB and removes the file when they are closed', async () => {
  const plan = makePlan(
    [
      { tasks: 2, nodes: [scan(0, { tasks: 2, rowsATask: 1_200_000, batchRows: 60_000 }), send(1, 0, 0)] },
      { tasks: 1, placement: 'coordinator', nodes: [receive(2, [0]), collect(3, 2)] },
    ],
    [{ partitioning: { by: 'gather', count: 1 } }],
    'pipelined',
  )
  const request = requestFor(plan)
  const result = await inlineBackend.run(request)
  expect(existsSync(request.run.directory)).toBe(true)
  expect(result.outputs[0].rowCount).toBe(2_400_000)
  for (let pass = 0; pass < 2; pass++) {
    let rows = 0
    let last = -1
    for (const batch of result.outputs[0].batches()) {
      rows += batch.rowCount
      const [, value] = batch.columns
      if (value.store === 'lane') last = Number(value.values[batch.rowCount - 1])
    }
    expect([rows, last]).toEqual([2_400_000, 2_399_999])
  }
  result.close()
  expect(existsSync(request.run.directory)).toBe(false)
})
