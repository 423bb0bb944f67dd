import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Agenda } from '../../src/base/agenda.ts'

it('gives what was put down by time, and at one moment in the order of putting down', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 }), (times) => {
      const agenda = new Agenda<[number, number]>()
      for (const [order, time] of times.entries()) agenda.put(time, [time, order])
      const taken: [number, number][] = []
      while (agenda.size > 0) {
        const { nextMs } = agenda
        const item = agenda.take() as [number, number]
        expect(item[0]).toBe(nextMs)
        taken.push(item)
      }
      expect(taken).toEqual(taken.toSorted(([a, first], [b, second]) => a - b || first - second))
      expect(taken).toHaveLength(times.length)
      expect(agenda.nextMs).toBe(Number.POSITIVE_INFINITY)
      expect(agenda.take()).toBeUndefined()
    }),
  )
})
