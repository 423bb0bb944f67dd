import type { Batch } from '../../data/batch.ts'
import { batchFromRows } from '../../data/read.ts'
import { types, type Value } from '../../data/type.ts'
import type { PhysicalNodeOf } from '../../ir/physical.ts'
import type { OperatorContext } from '../operator.ts'
import { ExternalSorter } from '../operators/external-sorter.ts'
import { orderBySortKeys } from '../operators/row-order.ts'
import type { Root } from '../root.ts'
import { exchangeOf, type RangeExchange, stageOf } from '../stage-shape.ts'
import type { TaskContext } from '../task-context.ts'
import { PartitionFileWriter } from './partition-file.ts'
import { type RangeSample, samplePositions } from './range-bounds.ts'
import { rowKeyOf } from './row-key.ts'

/** The key of the first row of each block, and how many rows it has: what readers need to find their range. */
export const blockKeyFields = [
  { name: 'key', type: types.bytes, nullable: false },
  { name: 'rows', type: types.int64, nullable: false },
]
/** Lists in the partition file: the sorted blocks, and the block of their keys. */
export const fileParts = { blocks: 0, keys: 1, count: 2 } as const

/**
 * The sending half of a range exchange: sorts the task's rows and leaves them as one run, which all consumers read; what it tells of the keys is enough
 * to fix the ranges once all producers are done. Both depend on the rows alone, not on their order or on memory.
 */
export function rangeRoot(node: PhysicalNodeOf<'send'>, task: TaskContext, ctx: OperatorContext): Root {
  const { env, order: attempt } = task
  const exchange = exchangeOf(env.plan, node.spec.exchange) as RangeExchange
  const { fields, partitioning } = exchange
  const order = orderBySortKeys(partitioning.keys, fields.length)
  const sorter = new ExternalSorter(order, fields, ctx, env.memory)
  const file = new PartitionFileWriter(
    env.host.disk,
    () => env.files.partition(exchange.id, attempt.task, attempt.attempt),
    fileParts.count,
  )
  const producers = stageOf(env.plan, exchange.from).tasks
  const samples: RangeSample[] = []
  const blockKeys: Value[][] = []

  return {
    name: 'send',
    borrows: sorter.borrows,
    push: (_input, batch) => sorter.add(batch),
    async finish() {
      const positions = samplePositions(sorter.rowCount, attempt.task, producers)
      let rowCount = 0
      for (const batch of sorter.sorted(true)) {
        task.checkCancelled()
        blockKeys.push([rowKeyOf(order.keys, batch.columns, 0).bytes, batch.rowCount])
        file.append(fileParts.blocks, batch)
        for (let i = samples.length; i < positions.length && positions[i] < rowCount + batch.rowCount; i++)
          samples.push(sampleOf(batch, positions[i] - rowCount, positions[i]))
        rowCount += batch.rowCount
        const pause = env.pace.tick()
        if (pause !== undefined) await pause
      }
      if (blockKeys.length > 0) file.append(fileParts.keys, batchFromRows(blockKeyFields, blockKeys))
    },
    close: () => sorter.close(),
    complete() {
      const finished = file.finish(env.files.durable)
      if (finished === undefined) return { outputs: [] }
      return { outputs: [{ ...finished, exchange: exchange.id, rowCount: finished.rowCount - blockKeys.length, samples }] }
    },
    abort: () => file.abort(),
  }

  function sampleOf(batch: Batch, row: number, position: number): RangeSample {
    const { bytes, isWhole } = rowKeyOf(order.keys, batch.columns, row)
    return { key: bytes.toString('base64'), isWhole, position }
  }
}
