import { type ClusterSpec, defaultCluster } from '../../src/backends/simulator/cluster-spec.ts'
import { paperRuns, sortsWhatItSends } from './map-reduce.ts'
import { run } from './trials.ts'

/** None of them is used to report anything. */
const seeds = [1, 2, 3]
/** What the paper does not tell; all else of the usual cluster is from it, or from who made such hardware. */
const names = ['writerMBps', 'segment', 'sort', 'group'] as const
type Values = Record<(typeof names)[number], number>

/**
 * Chooses a few entries of the usual cluster by the grep and the normal sort of the MapReduce paper, and by nothing else: each in turn is made a little
 * larger or smaller as long as the marks of these two runs come nearer.
 */
export async function calibrateBench(): Promise<void> {
  const trials = (await paperRuns()).filter(({ name }) => name.includes('calibration'))
  const errorOf = (values: Values): number => {
    const cluster = clusterWith(values)
    let error = 0
    for (const { trial, marks } of trials)
      for (const seed of seeds) {
        const result = run(seed, { ...trial, cluster })
        for (const mark of marks) error += (mark.of(result) / mark.paper - 1) ** 2
      }
    return error
  }
  const { writerMBps, cpuMBps } = defaultCluster
  const { segment, sort, group } = cpuMBps
  let best: Values = { writerMBps, segment, sort, group }
  let least = errorOf(best)
  console.log(least.toFixed(4), JSON.stringify(best))
  for (const step of [1.2, 1.1, 1.05]) {
    for (const name of names) {
      for (const factor of [step, 1 / step]) {
        for (;;) {
          const values = { ...best, [name]: best[name] * factor }
          const error = errorOf(values)
          if (error >= least) break
          best = values
          least = error
          console.log(least.toFixed(4), JSON.stringify(best))
        }
      }
    }
  }
}

function clusterWith({ writerMBps, segment, sort, group }: Values): Partial<ClusterSpec> {
  return { writerMBps, cpuMBps: sortsWhatItSends({ ...defaultCluster.cpuMBps, segment, sort, group }) }
}
