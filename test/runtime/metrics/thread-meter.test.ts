import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Clock } from '../../../src/base/host.ts'
import { nodeHost } from '../../../src/base/node-host.ts'
import { ThreadMeter, type Turn } from '../../../src/runtime/metrics/thread-meter.ts'

/** A clock whose CPU runs at half its speed. */
function clockAt(): Clock & { at: number } {
  const clock = {
    ...nodeHost().clock,
    at: 0,
    nowMs: () => clock.at,
    wallTimeUs: () => clock.at * 1000,
    threadCpuMs: () => clock.at / 2,
  }
  return clock
}

const newTurn = (time = { cpuMs: 0 }): Turn => ({ time, metrics: { busyMs: 0 } })

it('divides all time among those who had the turn, whatever they did with it', () => {
  const steps = fc.array(fc.record({ to: fc.nat(4), ms: fc.nat(1000) }))
  fc.assert(
    fc.property(steps, (turns) => {
      const clock = clockAt()
      const meter = new ThreadMeter(clock)
      const [first, second] = [{ cpuMs: 0 }, { cpuMs: 0 }]
      // Two operators of each of two tasks, and nobody.
      const all = [newTurn(first), newTurn(first), newTurn(second), newTurn(second), undefined]
      const expected = [0, 0, 0, 0, 0]
      for (const { to, ms } of turns) {
        meter.turn(all[to])
        clock.at += ms
        expected[to] += ms
      }
      meter.turn(undefined)
      expect(all.slice(0, 4).map((turn) => turn?.metrics.busyMs)).toEqual(expected.slice(0, 4))
      expect([first.cpuMs, second.cpuMs]).toEqual([(expected[0] + expected[1]) / 2, (expected[2] + expected[3]) / 2])
    }),
  )
})

it('counts no time while an operator waits, and gives it the turn back', async () => {
  const clock = clockAt()
  const meter = new ThreadMeter(clock)
  const [waiting, other] = [newTurn(), newTurn()]
  meter.turn(waiting)
  clock.at = 10
  const { promise, resolve } = Promise.withResolvers<string>()
  const wait = meter.suspend(promise)
  clock.at = 50
  meter.turn(other)
  clock.at = 57
  resolve('credit')
  expect(await wait).toBe('credit')
  clock.at = 60
  meter.turn(undefined)
  expect([waiting, other].map(({ metrics, time }) => [metrics.busyMs, time.cpuMs])).toEqual([
    [13, 6.5],
    [7, 3.5],
  ])
})

it('takes the time for CPU where the host knows no better', () => {
  const { threadCpuMs: _, ...clock } = clockAt()
  let at = 0
  const meter = new ThreadMeter({ ...clock, nowMs: () => at })
  const turn = newTurn()
  meter.turn(turn)
  at = 5
  meter.turn(undefined)
  expect(turn.time.cpuMs).toBe(5)
})
