import { expect, it } from 'vitest'
import { planOf, trial } from './sort-plan.ts'

const text = `set parallelism = 40
from text('lines.txt') |> aggregate count(*) as n group by line |> write csv('counts/')`
const sizeBytes = 10e9

/** All lines go through the exchange: no producer combines its own. */
const counting = (mode: 'serial' | 'hybrid') => planOf(text, sizeBytes, { disabledRules: ['lift-combiner'], mode })

it('copies the files of a hybrid exchange while others are made', async () => {
  const [serial, hybrid] = [trial(await counting('serial')), trial(await counting('hybrid'))]
  const [maps, reduces] = hybrid.stages
  expect(reduces.startMs).toBeLessThan((maps.doneMs as number) / 2)
  expect(reduces.receivedMs).toBeGreaterThan(maps.doneMs as number)
  expect(hybrid.shuffledBytes / serial.shuffledBytes).toBeCloseTo(1, 6)
  expect(hybrid.totalMs).toBeLessThan(serial.totalMs)
  expect(hybrid.utilisation).toBeLessThanOrEqual(1)
})

it('ends well and the same way when workers and messages are lost meanwhile', async () => {
  const plan = await counting('hybrid')
  for (let seed = 0; seed < 10; seed++) {
    const faults = [
      { fault: 'kill', count: 3, atMs: 30_000 + 5000 * seed },
      { fault: 'crash', count: 1, atMs: 50_000, downMs: 30_000 },
    ] as const
    const run = () => trial(plan, { seed, faults, badMessages: 0.02, cluster: { slowShare: 0.1 } })
    const { error, hash, counts, stages } = run()
    expect(error).toBeUndefined()
    expect(counts.retries + counts.remade, `seed ${seed}`).toBeGreaterThan(0)
    expect(stages.map(({ doneTimes }) => doneTimes.length)).toEqual(plan.stages.map(({ tasks }) => tasks))
    expect(run().hash).toBe(hash)
  }
})
