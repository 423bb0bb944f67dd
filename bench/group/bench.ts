import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'

const here = import.meta.dirname

/** Count and sum by a key of a million, for numbers and texts: rows in memory to groups in memory. What counts is this part of each program. */
export async function groupBench({ rows, rounds }: BenchOptions): Promise<void> {
  for (const kind of ['int64', 'string']) {
    const node = (name: string, script: string): Contender => ({
      name,
      kind: 'node',
      command: [join(here, script), kind, String(rows)],
      answer: (output) => output.trim(),
    })
    const contenders = [
      node('Map', 'map.ts'),
      node('millrace, aggregate operator', 'millrace.ts'),
      ...(existsSync(join(here, '../../node_modules/@duckdb/node-api'))
        ? [node('DuckDB with ingest, 1 thread', 'duckdb.ts')]
        : []),
    ]
    const title = `group by ${kind === 'int64' ? 'an int64' : 'a string'} key, ${rows / 1e6} M rows, 1 M keys`
    report(title, `npm run bench -- group --rows ${rows} --rounds ${rounds}`, await interleave(contenders, rounds), 'Map')
  }
}
