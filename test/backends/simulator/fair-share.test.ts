import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FlowNetwork } from '../../../src/backends/simulator/flow-network.ts'
import type { FlowSpec } from '../../../src/backends/simulator/flow-table.ts'

const resourceCount = 6
const capacities = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: resourceCount, maxLength: resourceCount })
const flow: fc.Arbitrary<FlowSpec> = fc
  .record({
    bytes: fc.integer({ min: 1, max: 10_000 }),
    cap: fc.integer({ min: 1, max: 200 }),
    uses: fc.uniqueArray(fc.integer({ min: 0, max: resourceCount - 1 }), { maxLength: 4 }),
    weight: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ bytes, cap, uses, weight }) => ({ bytes, cap, uses, weights: uses.map((use) => (use + weight) / 4), series: 0 }))

/** What happens at one moment: flows begin, and some of those that run (by place) are given up. */
const moment = fc.record({ begin: fc.array(flow, { maxLength: 5 }), giveUp: fc.array(fc.nat(), { maxLength: 3 }) })

interface Running {
  id: number
  spec: FlowSpec
}

/** Plays the moments, one a millisecond; calls `look` after each. */
function play(
  given: { capacities: number[]; moments: { begin: FlowSpec[]; giveUp: number[] }[] },
  look: (network: FlowNetwork, running: readonly Running[], nowMs: number) => void,
): void {
  const network = new FlowNetwork({ capacities: given.capacities, settleEveryMs: 0 })
  let running: Running[] = []
  given.moments.forEach(({ begin, giveUp }, nowMs) => {
    for (let ended = network.ended(nowMs); ended !== undefined; ended = network.ended(nowMs)) {
      network.stop(ended, nowMs)
      running = running.filter(({ id }) => id !== ended)
    }
    for (const place of giveUp) {
      if (running.length === 0) continue
      const [gone] = running.splice(place % running.length, 1)
      network.stop(gone.id, nowMs)
    }
    for (const spec of begin) running.push({ id: network.start(spec, nowMs), spec })
    network.settle(nowMs)
    look(network, running, nowMs)
  })
}

const history = fc.record({ capacities, moments: fc.array(moment, { minLength: 1, maxLength: 12 }) })
const close = 1e-6

describe('flows share resources so that', () => {
  it('no resource is used beyond its capacity', () => {
    fc.assert(
      fc.property(history, (given) =>
        play(given, ({ table }, running) => {
          const used = new Float64Array(resourceCount)
          for (const { id, spec } of running)
            spec.uses.forEach((use, i) => {
              used[use] += spec.weights[i] * table.rate[id]
            })
          used.forEach((sum, use) => {
            expect(sum).toBeLessThanOrEqual(given.capacities[use] + close)
            expect(table.usage[use]).toBeCloseTo(sum, 5)
          })
        }),
      ),
    )
  })

  it('every flow has its cap, or a full resource on which nobody is faster', () => {
    fc.assert(
      fc.property(history, (given) =>
        play(given, ({ table }, running) => {
          for (const { id, spec } of running) {
            if (table.rate[id] >= spec.cap - close) continue
            const bottleneck = spec.uses.find((use) => {
              const fastest = Math.max(...table.members[use].map((other) => table.rate[other]))
              return table.usage[use] >= given.capacities[use] - close && table.rate[id] >= fastest - close
            })
            expect(bottleneck).toBeDefined()
          }
        }),
      ),
    )
  })

  it('rates do not depend on how it came to the flows that there are', () => {
    fc.assert(
      fc.property(history, (given) =>
        play(given, ({ table }, running) => {
          const again = new FlowNetwork({ capacities: given.capacities, settleEveryMs: 0 })
          const ids = running.map(({ spec }) => again.start(spec, 0))
          again.settle(0)
          for (const [i, { id }] of running.entries()) expect(again.table.rate[ids[i]]).toBeCloseTo(table.rate[id], 5)
        }),
      ),
    )
  })
})

it('a flow ends when its bytes have passed, whatever became of its rate in between', () => {
  const network = new FlowNetwork({ capacities: [10], settleEveryMs: 0 })
  const spec = { bytes: 100, cap: 1000, uses: [0], weights: [1], series: 0 }
  const first = network.start(spec, 0)
  network.settle(0)
  expect(network.nextMs).toBe(10)
  const second = network.start({ ...spec, bytes: 20 }, 6)
  network.settle(6)
  expect(network.bytesLeft(first, 6)).toBeCloseTo(40)
  // Each has 5 a millisecond now, so that the second ends at 10, and the first has 20 left then.
  expect(network.nextMs).toBeCloseTo(10)
  expect(network.ended(10)).toBe(second)
  network.stop(second, 10)
  network.settle(10)
  expect(network.nextMs).toBeCloseTo(12)
})

it('changes that reach many flows are worked out together', () => {
  const network = new FlowNetwork({ capacities: [1000], settleEveryMs: 50 })
  const spec = { bytes: 1e6, cap: 1000, uses: [0], weights: [1], series: 0 }
  const flows = Array.from({ length: 100 }, () => network.start(spec, 0))
  network.settle(0)
  expect(network.table.rate[flows[0]]).toBe(10)
  const late = network.start(spec, 10)
  network.settle(10)
  expect(network.table.rate[late]).toBe(0)
  expect(network.nextMs).toBe(50)
  network.settle(50)
  expect(network.table.rate[late]).toBeCloseTo(1000 / 101)
})

it('tells the rates of its series and of a watched resource as they change', () => {
  const rates = [0, 0]
  const network = new FlowNetwork({
    capacities: [10],
    settleEveryMs: 0,
    watched: { resource: 0, series: 1 },
    onRate: (series, change) => {
      rates[series] += change
    },
  })
  const flow = network.start({ bytes: 100, cap: 4, uses: [0], weights: [2], series: 0 }, 0)
  network.settle(0)
  expect(rates).toEqual([4, 8])
  network.stop(flow, 1)
  expect(rates).toEqual([0, 0])
})
