import { type ClusterSpec, defaultCluster } from '../../src/backends/simulator/cluster-spec.ts'
import type { SimulationResult } from '../../src/backends/simulator/simulation.ts'
import { grepOutputs, planOf, run, type Trial } from './trials.ts'

const tera = 1e12
/** None of them was used to choose the hardware. */
const seeds = Array.from({ length: 20 }, (_, i) => 101 + i)

/** A figure of the paper; `within` says how near to it the median has to be. */
interface Mark {
  name: string
  paper: number
  within: number
  of(result: SimulationResult): number
}

const total: Mark['of'] = ({ totalMs }) => totalMs / 1000
/** Times of the paper's figures: they begin when the start-up ends. */
const sinceStartUp = (ms: number | undefined): number => (ms ?? Number.NaN) / 1000 - defaultCluster.startUpSeconds

/** A run of the paper and what is told of it. */
export interface PaperRun {
  name: string
  trial: Trial
  marks: readonly Mark[]
}

/** Producers of the paper leave sorted runs; here they send by hash, so that the work of both is that of sending. */
export const sortsWhatItSends = (rates: ClusterSpec['cpuMBps']): ClusterSpec['cpuMBps'] => ({
  ...rates,
  send: 1 / (1 / rates.sort + 1 / rates.send),
})

/** The four runs of the MapReduce paper (OSDI 2004, §5.2 to §5.5). The cluster was chosen by the first two alone; the others are predicted. */
export async function paperRuns(): Promise<readonly PaperRun[]> {
  const grep = { plan: await planOf('grep.flow', tera), machines: 1764, outputs: grepOutputs }
  const plan = await planOf('early-sort.flow', tera, { disabledRules: ['lift-combiner'] })
  const sort = {
    plan,
    machines: 1746,
    outputs: new Map([[1, tera]]),
    cluster: { cpuMBps: sortsWhatItSends(defaultCluster.cpuMBps) },
  }
  return [
    {
      name: 'grep (calibration)',
      trial: grep,
      marks: [
        { name: 'input read', paper: 80, within: 0.15, of: ({ stages }) => sinceStartUp(stages[0].doneMs) },
        {
          name: 'peak of input, GB/s',
          paper: 30,
          within: 0.15,
          of: ({ rates, totalMs }) => peak(rates.perSecond('input', totalMs)),
        },
        { name: 'total', paper: 150, within: 0.1, of: total },
      ],
    },
    {
      name: 'sort (calibration)',
      trial: sort,
      marks: [
        {
          name: 'peak of input, GB/s',
          paper: 13,
          within: 0.15,
          of: ({ rates, totalMs }) => peak(rates.perSecond('input', totalMs)),
        },
        { name: 'first reduce done', paper: 300, within: 0.15, of: ({ stages }) => sinceStartUp(stages[1].firstDoneMs) },
        { name: 'shuffle done', paper: 600, within: 0.15, of: ({ stages }) => sinceStartUp(stages[1].receivedMs) },
        { name: 'writes done', paper: 850, within: 0.15, of: ({ stages }) => sinceStartUp(stages[1].doneMs) },
        { name: 'total', paper: 891, within: 0.1, of: total },
      ],
    },
    {
      name: 'sort, no backups (prediction)',
      trial: { ...sort, backups: false },
      marks: [
        { name: 'all but 5 reduces done', paper: 960, within: 0.15, of: ({ stages }) => sinceStartUp(stages[1].allBut(5)) },
        { name: 'total', paper: 1283, within: 0.1, of: total },
      ],
    },
    {
      name: 'sort, 200 workers killed (prediction)',
      trial: { ...sort, faults: [{ fault: 'kill', count: 200, atMs: 280_000 }] },
      marks: [{ name: 'total', paper: 933, within: 0.1, of: total }],
    },
  ]
}

export async function mapReduceTable(): Promise<string[]> {
  const runs = await paperRuns()
  const rows: string[] = []
  const totals: number[] = []
  for (const { name, trial, marks } of runs) {
    const results = seeds.map((seed) => run(seed, trial))
    for (const mark of marks) rows.push(rowOf(name, mark, results.map(mark.of)))
    totals.push(median(results.map(total)))
    if (name === 'sort (calibration)') rows.push(...otherRows(name, results))
  }
  const [, normal, noBackups, killed] = totals
  return [
    'The runs of the MapReduce paper, 1 TB; seeds 101 to 120, seconds, marks from the end of the start-up on:',
    '',
    '| run | mark | paper | median | least | most | error | |',
    '|---|---|---:|---:|---:|---:|---:|---|',
    ...rows,
    `| no backups beside normal | ratio of medians | 1.44 | ${(noBackups / normal).toFixed(2)} | | | | ${verdict(noBackups / normal >= 1.3 && noBackups / normal <= 1.6)} |`,
    `| killed beside normal | ratio of medians | 1.05 | ${(killed / normal).toFixed(2)} | | | | ${verdict(killed / normal >= 1 && killed / normal <= 1.1)} |`,
    '',
  ]
}

function otherRows(name: string, results: readonly SimulationResult[]): string[] {
  const maps = results.map(({ stages }) => sinceStartUp(stages[0].doneMs))
  const local = results.map(({ reads }) => (100 * reads.local) / (reads.local + reads.rack + reads.remote))
  const row = (mark: string, paper: string, values: readonly number[], isMet: boolean, digits = 0): string =>
    `| ${name} | ${mark} | ${paper} | ${median(values).toFixed(digits)} | ${Math.min(...values).toFixed(digits)} | ${Math.max(...values).toFixed(digits)} | | ${verdict(isMet)} |`
  return [
    row('maps done', '< 200', maps, median(maps) < 200),
    row('read from own disks, %', '≥ 95 (aim)', local, median(local) >= 95, 1),
  ]
}

/** How the predictions depend on the machines with slow disks, which backups hide from the runs that the rest was chosen by. */
export async function stragglerTable(): Promise<string[]> {
  const [, { trial: sort }, noBackups] = await paperRuns()
  const few = seeds.slice(0, 10)
  const { slowShare, slowDiskMBps } = defaultCluster
  const clusters = [
    { slowShare: 0, slowDiskMBps },
    ...[0.001, 0.0025, 0.005, 0.01].map((share) => ({ slowShare: share, slowDiskMBps })),
    ...[0.5, 2, 4].map((rate) => ({ slowShare, slowDiskMBps: rate })),
  ]
  const rows = clusters.map((cluster) => {
    const [normal, without] = [sort, noBackups.trial].map((trial) =>
      few.map((seed) => total(run(seed, { ...trial, cluster: { ...trial.cluster, ...cluster } }))),
    )
    const [a, b] = [median(normal), median(without)]
    const share = `${(100 * cluster.slowShare).toFixed(2)} %`
    const range = `${Math.round(Math.min(...without))} to ${Math.round(Math.max(...without))}`
    return `| ${share} | ${cluster.slowDiskMBps} | ${Math.round(a)} | ${Math.round(b)} | ${range} | ${(b / a).toFixed(2)} |`
  })
  return [
    'How much hangs on the machines with slow disks (the paper had 1283 s without backups, 1.44 times the normal run). Medians of seeds 101 to 110:',
    '',
    '| machines with slow disks | MB a second | sort | no backups | least to most | ratio |',
    '|---:|---:|---:|---:|---:|---:|',
    ...rows,
    '',
  ]
}

function rowOf(run: string, { name, paper, within }: Mark, values: readonly number[]): string {
  const middle = median(values)
  const error = middle / paper - 1
  const show = (value: number): string => value.toFixed(paper < 100 ? 1 : 0)
  const cells = [
    run,
    name,
    paper,
    show(middle),
    show(Math.min(...values)),
    show(Math.max(...values)),
    `${(100 * error).toFixed(1)} %`,
  ]
  return `| ${cells.join(' | ')} | ${verdict(Math.abs(error) <= within)} |`
}

const verdict = (isMet: boolean): string => (isMet ? 'met' : 'missed')
const peak = (values: readonly number[]): number => Math.max(...values) / 1e9

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}
