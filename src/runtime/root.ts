import { invariant } from '../base/assert.ts'
import { faultPoint } from '../base/fault-points.ts'
import type { Schema } from '../data/type.ts'
import type { PhysicalNodeOf } from '../ir/physical.ts'
import type { Outlet } from './exchange/link.ts'
import { PartitionFileWriter } from './exchange/partition-file.ts'
import { createPartitioner, type Deliver, type Partitioner } from './exchange/partitioner.ts'
import type { Operator, OperatorContext } from './operator.ts'
import type { TaskReport } from './orders.ts'
import { exchangeOf, isPipelined } from './stage-shape.ts'
import type { TaskContext } from './task-context.ts'

/** Running form of send, sink and collect: the last operators of a task. */
export interface Root extends Operator {
  /** Called once all inputs have ended well: what this attempt has made. */
  complete(): Partial<Pick<TaskReport, 'outputs' | 'parts'>>
  /** Takes back what was staged. */
  abort(): void
  /** Called once the whole task is wired, before anything runs. */
  open?(): void
  /** The task was cancelled: ends any wait. */
  wake?(): void
}

/** Where rows of an exchange go, behind the partitioner. */
interface SendTarget {
  deliver: Deliver
  barrier(epoch: number): void
  end(): void
}

/** Hands rows to the tasks of another stage: through channels, or into one partition file. */
export function sendRoot(node: PhysicalNodeOf<'send'>, task: TaskContext, ctx: OperatorContext): Root {
  const exchange = exchangeOf(task.env.plan, node.spec.exchange)
  const { partitioning } = exchange
  const file = !isPipelined(task.env.plan, exchange)
    ? new PartitionFileWriter(
        task.env.host.disk,
        () => task.env.files.partition(exchange.id, task.order.task, task.order.attempt),
        partitioning.count,
      )
    : undefined
  const outlets = file === undefined ? openOutlets(exchange.id, partitioning.by, partitioning.count, task) : []
  const target = file === undefined ? channelTarget(outlets, task, ctx) : fileTarget(file)
  const partitioner = router(exchange.fields, target.deliver)
  const own = partitioning.by === 'forward' ? task.order.task : 0

  return {
    name: 'send',
    push: (_input, batch) => partitioner.push(batch),
    async finish() {
      await partitioner.flush()
      target.end()
    },
    async barrier(epoch) {
      await partitioner.flush()
      target.barrier(epoch)
    },
    close() {},
    open() {
      const isDone = (): boolean => outlets.every((outlet) => outlet === undefined || outlet.credit.stopped)
      for (const outlet of outlets) {
        if (outlet === undefined) continue
        outlet.credit.onStop = () => {
          if (isDone()) ctx.done()
        }
      }
      // The readers may have stopped before this task began.
      if (outlets.length > 0 && isDone()) ctx.done()
    },
    complete() {
      if (file === undefined) return {}
      const finished = file.finish(task.env.files.durable)
      return { outputs: finished === undefined ? [] : [{ exchange: exchange.id, ...finished }] }
    },
    abort: () => file?.abort(),
    wake() {
      for (const outlet of outlets) outlet?.credit.wake()
    },
  }

  function router(fields: Schema, deliver: Deliver): Partitioner {
    if (file !== undefined && partitioning.by === 'broadcast') {
      return { push: (batch) => void file.appendToAll(batch), flush: () => undefined }
    }
    if (partitioning.by === 'forward') return { push: (batch) => deliver(own, batch), flush: () => undefined }
    return createPartitioner(partitioning, fields, task.env.plan.hashSeed, deliver)
  }
}

/** One outlet a consumer task; a forward exchange has only the one of the same number. */
function openOutlets(exchange: number, by: string, count: number, task: TaskContext): (Outlet | undefined)[] {
  const { region, attempt, task: producer } = task.order
  const workers = task.order.consumers.find((consumer) => consumer.exchange === exchange)?.workers
  invariant(workers !== undefined && workers.length === count, `the consumers of exchange ${exchange} have no workers`)
  return workers.map((worker, consumer) =>
    by === 'forward' && consumer !== producer
      ? undefined
      : task.env.switchboard.outlet({ region, attempt, exchange, producer, consumer }, worker),
  )
}

function channelTarget(
  outlets: readonly (Outlet | undefined)[],
  { env: { host, meter } }: TaskContext,
  { metrics }: OperatorContext,
): SendTarget {
  const afterWait = async (wait: Promise<void>): Promise<void> => {
    const startMs = host.clock.nowMs()
    await meter.suspend(wait)
    metrics.creditWaitMs += host.clock.nowMs() - startMs
  }
  return {
    deliver(partition, batch) {
      const outlet = outlets[partition] as Outlet
      const wait = outlet.credit.stopped ? undefined : outlet.send(batch)
      return wait === undefined ? undefined : afterWait(wait)
    },
    barrier(epoch) {
      for (const outlet of outlets) outlet?.barrier(epoch)
    },
    end() {
      for (const outlet of outlets) outlet?.end()
    },
  }
}

function fileTarget(file: PartitionFileWriter): SendTarget {
  return {
    deliver(partition, batch) {
      file.append(partition, batch)
      return undefined
    },
    barrier: (epoch) => file.barrier(epoch),
    end() {},
  }
}

/** Writes a staged part; the coordinator commits all parts of a sink together. */
export function sinkRoot(node: PhysicalNodeOf<'sink'>, task: TaskContext): Root {
  const { env, order } = task
  const { connector, options, sink: number } = node.spec
  const found = env.connectors.sinks.get(connector)
  if (found === undefined) throw new RangeError(`no connector '${connector}'`)
  const { fields } = env.plan.sinks[number]
  const { host, cwd, runId } = env
  const sink = found.open(options as never, { host, cwd, fields, partition: order.task, attempt: order.attempt, runId })
  let settled = false
  return {
    name: `${connector} sink`,
    borrows: sink.borrows,
    push: (_input, batch) => sink.write(batch),
    finish() {},
    barrier: (epoch) => sink.barrier?.(epoch),
    close() {},
    complete() {
      faultPoint('sink.prepare')
      const part = sink.prepare()
      settled = true
      return { parts: [{ sink: number, part }] }
    },
    abort() {
      if (!settled) sink.abort()
      settled = true
    },
  }
}

/** Hands rows to the caller, in the coordinator's process. */
export function collectRoot(node: PhysicalNodeOf<'collect'>, task: TaskContext): Root {
  const collector = task.env.collect(node.spec.output, task.order)
  return {
    name: 'collect',
    push: (_input, batch) => collector.add(batch),
    finish() {},
    barrier() {},
    close() {},
    complete: () => ({}),
    abort: () => collector.discard(),
  }
}
