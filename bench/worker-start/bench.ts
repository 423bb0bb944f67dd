import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'

const count = 20

/** CPU of starting worker threads up to their first answer, beside workers that have nothing in them. */
export async function workerStartBench({ rounds }: BenchOptions): Promise<void> {
  const node = (name: string, kind: string): Contender => ({
    name,
    kind: 'node',
    command: [join(import.meta.dirname, 'start.mjs'), kind, String(count)],
  })
  const rows = await interleave([node('empty workers', 'empty'), node('millrace workers', 'millrace')], rounds)
  report(`start of ${count} worker threads`, `npm run bench -- worker-start --rounds ${rounds}`, rows, 'empty workers')
}
