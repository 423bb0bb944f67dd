import { expect, it } from 'vitest'
import { median, paperRuns } from '../../../bench/simulator/map-reduce.ts'
import { run } from '../../../bench/simulator/trials.ts'

/**
 * Two of the twenty seeds of the bench, and no machines with slow disks, on which single runs hang too much: enough to see when a change of model,
 * planner or coordinator moves the figures.
 */
const seeds = [101, 107]
const cluster = { slowShare: 0 }

it('comes near the runs of the MapReduce paper', { timeout: 120_000 }, async () => {
  const totals: number[] = []
  for (const { name, trial, marks } of await paperRuns()) {
    if (trial.backups === false) continue
    const results = seeds.map((seed) => run(seed, { ...trial, cluster }))
    for (const mark of marks) {
      const ratio = median(results.map(mark.of)) / mark.paper
      expect(Math.abs(ratio - 1), `${name}, ${mark.name}: ${ratio.toFixed(2)} of the paper's`).toBeLessThanOrEqual(mark.within)
    }
    for (const { reads, error } of results) {
      expect(error).toBeUndefined()
      if (trial.faults === undefined) expect(reads.local / (reads.local + reads.rack + reads.remote)).toBeGreaterThan(0.95)
    }
    totals.push(median(results.map(({ totalMs }) => totalMs)))
  }
  const [, normal, killed] = totals
  expect(killed / normal).toBeGreaterThan(1)
  expect(killed / normal).toBeLessThan(1.12)
})
