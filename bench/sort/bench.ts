import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'
import { recordFile } from './records.ts'

const here = import.meta.dirname
const cli = join(here, '../../dist/cli.js')
const folder = join(tmpdir(), 'millrace-bench')
/** A larger input is not kept. */
const keptMb = 1000

/**
 * Sorts a file of 100-byte records in 512 MB of memory, all keys different and half of them equal. What was written is checked: every record once, in
 * order, and ranges of about one size.
 */
export async function sortBench({ mb, rounds }: BenchOptions): Promise<void> {
  for (const equalShare of [0, 0.5]) {
    const input = recordFile(mb, equalShare)
    const outputs = { gnu: join(folder, 'sorted-gnu.txt'), parts: join(folder, 'sorted'), file: join(folder, 'sorted.txt') }
    const ours = (name: string, output: string): Contender => ({
      name,
      kind: 'node',
      command: [
        cli,
        'run',
        join(here, 'sort.flow'),
        ...['--param', `input=${input}`, '--param', `output=${output}`],
        ...['--workers', '2', '--memory', '512MB', '--quiet'],
      ],
    })
    const contenders: Contender[] = [
      {
        name: 'sort -S 512M --parallel=2',
        kind: 'other',
        command: [`LC_ALL=C sort -S 512M --parallel=2 -T ${folder} ${input} -o ${outputs.gnu}`],
      },
      ours('millrace, 2 workers, a folder of 8 parts', outputs.parts),
      ours('millrace, 2 workers, one file', outputs.file),
    ]
    const rows = await interleave(contenders, rounds)
    const title = `sort, ${mb} MB of records, ${equalShare === 0 ? 'keys differ' : 'half of the keys equal'}`
    report(title, `npm run bench -- sort --mb ${mb} --rounds ${rounds}`, rows, contenders[0].name)
    const expected = check(input, ['--unsorted'])
    for (const output of Object.values(outputs)) {
      const found = check(output)
      if (found.records !== expected.records || found.checksum !== expected.checksum)
        throw new Error(`${output} has other records than ${input}`)
      console.log(`${output}: ${found.parts} parts, the largest ${found.maxToMedian.toFixed(3)} times the median`)
      rmSync(output, { recursive: true })
    }
    if (mb > keptMb) rmSync(input)
  }
}

interface Checked {
  records: number
  checksum: string
  parts: number
  maxToMedian: number
}

function check(path: string, options: readonly string[] = []): Checked {
  return JSON.parse(execFileSync(process.execPath, [join(here, 'check.ts'), path, ...options], { encoding: 'utf8' }))
}
