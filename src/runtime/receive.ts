import { faultPoint } from '../base/fault-points.ts'
import type { Exchange, PhysicalNodeOf } from '../ir/physical.ts'
import { readBlockOf } from './block-file.ts'
import { Arrivals, type Channel } from './exchange/channel.ts'
import { fromProducer } from './exchange/lost-output.ts'
import { type FileEntry, readIndex } from './exchange/partition-index.ts'
import { createSpool } from './exchange/spool.ts'
import type { Leaf, LeafOutput } from './leaf.ts'
import type { OperatorMetrics } from './operator.ts'
import { notYet } from './orders.ts'
import { exchangeOf, isPipelined, mustSpool, producersOf } from './stage-shape.ts'
import type { TaskContext } from './task-context.ts'

/** One producer's stream. `until` is the epoch whose barrier ends the reading, undefined to read to the end. */
interface Inlet {
  /** Set for pipelined exchanges. */
  channel?: Channel
  /** Is a file there to be read, or known to be none? Absent where there is nothing to wait for. */
  isThere?(): boolean
  read(output: LeafOutput, until?: number): Promise<void>
  /** The next epoch whose rows are all there; undefined when the stream has ended; 'unknown' while it is under way. */
  nextEpoch(): number | undefined | 'unknown'
}

/**
 * Reads a task's partition of some exchanges: one stream a producer task, from memory, from another thread or from a partition file.
 * Ordered, it takes exchange by exchange and in each producer by producer; else as batches arrive. In an incremental run it gives the rows
 * of an epoch when every producer has ended that epoch (aligned barriers).
 */
export function receiveLeaf(node: PhysicalNodeOf<'receive'>, task: TaskContext, metrics: OperatorMetrics): Leaf {
  const { env, order } = task
  const arrivals = new Arrivals()
  const spools: { close(): void }[] = []
  let inlets: Inlet[] = []
  let wanted = true

  return {
    open(readFirst) {
      inlets = node.spec.exchanges.flatMap((id) => openExchange(exchangeOf(env.plan, id)))
      task.inputs.onNews(() => arrivals.wake())
      for (const [i, { channel }] of inlets.entries()) if (!readFirst || !isReadAtOnce(i)) channel?.park()
    },
    run(output) {
      if (env.plan.incremental) return readAligned(output)
      return node.spec.ordered ? readInOrder(output, inlets) : readAsItArrives(output)
    },
    stop() {
      wanted = false
      for (const { channel } of inlets) channel?.stop()
      arrivals.wake()
    },
    wake: () => arrivals.wake(),
    close() {
      for (const spool of spools) spool.close()
    },
  }

  /** Is this stream read as soon as this leaf is? */
  function isReadAtOnce(inlet: number): boolean {
    if (env.plan.incremental) return false
    return inlet === 0 || (!node.spec.ordered && inlets[0].channel !== undefined)
  }

  function openExchange(exchange: Exchange): Inlet[] {
    const producers = producersOf(env.plan, exchange, order.task)
    if (!isPipelined(env.plan, exchange)) {
      return producers.flatMap((producer) => (task.inputs.of(exchange.id, producer) === 0 ? [] : [fileInlet(exchange, producer)]))
    }
    const spool = mustSpool(env.plan, exchange)
      ? createSpool(exchange.fields, { disk: env.host.disk, path: task.spillPath, account: env.memory.open(), metrics })
      : undefined
    if (spool !== undefined) spools.push(spool)
    return producers.map((producer) => {
      const { region, attempt } = order
      const channel = env.switchboard.channel({ region, attempt, exchange: exchange.id, producer, consumer: order.task })
      channel.open(arrivals, spool)
      return channelInlet(channel)
    })
  }

  async function readInOrder(output: LeafOutput, sources: readonly Inlet[]): Promise<void> {
    for (const inlet of sources) {
      inlet.channel?.unpark()
      while (wanted && inlet.isThere?.() === false) await news()
      if (!wanted) return
      await inlet.read(output)
    }
  }

  async function news(): Promise<void> {
    // Nothing wakes whoever began to wait after that.
    task.checkCancelled()
    await env.meter.suspend(arrivals.wait())
    task.checkCancelled()
  }

  /** Files in the order in which they come to be there. */
  async function readAsTheyAreMade(output: LeafOutput, files: readonly Inlet[]): Promise<void> {
    for (let open = files; open.length > 0 && wanted; ) {
      const there = open.filter((inlet) => inlet.isThere?.() !== false)
      if (there.length === 0) await news()
      else await readInOrder(output, there)
      open = open.filter((inlet) => !there.includes(inlet))
    }
  }

  async function readAsItArrives(output: LeafOutput): Promise<void> {
    const channels = inlets.flatMap(({ channel }) => (channel === undefined ? [] : [channel]))
    await readAsTheyAreMade(
      output,
      inlets.filter(({ channel }) => channel === undefined),
    )
    for (const channel of channels) {
      channel.unpark()
      if (channel.hasItems) arrivals.ring(channel)
    }
    for (let open = channels.length; open > 0 && wanted; ) {
      const channel = arrivals.next()
      if (channel === undefined) await news()
      else if (await drain(channel, output)) open--
      task.checkCancelled()
    }
  }

  /** Takes what is there; true at the end of the stream. */
  async function drain(channel: Channel, output: LeafOutput): Promise<boolean> {
    for (let item = channel.take(); item !== undefined; item = channel.take()) {
      if ('end' in item) return true
      if ('batch' in item) {
        task.checkCancelled()
        faultPoint('task.batch')
        task.counts.rowsReceived += item.batch.rowCount
        const wait = output.emit(item.batch)
        if (wait !== undefined) await wait
        const pause = env.pace.tick()
        if (pause !== undefined) await pause
      }
    }
    return false
  }

  async function readAligned(output: LeafOutput): Promise<void> {
    while (wanted) {
      task.checkCancelled()
      const epochs = inlets.map((inlet) => inlet.nextEpoch())
      if (epochs.includes('unknown')) {
        while (arrivals.next() !== undefined);
        await news()
        continue
      }
      const known = epochs.filter((epoch) => typeof epoch === 'number')
      // Whatever was sent after the last barrier belongs to no epoch of its own.
      if (known.length === 0) return readInOrder(output, inlets)
      const epoch = Math.min(...known)
      for (const [i, inlet] of inlets.entries()) if (epochs[i] === epoch) await inlet.read(output, epoch)
      await output.barrier(epoch)
    }
  }

  function channelInlet(channel: Channel): Inlet {
    return {
      channel,
      nextEpoch: () => channel.barriers[0] ?? (channel.ended ? undefined : 'unknown'),
      async read(output, until) {
        while (wanted) {
          task.checkCancelled()
          const item = channel.take()
          if (item === undefined) {
            while (arrivals.next() !== undefined);
            await news()
          } else if ('end' in item) return
          else if ('barrier' in item) {
            if (item.barrier === until) return
          } else {
            faultPoint('task.batch')
            task.counts.rowsReceived += item.batch.rowCount
            const wait = output.emit(item.batch)
            if (wait !== undefined) await wait
            const pause = env.pace.tick()
            if (pause !== undefined) await pause
          }
        }
      },
    }
  }

  function fileInlet({ id, fields }: Exchange, producer: number): Inlet {
    let attempt = notYet
    let path = ''
    let loaded: readonly FileEntry[] | undefined
    const fromMaker = <T>(read: () => T): T => fromProducer({ exchange: id, task: producer, attempt }, read)
    let position = 0
    const entries = (): readonly FileEntry[] => {
      if (loaded !== undefined) return loaded
      attempt = task.inputs.of(id, producer)
      path = env.files.partition(id, producer, attempt)
      loaded = attempt === 0 ? [] : fromMaker(() => readIndex(env.host.disk, path, order.task))
      return loaded
    }
    return {
      isThere: () => task.inputs.of(id, producer) !== notYet,
      nextEpoch() {
        const next = entries().find((entry, i) => i >= position && 'barrier' in entry)
        return next !== undefined && 'barrier' in next ? next.barrier : undefined
      },
      async read(output, until) {
        for (; position < entries().length; position++) {
          const entry = entries()[position]
          if ('barrier' in entry) {
            if (entry.barrier !== until) continue
            position++
            return
          }
          task.checkCancelled()
          const batch = fromMaker(() => readBlockOf(env.host.disk, path, entry, fields))
          faultPoint('task.batch')
          task.counts.rowsReceived += batch.rowCount
          const wait = output.emit(batch)
          if (wait !== undefined) await wait
          if (!wanted) return
          const pause = env.pace.tick()
          if (pause !== undefined) await pause
        }
      },
    }
  }
}
