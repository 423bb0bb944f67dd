import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchFromRows, rowsOf } from '../../../src/data/read.ts'
import { Arrivals, type Channel } from '../../../src/runtime/exchange/channel.ts'
import type { LinkPort } from '../../../src/runtime/exchange/link.ts'
import { Switchboard } from '../../../src/runtime/exchange/switchboard.ts'
import { pairFields } from '../plans.ts'

type Fate = 'arrives' | 'lost' | 'twice' | 'late'

/** Two ports joined by a network that does to each message what `fates` says in turn, while it is bad. */
function badNetwork(fates: readonly Fate[]) {
  const listeners: ((message: unknown) => void)[] = []
  const underWay: { to: number; message: unknown; fate: Fate }[] = []
  let sent = 0
  const port = (to: number): LinkPort => ({
    postMessage(message) {
      const fate = fates[sent++] ?? 'arrives'
      if (fate === 'lost') return
      underWay.push({ to, message, fate })
      if (fate === 'twice') underWay.push({ to, message: structuredClone(message), fate: 'late' })
    },
    on: (_event, listener) => listeners.push(listener),
    close() {},
  })
  return {
    ports: [port(1), port(0)],
    /** Delivers all that is under way; what is late comes after the others. */
    deliver() {
      while (underWay.length > 0) {
        const late = underWay.findIndex(({ fate }) => fate !== 'late')
        const [{ to, message }] = underWay.splice(Math.max(0, late), 1)
        listeners[to](message)
      }
    },
  }
}

const takeAll = (channel: Channel, into: unknown[]): boolean => {
  for (let item = channel.take(); item !== undefined; item = channel.take()) {
    if ('end' in item) return true
    if ('batch' in item) into.push(...rowsOf(item.batch).map(([key]) => key))
  }
  return false
}

const limits = { batches: 2, bytes: 1 << 20 }
const boardsOver = (network: ReturnType<typeof badNetwork>): Switchboard[] =>
  network.ports.map((port, self) => {
    const board = new Switchboard(self, () => pairFields, limits)
    board.link(1 - self, port)
    return board
  })

const fate = fc.oneof({ weight: 4, arbitrary: fc.constant<Fate>('arrives') }, fc.constantFrom<Fate>('lost', 'twice', 'late'))

it('rows come in their order and once over a network that loses, doubles and delays, or the loss is named', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 40 }), fc.integer({ min: 0, max: 20 }), async (fates, batches) => {
      const network = badNetwork(fates)
      const key = { region: 0, attempt: 1, exchange: 0, producer: 0, consumer: 0 }
      const [sender, receiver] = boardsOver(network)
      const channel = receiver.channel(key)
      channel.open(new Arrivals())
      const outlet = sender.outlet(key, 1)
      const got: unknown[] = []
      let ended = false
      let finished = false
      const sending = (async () => {
        for (let n = 0; n < batches; n++) await outlet.send(batchFromRows(pairFields, [[n, n]]))
        outlet.end()
        finished = true
      })()
      const lost: number[] = []
      // Each turn stands for a second.
      for (let turn = 0; turn < 200 && lost.length === 0 && !(ended && finished && turn > 100); turn++) {
        network.deliver()
        ended = takeAll(channel, got) || ended
        network.deliver()
        await new Promise(setImmediate)
        lost.push(...sender.lostItems().map(({ sequence }) => sequence))
      }
      const all = Array.from({ length: batches }, (_, n) => n)
      expect(got).toEqual(all.slice(0, got.length))
      if (lost.length > 0) {
        expect(lost).toEqual([got.length + 1])
        sender.closeAttempt(0, 1)
      } else expect({ ended, got }).toEqual({ ended: true, got: all })
      await sending
    }),
    { numRuns: 300 },
  )
})

it('rows of an attempt that is over are dropped, also when they come late', () => {
  const network = badNetwork([])
  const [sender, receiver] = boardsOver(network)
  const key = { region: 0, attempt: 1, exchange: 0, producer: 0, consumer: 0 }
  const next = { ...key, attempt: 2 }
  for (const [n, of] of [key, next].entries()) sender.outlet(of, 1).send(batchFromRows(pairFields, [[n, n]]))
  receiver.closeAttempt(0, 1)
  network.deliver()
  const rowsOfAttempt = [key, next].map((of) => {
    const rows: unknown[] = []
    const channel = receiver.channel(of)
    channel.open(new Arrivals())
    takeAll(channel, rows)
    return rows
  })
  expect(rowsOfAttempt).toEqual([[], [1]])
})

it('a worker without a connection to another one says so, and does not keep what is for it', () => {
  const board = new Switchboard(0, () => pairFields)
  const key = { region: 0, attempt: 1, exchange: 0, producer: 0, consumer: 0 }
  expect(board.outlet(key, 1).credit.stopped).toBe(false)
  board.link(-1, { postMessage() {}, on() {}, close() {} })
  expect(() => board.outlet(key, 1)).toThrowError(expect.objectContaining({ code: 'RUN_BATCH_LOST' }))
})
