import { statSync } from 'node:fs'
import { expect, it } from 'vitest'
import { nodeHost } from '../../src/base/node-host.ts'
import { batchFromRows, rowsOf } from '../../src/data/read.ts'
import { Arrivals, Channel } from '../../src/runtime/exchange/channel.ts'
import { Credit } from '../../src/runtime/exchange/credit.ts'
import { createSpool } from '../../src/runtime/exchange/spool.ts'
import { MemoryBudget } from '../../src/runtime/memory.ts'
import { newOperatorMetrics } from '../../src/runtime/operator.ts'
import { pairFields, tempFolder } from './plans.ts'

const limits = { batches: 2, bytes: 2 ** 20 }
const batch = (n: number) => batchFromRows(pairFields, [[0, n]])

function connected(): { channel: Channel; credit: Credit; send(n: number): undefined | Promise<void>; read(): unknown[] } {
  const channel = new Channel(limits)
  const credit = new Credit(limits)
  channel.connect(credit)
  return {
    channel,
    credit,
    send(n) {
      const wait = credit.take(100)
      channel.push({ batch: batch(n), cost: 100 })
      return wait
    },
    read() {
      const read: unknown[] = []
      for (let item = channel.take(); item !== undefined; item = channel.take()) {
        read.push('batch' in item ? rowsOf(item.batch)[0][1] : 'end' in item ? 'end' : item.barrier)
      }
      return read
    },
  }
}

it('lets the sender wait until the reader has taken a batch', async () => {
  const { channel, send } = connected()
  expect(send(1)).toBeUndefined()
  const wait = send(2)
  expect(wait).toBeInstanceOf(Promise)
  channel.take()
  await wait
})

it('never lets the sender of a parked channel with a spool wait, and keeps the order over memory and file', () => {
  const { channel, send, read } = connected()
  const path = `${tempFolder()}/spool`
  const refuseAll = { grant: () => 'spill' as const, release() {} }
  const metrics = newOperatorMetrics()
  const spool = createSpool(pairFields, { disk: nodeHost().disk, path: () => path, account: refuseAll, metrics })
  channel.open(new Arrivals(), spool)
  channel.park()
  for (let n = 0; n < 10; n++) send(n)
  channel.push({ barrier: 7 })
  channel.unpark()
  send(10)
  channel.push({ end: true })
  expect(read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 10, 'end'])
  expect(metrics).toMatchObject({ spillFiles: 1, spilledBytes: statSync(path).size })
  spool.close()
})

it('holds batches of a parked channel in memory as far as the budget goes', () => {
  const { channel, send, read } = connected()
  const budget = new MemoryBudget(2 ** 30)
  const metrics = newOperatorMetrics()
  const spool = createSpool(pairFields, {
    disk: nodeHost().disk,
    path() {
      throw new Error('there was room in memory')
    },
    account: budget.open(),
    metrics,
  })
  channel.open(new Arrivals(), spool)
  channel.park()
  for (let n = 0; n < 10; n++) send(n)
  expect(budget.usedBytes).toBe(900)
  expect(read()).toHaveLength(10)
  expect(budget.usedBytes).toBe(0)
  expect(metrics).toMatchObject({ spillFiles: 0, peakMemoryBytes: 900 })
})

it('tells a sender that connects late that nobody wants its rows', () => {
  const channel = new Channel(limits)
  channel.stop()
  const credit = new Credit(limits)
  channel.connect(credit)
  expect(credit.stopped).toBe(true)
})
