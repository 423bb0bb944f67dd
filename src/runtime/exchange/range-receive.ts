import type { Batch } from '../../data/batch.ts'
import type { PhysicalNodeOf } from '../../ir/physical.ts'
import { BlockWriter, readBlocks } from '../block-file.ts'
import type { Leaf } from '../leaf.ts'
import type { OperatorMetrics } from '../operator.ts'
import { mergeRuns, type SortedRun } from '../operators/merge-runs.ts'
import { orderBySortKeys } from '../operators/row-order.ts'
import { exchangeOf, type RangeExchange, stageOf } from '../stage-shape.ts'
import type { TaskContext } from '../task-context.ts'
import { fromProducer } from './lost-output.ts'
import { openRange, type RangeRun } from './range-reader.ts'

/** A block is read, and as much again is under way to the next operator or in keys. */
const bytesAByte = 2
const leastRuns = 4

/**
 * The receiving half of range exchanges: merges the task's range of all producers' rows. Reads one block of each producer at a time; where memory does
 * not hold one of each, some are merged to files first.
 */
export function rangeLeaf(node: PhysicalNodeOf<'receive'>, task: TaskContext, metrics: OperatorMetrics): Leaf {
  const { env, order: attempt } = task
  const account = env.memory.open()
  const exchanges = node.spec.exchanges.map((id) => exchangeOf(env.plan, id) as RangeExchange)
  const order = orderBySortKeys(exchanges[0].partitioning.keys, node.fields.length)
  let wanted = true

  return {
    open() {},
    async run(output) {
      for (const batch of merged(openRanges(), output.lends)) {
        task.checkCancelled()
        task.counts.rowsReceived += batch.rowCount
        const wait = output.emit(batch)
        if (wait !== undefined) await wait
        if (!wanted) return
        const pause = env.pace.tick()
        if (pause !== undefined) await pause
      }
    },
    stop() {
      wanted = false
    },
    wake() {},
    close: () => account.release(),
  }

  function openRanges(): RangeRun[] {
    const range = attempt.ranges?.find(({ input }) => input === node.id)
    const runs: RangeRun[] = []
    let firstProducer = 0
    for (const { id, from, fields } of exchanges) {
      const attempts = attempt.inputs.find((input) => input.exchange === id)?.attempts ?? []
      for (const [producer, made] of attempts.entries()) {
        if (made === 0) continue
        const lost = { exchange: id, task: producer, attempt: made }
        const file = {
          disk: env.host.disk,
          path: env.files.partition(id, producer, made),
          producer: firstProducer + producer,
          fields,
          keys: order.keys,
        }
        const run = fromProducer(lost, () => openRange(file, range?.from, range?.to))
        if (run.blockBytes > 0) runs.push({ ...run, next: () => fromProducer(lost, run.next) })
      }
      firstProducer += stageOf(env.plan, from).tasks
    }
    return runs
  }

  function* merged(ranges: readonly RangeRun[], lent: boolean): Generator<Batch, void> {
    const blockBytes = ranges.reduce((most, run) => Math.max(most, run.blockBytes), 0)
    let most = Math.max(leastRuns, ranges.length)
    while (most > leastRuns && account.grant(most * blockBytes * bytesAByte) === 'spill') most = Math.max(leastRuns, most >> 1)
    metrics.peakMemoryBytes = most * blockBytes * bytesAByte
    const runs: SortedRun[] = [...ranges]
    while (runs.length > most) runs.push(onDisk(mergeRuns(runs.splice(0, most), order, node.fields, { lent: true })))
    yield* mergeRuns(runs, order, node.fields, { lent })
  }

  function onDisk(batches: Iterable<Batch>): SortedRun {
    const writer = new BlockWriter(env.host.disk, task.spillPath())
    for (const batch of batches) {
      task.checkCancelled()
      writer.append(batch)
    }
    metrics.spillFiles++
    metrics.spilledBytes += writer.sizeBytes
    const blocks = readBlocks(env.host.disk, writer.path, node.fields)
    return { next: () => blocks.next().value ?? undefined, close: () => void blocks.return() }
  }
}
