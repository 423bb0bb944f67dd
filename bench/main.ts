import { parseArgs } from 'node:util'
import { csvBench } from './csv/bench.ts'
import { failedRowsBench } from './failed-rows.ts'
import { firstRowBench } from './first-row/bench.ts'
import { groupBench } from './group/bench.ts'
import { jsonlBench } from './jsonl/bench.ts'
import { overheadBench } from './overhead.ts'
import { shuffleBench } from './shuffle/bench.ts'
import { simulatorBench } from './simulator/bench.ts'
import { calibrateBench } from './simulator/calibrate.ts'
import { sortBench } from './sort/bench.ts'
import { startUpBench } from './start-up.ts'
import { tpchBench } from './tpch/bench.ts'
import { wordCountBench } from './word-count/bench.ts'
import { workerStartBench } from './worker-start/bench.ts'

// npm run bench -- NAME [options]: runs the contenders in turn, prints medians and appends them to bench/results.md.
const benches: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  group: groupBench,
  'failed-rows': failedRowsBench,
  shuffle: shuffleBench,
  'first-row': firstRowBench,
  csv: csvBench,
  sort: sortBench,
  jsonl: jsonlBench,
  simulator: simulatorBench,
  'simulator-calibrate': calibrateBench,
  overhead: overheadBench,
  'start-up': startUpBench,
  tpch: tpchBench,
  'word-count': wordCountBench,
  'worker-start': workerStartBench,
}

export interface BenchOptions {
  mb: number
  rows: number
  rounds: number
}

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    mb: { type: 'string', default: '200' },
    rows: { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '5' },
  },
})
const bench = benches[positionals[0] ?? '']
if (bench === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')} [--mb 200] [--rows 10000000] [--rounds 5]`)
  process.exitCode = 2
} else await bench({ mb: Number(values.mb), rows: Number(values.rows), rounds: Number(values.rounds) })
