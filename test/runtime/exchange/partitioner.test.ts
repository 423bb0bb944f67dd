import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/data/batch.ts'
import { batchFromRows, rowsOf } from '../../../src/data/read.ts'
import type { Value } from '../../../src/data/type.ts'
import { types } from '../../../src/data/type.ts'
import type { Partitioning } from '../../../src/ir/physical.ts'
import { createPartitioner } from '../../../src/runtime/exchange/partitioner.ts'
import { schemaOf } from '../../data/random-batch.ts'

const schema = schemaOf(types.string, types.int64)
const rows: Value[][] = Array.from({ length: 30_000 }, (_, i) => [i % 11 === 0 ? null : `key ${i % 97}`, i])

async function partition(partitioning: Partitioning, batches: readonly Batch[]): Promise<Batch[][]> {
  const parts: Batch[][] = Array.from({ length: partitioning.count }, () => [])
  const partitioner = createPartitioner(partitioning, schema, 3, (to, batch) => {
    parts[to].push(batch)
    return Promise.resolve()
  })
  for (const batch of batches) await partitioner.push(batch)
  await partitioner.flush()
  return parts
}

describe('partitioner', () => {
  it('sends the rows of a key to one partition in their order, in large batches', async () => {
    const batches = [batchFromRows(schema, rows.slice(0, 13_000)), batchFromRows(schema, rows.slice(13_000))]
    const parts = await partition({ by: 'hash', keys: [0], count: 5 }, batches)
    const home = new Map<Value, number>()
    for (const [to, part] of parts.entries()) {
      const own = part.flatMap(rowsOf)
      expect(own.map(([, n]) => n)).toEqual([...own.map(([, n]) => n as number)].sort((a, b) => a - b))
      for (const [key] of own) {
        expect(home.get(key) ?? to).toBe(to)
        home.set(key, to)
      }
    }
    expect(home.size).toBe(98)
    expect(parts.flat().reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(rows.length)
    expect(parts.flat().length).toBeLessThan(15)
  })

  it('keeps weights, those of batches without them being 1', async () => {
    const batches = [batchFromRows(schema, rows.slice(0, 3)), batchFromRows(schema, rows.slice(3, 5), Int32Array.of(-1, 2))]
    const parts = await partition({ by: 'hash', keys: [1], count: 2 }, batches)
    const weights = parts.flat().flatMap((batch) => rowsOf(batch).map(([, n], i) => [n, batch.weights?.[i] ?? 1]))
    expect(weights.sort()).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, -1],
      [4, 2],
    ])
  })

  it('hands on whole batches: all to one, in turn, or to everybody', async () => {
    const batches = [0, 1, 2].map((i) => batchFromRows(schema, rows.slice(i, i + 1)))
    expect((await partition({ by: 'gather', count: 1 }, batches))[0]).toEqual(batches)
    expect((await partition({ by: 'roundRobin', count: 2 }, batches)).map((part) => part.length)).toEqual([2, 1])
    for (const part of await partition({ by: 'broadcast', count: 2 }, batches)) expect(part).toEqual(batches)
  })
})
