import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { mapReduceTable, stragglerTable } from './map-reduce.ts'
import { scaleTable } from './scale.ts'
import { grepOutputs, planOf, run } from './trials.ts'

/** The runs of the MapReduce paper on the simulator, what locality and combiners save, and clusters of all sizes. */
export async function simulatorBench(): Promise<void> {
  const lines = [
    '## simulator',
    '',
    `${new Date().toISOString().slice(0, 10)} · \`npm run bench -- simulator\` · Node ${process.versions.node}`,
    '',
    ...(await mapReduceTable()),
    ...(await stragglerTable()),
    ...(await trafficTable()),
    ...(await scaleTable()),
  ]
  console.log(lines.join('\n'))
  appendFileSync(join(import.meta.dirname, '..', 'results.md'), `\n${lines.join('\n')}`)
}

const tera = 1e12

async function trafficTable(): Promise<string[]> {
  const sort = { plan: await planOf('sort.flow', tera), machines: 1746 }
  const grep = { plan: await planOf('grep.flow', tera), machines: 1746, outputs: grepOutputs }
  const count = { plan: await planOf('count.flow', tera), machines: 1746 }
  const plain = { ...count, plan: await planOf('count.flow', tera, { disabledRules: ['lift-combiner'] }) }
  const rows = [
    ['grep', run(201, grep)],
    ['grep without locality', run(201, { ...grep, locality: false })],
    ['sort', run(201, sort)],
    ['sort without locality', run(201, { ...sort, locality: false })],
    ['count by line, combined by producers', run(201, count)],
    ['count by line, not combined', run(201, plain)],
  ] as const
  return [
    'Root switch of 1,746 machines, 1 TB, 3 copies of the input in different racks; a combined row is taken for 10 rows (the planner’s estimate):',
    '',
    '| program | read from own disks | shuffle | through the root switch | time |',
    '|---|---:|---:|---:|---:|',
    ...rows.map(([name, { reads, shuffledBytes, rootBytes, totalMs }]) => {
      const share = reads.local / (reads.local + reads.rack + reads.remote)
      return `| ${name} | ${(100 * share).toFixed(1)} % | ${gb(shuffledBytes)} | ${gb(rootBytes)} | ${seconds(totalMs)} |`
    }),
    '',
  ]
}

const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`
