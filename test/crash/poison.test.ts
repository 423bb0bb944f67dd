import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli, leftovers, project } from '../cli/cli.ts'

/** Two inputs, and a function that a row of each does not survive. */
const deadly = (body: string): Record<string, string> => ({
  'in/a.csv': `n\n${Array.from({ length: 400 }, (_, n) => `${n}\n`).join('')}`,
  'in/b.csv': `n\n${Array.from({ length: 400 }, (_, n) => `${400 + n}\n`).join('')}`,
  'bad.ts': `
import { appendFileSync } from 'node:fs'
export function bad(n: number): number {
  if (n === 150 || n === 777) { appendFileSync('calls', 'x'); ${body} }
  return n
}
`,
  'bad.flow': `
import { bad(int64) returns int64 } from './bad.ts'
from csv('in/*.csv') |> select bad(n) as n |> write csv('out.csv')
`,
})

const causes: readonly (readonly [cause: string, body: string, args: readonly string[]])[] = [
  ['ends the process', 'process.exit(3)', []],
  ['takes all memory', 'const all = []; for (;;) all.push(new Array(100_000).fill(n).map(String))', []],
  ['never comes back', 'for (;;);', ['--hang-timeout', '1']],
  ['ends the process that a worker is', "process.kill(process.pid, 'SIGKILL')", ['--isolation', 'process']],
]

describe.each(['serial', 'pipelined'])('in %s mode', (mode) => {
  it.each(causes)('a row on which a function %s is found and written to the dead letters', async (_, body, more) => {
    const folder = project(deadly(body))
    const args = ['run', 'bad.flow', '--workers', '2', '--mode', mode, '--dead-letters', 'bad.jsonl', ...more]
    const { code, stderr } = await cli(args, { cwd: folder, node: ['--max-old-space-size=64'] })
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('2 rows skipped, see bad.jsonl: RUN_POISON_BATCH 2 (it has ended its worker twice)')
    const rows = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n').slice(1).map(Number)
    expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: 800 }, (_, n) => n).filter((n) => n !== 150 && n !== 777))
    const letters = readFileSync(join(folder, 'bad.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(letters).toEqual([
      expect.objectContaining({
        code: 'RUN_POISON_BATCH',
        file: join(folder, 'in/a.csv'),
        line: 152,
        split: 0,
        row: 151,
        values: { n: 150 },
      }),
      expect.objectContaining({
        code: 'RUN_POISON_BATCH',
        file: join(folder, 'in/b.csv'),
        line: 379,
        split: 1,
        row: 378,
        values: { n: 777 },
      }),
    ])
    expect(leftovers(folder)).toEqual([])
  })
})

it('a row that ends its workers is named when no row may be left out', async () => {
  const folder = project(deadly('process.exit(3)'))
  const { code, stderr } = await cli(['run', 'bad.flow', '--workers', '1'], { cwd: folder })
  expect(stderr).toContain('error RUN_POISON_BATCH: row 151 of split 0 has ended its worker twice: exit code 3')
  expect(stderr).toContain(`in: ${join(folder, 'in/a.csv')}:152 (byte 492)`)
  expect(stderr).toContain('--on-error skip leaves such rows out')
  expect(code).toBe(1)
  expect(leftovers(folder)).toEqual([])
})

it('a row that ends its workers counts among those that may fail', async () => {
  const folder = project(deadly('process.exit(3)'))
  const { code, stderr } = await cli(['run', 'bad.flow', '--workers', '2', '--on-error', 'skip', '--max-errors', '1'], {
    cwd: folder,
  })
  expect(stderr).toContain('error DATA_TOO_MANY_ERRORS: more than 1 row failed: RUN_POISON_BATCH 2')
  expect(code).toBe(3)
})
