import { appendRows, builderBytes } from '../../data/append.ts'
import type { Batch } from '../../data/batch.ts'
import { freshHeader, targetBatchBytes, targetBatchRows } from '../../data/batch.ts'
import type { ColumnBuilder } from '../../data/builder.ts'
import { createBuilder } from '../../data/builder.ts'
import { hashRows, partitionOf } from '../../data/key.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import type { Partitioning } from '../../ir/physical.ts'

/** Takes a batch for a partition; undefined while there is credit, else a promise to await. */
export type Deliver = (partition: number, batch: Batch) => undefined | Promise<void>

/** Splits batches by partition. `push` and `flush` are awaited before the next call. */
export interface Partitioner {
  push(batch: Batch): undefined | Promise<void>
  /** Delivers what is still in the builders: at the end, and before a barrier. */
  flush(): undefined | Promise<void>
}

/**
 * Makes the sending half of an exchange.
 * hash: rows of one key go to one partition, a range of the hash, in batches of about 256 KiB or 8,192 rows, weights kept; forward and gather: to
 * partition 0 (the task that sends decides which that is); roundRobin: whole batches in turn; broadcast: the same batch to all.
 *
 * @param batchBytes - about how many bytes a batch is to have; what is held is some more than this for each partition.
 */
export function createPartitioner(
  partitioning: Partitioning,
  schema: Schema,
  hashSeed: number,
  deliver: Deliver,
  batchBytes = targetBatchBytes,
): Partitioner {
  const { by, count } = partitioning
  if (by === 'hash' && count > 1) return createHashPartitioner(partitioning.keys, count, schema, hashSeed, deliver, batchBytes)
  if (by === 'broadcast') return { push: (batch) => toAll(count, batch, deliver), flush: () => undefined }
  let next = 0
  return {
    push(batch) {
      const partition = next
      if (by === 'roundRobin') next = (next + 1) % count
      return deliver(partition, batch)
    },
    flush: () => undefined,
  }
}

function toAll(count: number, batch: Batch, deliver: Deliver): undefined | Promise<void> {
  const waits: Promise<void>[] = []
  for (let partition = 0; partition < count; partition++) {
    const wait = deliver(partition, batch)
    if (wait !== undefined) waits.push(wait)
  }
  return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
}

/** The rows under way to one partition. */
interface Destination {
  builders: readonly ColumnBuilder[]
  weights: Int32Array | undefined
  rowCount: number
}

function createHashPartitioner(
  keys: readonly number[],
  count: number,
  schema: Schema,
  hashSeed: number,
  deliver: Deliver,
  batchBytes: number,
): Partitioner {
  const destinations: Destination[] = []
  for (let i = 0; i < count; i++) {
    destinations.push({ builders: schema.map((field) => createBuilder(field.type)), weights: undefined, rowCount: 0 })
  }
  const starts = new Int32Array(count + 1)
  let epoch = 0
  let lo = new Int32Array(0)
  let hi = lo
  let rows = lo

  return { push, flush }

  function push(batch: Batch): undefined | Promise<void> {
    const { rowCount } = batch
    if (lo.length < rowCount) {
      lo = new Int32Array(rowCount)
      hi = new Int32Array(rowCount)
      rows = new Int32Array(rowCount)
    }
    epoch = batch.header.epoch
    hashRows(
      keys.map((key) => batch.columns[key]),
      rowCount,
      hashSeed,
      lo,
      hi,
    )
    sortByPartition(rowCount)
    const waits: Promise<void>[] = []
    for (let partition = 0; partition < count; partition++) {
      const from = starts[partition]
      const to = starts[partition + 1]
      if (from === to) continue
      const destination = destinations[partition]
      appendTo(destination, batch, rows, from, to)
      if (destination.rowCount < targetBatchRows && bytesOf(destination) < batchBytes) continue
      const wait = send(partition)
      if (wait !== undefined) waits.push(wait)
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
  }

  /** Counting sort: `rows` lists the rows of partition p between `starts[p]` and `starts[p + 1]`, in their order. */
  function sortByPartition(rowCount: number): void {
    starts.fill(0)
    for (let row = 0; row < rowCount; row++) {
      const partition = partitionOf(hi[row], count)
      lo[row] = partition
      starts[partition + 1]++
    }
    for (let partition = 0; partition < count; partition++) starts[partition + 1] += starts[partition]
    for (let row = 0; row < rowCount; row++) rows[starts[lo[row]]++] = row
    for (let partition = count; partition > 0; partition--) starts[partition] = starts[partition - 1]
    starts[0] = 0
  }

  function send(partition: number): undefined | Promise<void> {
    const { builders, weights, rowCount } = destinations[partition]
    destinations[partition].rowCount = 0
    destinations[partition].weights = undefined
    const columns = builders.map((builder) => builder.finish())
    const header = epoch === 0 ? freshHeader : { ...freshHeader, epoch }
    return deliver(partition, makeBatch(columns, rowCount, { header, weights: weights?.subarray(0, rowCount) }))
  }

  function flush(): undefined | Promise<void> {
    const waits: Promise<void>[] = []
    for (let partition = 0; partition < count; partition++) {
      if (destinations[partition].rowCount === 0) continue
      const wait = send(partition)
      if (wait !== undefined) waits.push(wait)
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
  }
}

function appendTo(destination: Destination, batch: Batch, rows: Int32Array, from: number, to: number): void {
  const before = destination.rowCount
  for (let i = 0; i < batch.columns.length; i++) appendRows(destination.builders[i], batch.columns[i], rows, from, to)
  destination.rowCount = before + to - from
  if (batch.weights === undefined && destination.weights === undefined) return
  // A mix of batches with and without weights: those without count once.
  if (destination.weights === undefined || destination.weights.length < destination.rowCount) {
    const grown = new Int32Array(Math.max(destination.rowCount * 2, targetBatchRows)).fill(1)
    if (destination.weights !== undefined) grown.set(destination.weights.subarray(0, before))
    destination.weights = grown
  }
  for (let i = from; i < to; i++)
    destination.weights[before + i - from] = batch.weights === undefined ? 1 : batch.weights[rows[i]]
}

function bytesOf(destination: Destination): number {
  let bytes = destination.rowCount * 4
  for (const builder of destination.builders) bytes += builderBytes(builder)
  return bytes
}
