import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'
import { orders } from '../orders.ts'

/** Time from `run` to the first row behind a filter and a join over a CSV file, with two worker threads; the start of the process is not counted. */
export async function firstRowBench({ mb, rounds }: BenchOptions): Promise<void> {
  const input = orders('csv', mb)
  const mode = (name: string): Contender => ({
    name,
    kind: 'node',
    command: [join(import.meta.dirname, 'run.mjs'), input, name],
    answer: (output) => output.trim(),
  })
  const rows = await interleave([mode('pipelined'), mode('serial')], rounds)
  report(`first row of ${mb} MB`, `npm run bench -- first-row --mb ${mb} --rounds ${rounds}`, rows, 'pipelined')
}
