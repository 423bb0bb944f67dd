import { isMainThread, type MessagePort } from 'node:worker_threads'
import type { BytesColumn, LaneColumn } from '../../src/data/column.ts'
import { Arrivals } from '../../src/runtime/exchange/channel.ts'
import type { LinkPort } from '../../src/runtime/exchange/link.ts'
import { createPartitioner } from '../../src/runtime/exchange/partitioner.ts'
import { type ChannelKey, Switchboard } from '../../src/runtime/exchange/switchboard.ts'
import { Arrived, fields, makeBatches, partitions } from './rows.ts'
import { runBoth, runSide } from './threads.ts'

// Batches through the partitioner and the switchboard of an exchange.
const keyOf = (consumer: number): ChannelKey => ({ region: 0, attempt: 0, exchange: 0, producer: 0, consumer })
const switchboard = (self: number, other: number, port: MessagePort): Switchboard => {
  const board = new Switchboard(self, () => fields)
  board.link(other, port as LinkPort)
  return board
}

if (isMainThread) await runBoth(import.meta.url, Number(process.argv[2]))
else {
  await runSide(
    (port, rowCount) => {
      const batches = makeBatches(rowCount)
      const board = switchboard(0, 1, port)
      const outlets = Array.from({ length: partitions }, (_, consumer) => board.outlet(keyOf(consumer), 1))
      return async () => {
        const partitioner = createPartitioner({ by: 'hash', keys: [0], count: partitions }, fields, 42, (partition, batch) =>
          outlets[partition].send(batch),
        )
        for (const batch of batches) {
          const wait = partitioner.push(batch)
          if (wait !== undefined) await wait
        }
        await partitioner.flush()
        for (const outlet of outlets) outlet.end()
      }
    },
    async (port) => {
      const board = switchboard(1, 0, port)
      const arrivals = new Arrivals()
      for (let consumer = 0; consumer < partitions; consumer++) board.channel(keyOf(consumer)).open(arrivals)
      const arrived = new Arrived()
      for (let open = partitions; open > 0; ) {
        const channel = arrivals.next()
        if (channel === undefined) await arrivals.wait()
        for (let item = channel?.take(); item !== undefined; item = channel?.take()) {
          if ('end' in item) open--
          if (!('batch' in item)) continue
          const { rowCount, columns } = item.batch
          const [user, amount, at] = columns as [BytesColumn, LaneColumn, LaneColumn]
          arrived.rows += rowCount
          arrived.bytes += user.offsets[rowCount]
          for (let row = 0; row < rowCount; row++) {
            arrived.amount += amount.values[row] as number
            arrived.at += at.values[row] as number
          }
        }
      }
      return `${arrived}`
    },
  )
}
