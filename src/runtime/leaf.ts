import { faultPoint } from '../base/fault-points.ts'
import type { Batch } from '../data/batch.ts'
import { batchFromRows } from '../data/read.ts'
import type { Value } from '../data/type.ts'
import type { ConnectorOptions, ReadRequest } from '../io/connector.ts'
import type { ErrorPolicy } from '../ir/on-error.ts'
import type { PhysicalNodeOf } from '../ir/physical.ts'
import { CarefulFeed } from './careful.ts'
import { isRowError } from './row-errors.ts'
import { rowText } from './row-text.ts'
import type { TaskContext } from './task-context.ts'

/** Where a leaf puts what it reads. */
export interface LeafOutput {
  emit(batch: Batch): undefined | Promise<void>
  barrier(epoch: number): Promise<void>
  /** Does everybody let go of a batch once it was emitted? */
  readonly lends: boolean
  /** Does nobody want more? */
  stopped(): boolean
}

/** Running form of scan, values and receive: it drives the operators above it. */
export interface Leaf {
  /** Called for all leaves of a task before the first one runs; `readFirst` tells which that is. */
  open(readFirst: boolean): void
  run(output: LeafOutput): Promise<void>
  /** Nobody wants more: ends any wait, and tells the producers. */
  stop(): void
  /** The task was cancelled: ends any wait. */
  wake(): void
  close(): void
}

/**
 * Reads the split of its task, a batch at a time, and lets other work of the thread in between.
 * In an incremental run a source without epochs of its own is epoch 0.
 */
export function scanLeaf(node: PhysicalNodeOf<'scan'>, task: TaskContext): Leaf {
  const { env, order } = task
  const { connector, options, reader, splits, limit } = node.spec
  const careful = order.care === undefined ? undefined : new CarefulFeed(order.care, order, env.files, env.host)
  const leaveOut = (row: Batch): void => leaveOutPoison(row, node, task)
  return {
    open() {},
    async run(output) {
      const source = env.connectors.sources.get(connector)
      if (source === undefined) throw new RangeError(`no connector '${connector}'`)
      const split = splits[order.task]
      let sawBarrier = false
      if (split !== undefined) {
        const { host } = env
        const request = {
          options: options as never,
          reader,
          split,
          splitIndex: order.task,
          fields: node.fields,
          limit,
          lent: output.lends,
          onBadRecord: badRecordsOf(connector, options, task),
          host,
          signal: task.signal,
        }
        for (const item of source.read(request)) {
          task.checkCancelled()
          if ('barrier' in item) {
            sawBarrier = true
            await output.barrier(item.barrier)
            continue
          }
          faultPoint('task.batch')
          task.counts.rowsRead += item.rowCount
          const wait = careful === undefined ? output.emit(item) : careful.feed(item, output.emit, leaveOut, output.stopped)
          if (wait !== undefined) await wait
          if (output.stopped()) break
          const pause = env.pace.tick()
          if (pause !== undefined) await pause
        }
        if (!output.stopped()) task.counts.bytesRead += split.file === undefined ? 0 : split.length
      }
      if (env.plan.incremental && !sawBarrier) await output.barrier(0)
    },
    stop() {},
    wake() {},
    close: () => careful?.close(),
  }
}

/** A row that has ended its workers is one that failed. */
function leaveOutPoison(row: Batch, { fields, spec }: PhysicalNodeOf<'scan'>, task: TaskContext): void {
  const { source } = row.header
  const policy = task.env.plan.onError?.policy ?? 'fail'
  task.failedRows.add(
    {
      code: 'RUN_POISON_BATCH',
      message: 'it has ended its worker twice',
      operator: spec.connector,
      source,
      row: source?.firstRow,
      values: () => rowText(row, fields, 0),
    },
    policy,
  )
}

/** Takes the bad records of a source, unless they end the run: as it says itself, else as the run takes all rows that fail. */
function badRecordsOf(connector: string, options: Value, task: TaskContext): ReadRequest['onBadRecord'] {
  const own = (options as ConnectorOptions).on_error as ErrorPolicy | undefined
  const policy = own ?? task.env.plan.onError?.policy ?? 'fail'
  if (policy === 'fail') return undefined
  return (error) => {
    const { file, line, byteOffset, text } = error.details
    if (!isRowError(error)) throw error
    task.failedRows.add({ code: error.code, message: error.message, operator: connector, file, line, byteOffset, text }, policy)
  }
}

/** Rows that stand in the plan; the first task has all of them. */
export function valuesLeaf(node: PhysicalNodeOf<'values'>, task: TaskContext): Leaf {
  return {
    open() {},
    async run(output) {
      if (task.order.task === 0 && node.spec.rows.length > 0) await output.emit(batchFromRows(node.fields, node.spec.rows))
      if (task.env.plan.incremental) await output.barrier(0)
    },
    stop() {},
    wake() {},
    close() {},
  }
}
