import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'
import { answer } from './answer.js'
import { zipfText } from './generate.ts'

const here = import.meta.dirname
const cli = join(here, '../../dist/cli.js')

/** Word count over a Zipf text against hand-written loops and other tools; outputs are compared. */
export async function wordCountBench({ mb, rounds }: BenchOptions): Promise<void> {
  const input = zipfText(mb)
  const ours = (name: string, program: string, workers: number): Contender => ({
    name,
    kind: 'node',
    command: [
      cli,
      'run',
      join(here, program),
      '--param',
      `input=${input}`,
      '--workers',
      String(workers),
      '--format',
      'csv',
      '--quiet',
    ],
    answer: digestOfCsv,
  })
  const node = (name: string, script: string): Contender => ({
    name,
    kind: 'node',
    command: [join(here, script), input],
    answer: (output) => output.trim(),
  })
  const c = compileC()
  const contenders: Contender[] = [
    node('JS hand loop', 'hand-loop.mjs'),
    ours('millrace tier A, 1 worker', 'tier-a.flow', 1),
    ours('millrace tier A, 2 workers', 'tier-a.flow', 2),
    ours('millrace tier B, 1 worker', 'tier-b.ts', 1),
    ours('millrace tier B, 2 workers', 'tier-b.ts', 2),
    ...(c === undefined
      ? []
      : [
          {
            name: 'C, one thread',
            kind: 'other',
            command: [c, input],
            answer: (output: string) => output.trim(),
          } satisfies Contender,
        ]),
    { ...node('naive readline and Map', 'naive.mjs'), once: mb > 500 },
    // Sorting a gigabyte takes minutes and tells nothing new.
    ...(mb > 500 ? [] : [sortAndCount(input)]),
    ...(existsSync(join(here, '../../node_modules/@duckdb/node-api')) ? [node('DuckDB, 2 threads', 'duckdb.mjs')] : []),
  ]
  const rows = await interleave(contenders, rounds)
  report(`word count, ${mb} MB`, `npm run bench -- word-count --mb ${mb} --rounds ${rounds}`, rows, 'JS hand loop')
}

function digestOfCsv(output: string): string {
  const result = answer()
  for (const line of output.split('\n').slice(1)) {
    const comma = line.lastIndexOf(',')
    if (comma > 0) result.add(line.slice(0, comma) === '""' ? '' : line.slice(0, comma), Number(line.slice(comma + 1)))
  }
  return result.end()
}

const sortAndCount = (input: string): Contender => ({
  name: 'tr, sort, uniq',
  kind: 'other',
  once: true,
  command: [`tr ' ' '\\n' < ${input} | LC_ALL=C sort -S 1G | uniq -c`],
})

/** The C contender, when there is a compiler. */
function compileC(): string | undefined {
  const target = join(tmpdir(), 'millrace-bench', 'word-count-c')
  try {
    execFileSync('cc', ['-O2', '-w', '-o', target, join(here, 'word-count.c')], { stdio: 'ignore' })
    return target
  } catch {
    return undefined
  }
}
