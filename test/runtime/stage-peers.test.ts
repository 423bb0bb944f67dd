import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../src/base/node-host.ts'
import type { Batch } from '../../src/data/batch.ts'
import { batchFromRows, rowsOf } from '../../src/data/read.ts'
import { type Schema, types } from '../../src/data/type.ts'
import type { PhysicalNodeOf } from '../../src/ir/physical.ts'
import { MemoryBudget } from '../../src/runtime/memory.ts'
import type { Operator, OperatorContext } from '../../src/runtime/operator.ts'
import { createPartialAggregate } from '../../src/runtime/operators/partial-aggregate.ts'
import { StagePeers } from '../../src/runtime/stage-peers.ts'

const fields: Schema = [{ name: 'k', type: types.string, nullable: true }]
const node = { spec: { keys: [0], calls: [], phase: 'partial', changes: 'insertOnly' } } as unknown as PhysicalNodeOf<'aggregate'>

/** The partial aggregate of one more task; what it emits finds credit when `credit` resolves. */
function task(peers: StagePeers, credit = Promise.resolve()): { operator: Operator; keys: () => unknown[] } {
  const batches: Batch[] = []
  const context: Partial<OperatorContext> = {
    emit(batch) {
      batches.push(batch)
      return credit
    },
    share: (make) => peers.share(1, make),
    pause: () => undefined,
    host: nodeHost(),
    signal: new AbortController().signal,
    hashSeed: 7,
    inputs: [fields],
    fields,
  }
  peers.enter()
  return {
    operator: createPartialAggregate(node, context as OperatorContext),
    keys: () =>
      batches
        .flatMap(rowsOf)
        .map(([key]) => key)
        .sort(),
  }
}

const rows = (...keys: (string | null)[]): Batch =>
  batchFromRows(
    fields,
    keys.map((key) => [key]),
  )

describe('tasks of a stage in one thread', () => {
  it('leave their partial results to the last of them', async () => {
    const peers = new StagePeers(new MemoryBudget(2 ** 30))
    const [first, second] = [task(peers), task(peers)]
    first.operator.push(0, rows('a', 'b', null))
    await first.operator.finish(0)
    expect(first.keys()).toEqual([])
    second.operator.push(0, rows('b', 'c', null))
    await second.operator.finish(0)
    expect(second.keys()).toEqual(['a', 'b', 'c', null])
  })

  it('start afresh when one comes after the last had finished', async () => {
    const peers = new StagePeers(new MemoryBudget(2 ** 30))
    const first = task(peers)
    first.operator.push(0, rows('a'))
    await first.operator.finish(0)
    const late = task(peers)
    late.operator.push(0, rows('a', 'b'))
    await late.operator.finish(0)
    expect([first.keys(), late.keys()]).toEqual([['a'], ['a', 'b']])
  })

  it('lose no rows that come while another waits for credit', async () => {
    const memory = new MemoryBudget(2 ** 20)
    const peers = new StagePeers(memory)
    const { promise, resolve } = Promise.withResolvers<void>()
    const [slow, quick] = [task(peers, promise), task(peers)]
    const many = Array.from({ length: 20_000 }, (_, i) => `key ${i}`)
    const full = slow.operator.push(0, rows(...many))
    expect(full).toBeInstanceOf(Promise)
    quick.operator.push(0, rows('late', 'key 1'))
    resolve()
    await full
    await slow.operator.finish(0)
    await quick.operator.finish(0)
    expect([...slow.keys(), ...quick.keys()].sort()).toEqual([...many, 'late', 'key 1'].sort())
  })

  it('give all memory back when the last has ended, however it ended', () => {
    const memory = new MemoryBudget(2 ** 30)
    const peers = new StagePeers(memory)
    const [first] = [task(peers), task(peers)]
    first.operator.push(0, rows('a'))
    expect(memory.usedBytes).toBeGreaterThan(0)
    expect([peers.end(), peers.end()]).toEqual([false, true])
    expect(memory.usedBytes).toBe(0)
  })
})
