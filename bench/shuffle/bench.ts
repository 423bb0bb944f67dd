import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'

/** Rows of a text, a float and a timestamp, partitioned by the hash of the text and moved to another thread, where they are read once. */
export async function shuffleBench({ rows, rounds }: BenchOptions): Promise<void> {
  const node = (name: string, script: string): Contender => ({
    name,
    kind: 'node',
    command: [join(import.meta.dirname, script), String(rows)],
    answer: (output) => output.trim(),
  })
  const contenders = [
    node('row objects, structured clone', 'clone.ts'),
    node('millrace, partitioner and switchboard', 'millrace.ts'),
  ]
  const title = `shuffle between two threads, ${rows / 1e6} M rows`
  const command = `npm run bench -- shuffle --rows ${rows} --rounds ${rounds}`
  report(title, command, await interleave(contenders, rounds), contenders[0].name)
}
