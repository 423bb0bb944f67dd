import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'

const here = import.meta.dirname
const cli = join(here, '../../dist/cli.js')

/**
 * TPC-H Q1 over lineitem as CSV at scale factor 1 (766 MB), on one thread each, processes started afresh. `BENCH_PYTHON` names a Python with
 * tpchgen-cli, which makes the file, and with polars.
 */
export async function tpchBench({ rounds }: BenchOptions): Promise<void> {
  const python = process.env.BENCH_PYTHON
  const input = lineitem(python)
  const contenders: Contender[] = [
    {
      name: 'millrace, 1 worker',
      kind: 'node',
      command: [cli, 'run', join(here, 'q1.flow'), '--param', `input=${input}`, '--workers', '1', '--format', 'csv', '--quiet'],
      answer: rounded,
    },
    { name: 'DuckDB, 1 thread', kind: 'node', command: [join(here, 'duckdb.mjs'), input], answer: rounded },
  ]
  if (python !== undefined)
    contenders.push({
      name: 'Polars, 1 thread',
      kind: 'other',
      command: ['POLARS_MAX_THREADS=1', python, join(here, 'polars-q1.py'), input],
      answer: rounded,
    })
  const rows = await interleave(contenders, rounds)
  report('TPC-H Q1 over CSV, scale factor 1', `npm run bench -- tpch --rounds ${rounds}`, rows, 'millrace, 1 worker')
}

function lineitem(python: string | undefined): string {
  const folder = join(tmpdir(), 'millrace-bench', 'tpch-1')
  const path = join(folder, 'lineitem.csv')
  if (existsSync(path)) return path
  if (python === undefined) throw new Error('set BENCH_PYTHON to a Python that has tpchgen-cli and polars')
  mkdirSync(folder, { recursive: true })
  const generator = join(python, '../tpchgen-cli')
  execFileSync(generator, ['csv', '-s', '1', '--tables=lineitem', `--output-dir=${folder}`], { stdio: 'ignore' })
  return path
}

/** Numbers to ten digits: the others' sums depend on the order of the rows. */
function rounded(output: string): string {
  const lines = output.trim().split('\n').slice(1)
  return lines
    .map((line) => line.split(',').map((field) => (Number.isNaN(Number(field)) ? field : Number(field).toPrecision(10))))
    .join('\n')
}
