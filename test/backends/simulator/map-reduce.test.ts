import { expect, it } from 'vitest'
import { paperRuns } from '../../../bench/simulator/map-reduce.ts'
import { run } from '../../../bench/simulator/trials.ts'

/**
 * One of the twenty seeds of the bench, and no machines with slow disks, on which single runs hang too much: enough to see when a change of model,
 * planner or coordinator moves the figures.
 */
const seed = 101

it('comes near the runs of the MapReduce paper', { timeout: 600_000 }, async () => {
  for (const { name, trial, marks } of await paperRuns()) {
    if (trial.backups === false) continue
    const result = run(seed, { ...trial, cluster: { ...trial.cluster, slowShare: 0 } })
    // The bench holds medians against the limits; a single run may be further off.
    for (const mark of marks) {
      const ratio = mark.of(result) / mark.paper
      expect(Math.abs(ratio - 1), `${name}, ${mark.name}: ${ratio.toFixed(2)} of the paper's`).toBeLessThanOrEqual(
        1.5 * mark.within,
      )
    }
    const { counts, error, reads } = result
    expect(error).toBeUndefined()
    if (trial.faults === undefined) expect(reads.local / (reads.local + reads.rack + reads.remote)).toBeGreaterThan(0.95)
    // 200 of 1,746 workers take a ninth of 14,902 outputs with them.
    else expect(counts.remade).toBeGreaterThan(1500)
  }
})
