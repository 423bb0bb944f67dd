import { describe, expect, it } from 'vitest'
import { createInlineBackend } from '../../src/backends/inline/index.ts'
import { threadsBackend } from '../../src/backends/threads/index.ts'
import type { PhysicalPlan } from '../../src/ir/physical.ts'
import { resultToRows } from '../../src/runtime/results.ts'
import { expectedSums, makePlan, node, pairFields, requestFor, scan, sortedRows, sumPlan } from './plans.ts'

const oneBatch = { credit: { batches: 1, bytes: 2 ** 20 } }
const workerUrl = new URL('../backends/threads-worker.ts', import.meta.url)
const receive = (id: number, exchanges: readonly number[], ordered: boolean) =>
  node(id, [], pairFields, { operator: 'receive', spec: { exchanges, ordered } })
const send = (id: number, input: number, exchange: number) =>
  node(id, [input], pairFields, { operator: 'send', spec: { exchange } })
const collect = (id: number, input: number) => node(id, [input], pairFields, { operator: 'collect', spec: { output: 0 } })
const gather = { partitioning: { by: 'gather', count: 1 } } as const
const expected = Array.from({ length: 40 * 50 }, (_, n) => [n % 10, n])
const source = { tasks: 40, rowsATask: 50, batchRows: 5 }

/** Ordered reading parks all producers but one. */
const orderedGather = (): PhysicalPlan =>
  makePlan(
    [
      { tasks: 40, nodes: [scan(0, source), send(1, 0, 0)] },
      { tasks: 1, placement: 'coordinator', nodes: [receive(2, [0], true), collect(3, 2)] },
    ],
    [gather],
    'pipelined',
  )

/** Each scan feeds all middle tasks, each of which waits for its turn at the ordered reader. */
const shuffleThenOrderedGather = (): PhysicalPlan =>
  makePlan(
    [
      { tasks: 40, nodes: [scan(0, source), send(1, 0, 0)] },
      { tasks: 8, nodes: [receive(2, [0], false), send(3, 2, 1)] },
      { tasks: 1, placement: 'coordinator', nodes: [receive(4, [1], true), collect(5, 4)] },
    ],
    [{ partitioning: { by: 'hash', keys: [1], count: 8 } }, gather],
    'pipelined',
  )

/** The same scans feed both exchanges that one reader takes one after the other. */
const diamond = (): PhysicalPlan =>
  makePlan(
    [
      { tasks: 40, nodes: [scan(0, source), send(1, 0, 0), send(2, 0, 1)] },
      { tasks: 1, placement: 'coordinator', nodes: [receive(3, [0, 1], true), collect(4, 3)] },
    ],
    [gather, gather],
    'pipelined',
  )

/** The same scans feed both sides of a join, whose tasks wait for the whole build side first. */
const joinWithItself = (): PhysicalPlan => {
  const joined = [...pairFields, ...pairFields]
  const form = { operator: 'join', spec: { kind: 'inner', probeKeys: [1], buildKeys: [1] } } as const
  return makePlan(
    [
      { tasks: 40, nodes: [scan(0, source), send(1, 0, 0), send(2, 0, 1)] },
      {
        tasks: 3,
        nodes: [
          receive(3, [0], false),
          receive(4, [1], false),
          node(5, [3, 4], joined, form, 'build-first'),
          node(6, [5], joined, { operator: 'send', spec: { exchange: 2 } }),
        ],
      },
      {
        tasks: 1,
        placement: 'coordinator',
        nodes: [
          node(7, [], joined, { operator: 'receive', spec: { exchanges: [2], ordered: true } }),
          node(8, [7], joined, { operator: 'collect', spec: { output: 0 } }),
        ],
      },
    ],
    [
      { partitioning: { by: 'hash', keys: [1], count: 3 } },
      { partitioning: { by: 'hash', keys: [1], count: 3 } },
      { ...gather, fields: joined },
    ],
    'pipelined',
  )
}

/** The reader wants the rows of a few scans only: its task has ended when the last ones begin, which have more rows than there is credit. */
const limitInAWorker = (): PhysicalPlan =>
  makePlan(
    [
      { tasks: 40, nodes: [scan(0, source), send(1, 0, 0)] },
      {
        tasks: 1,
        nodes: [
          receive(2, [0], true),
          node(3, [2], pairFields, { operator: 'limit', spec: { count: 60, offset: 0 } }),
          send(4, 3, 1),
        ],
      },
      { tasks: 1, placement: 'coordinator', nodes: [receive(5, [1], true), collect(6, 5)] },
    ],
    [gather, gather],
    'pipelined',
  )

describe.each([
  ['inline', createInlineBackend(oneBatch), 1],
  ['one worker', threadsBackend(workerUrl, oneBatch), 1],
  ['two workers', threadsBackend(workerUrl, oneBatch), 2],
] as const)('channels of one batch, many more tasks than threads: %s', (_name, backend, workers) => {
  const run = async (plan: PhysicalPlan) => resultToRows((await backend.run(requestFor(plan, { workers }))).outputs[0])

  it('keeps the order of the source under an ordered reader', async () => {
    expect(await run(orderedGather())).toEqual(expected)
  })

  it('ends though every producer waits for its turn behind a shuffle', async () => {
    expect(sortedRows(await run(shuffleThenOrderedGather()))).toEqual(sortedRows(expected))
  })

  it('ends though one producer feeds two inputs that are read in turn', async () => {
    expect(await run(diamond())).toEqual([...expected, ...expected])
  })

  it('ends though the reader in a worker has ended before the last producers begin', async () => {
    expect(await run(limitInAWorker())).toEqual(expected.slice(0, 60))
  })

  it('joins a collection with itself', async () => {
    expect(sortedRows(await run(joinWithItself()))).toEqual(sortedRows(expected.map((row) => [...row, ...row])))
  })

  it('aggregates', async () => {
    expect(sortedRows(await run(sumPlan('pipelined', source)))).toEqual(expectedSums(source))
  })
})
