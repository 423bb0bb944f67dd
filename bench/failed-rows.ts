import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from './main.ts'
import { type Contender, interleave, report } from './measure.ts'

const root = join(import.meta.dirname, '..')
const folder = join(tmpdir(), 'millrace-bench', 'failed-rows')
const launcher = join(root, 'bin/millrace.cjs')

/** What it costs that rows may fail, where none does and where one in a hundred does: expressions, functions, and values of one row. */
export async function failedRowsBench({ rows, rounds }: BenchOptions): Promise<void> {
  makeProject(rows)
  const run = (name: string, program: string, ...more: string[]): Contender => ({
    name: `${program.replace(/\..*/, '')}, ${name}`,
    kind: 'node',
    command: [launcher, 'run', join(folder, program), '--cwd', folder, '--backend', 'inline', '--quiet', ...more],
  })
  const letters = join(folder, 'bad.jsonl')
  for (const program of ['expressions.flow', 'functions.ts', 'words.flow']) {
    const contenders = [
      run('fail', program),
      run('skip, no row fails', program, '--on-error', 'skip'),
      run('skip, 1 in 100 fails', program, '--on-error', 'skip', '--param', 'bad=7'),
      run('dead-letter, 1 in 100 fails', program, '--dead-letters', letters, '--param', 'bad=7'),
    ]
    const command = `npm run bench -- failed-rows --rows ${rows} --rounds ${rounds}`
    report(`rows that fail: ${program}`, command, await interleave(contenders, rounds), contenders[0].name)
  }
}

function makeProject(rows: number): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  try {
    symlinkSync(root, join(folder, 'node_modules/millrace'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const lines = Array.from({ length: rows }, (_, i) => `${i},${i % 100},a b c ${i % 1000}\n`)
  writeFileSync(join(folder, 'in.csv'), `id,k,words\n${lines.join('')}`)
  const source = `from csv('in.csv') schema (id int64, k int64, words string)`
  writeFileSync(
    join(folder, 'expressions.flow'),
    `param bad int64 = -1\n${source} |> extend id / (k - @bad) as q, id * 3 + k as m |> aggregate sum(q) as q, sum(m) as m\n`,
  )
  writeFileSync(
    join(folder, 'words.flow'),
    `param bad int64 = -1\n${source} |> join unnest(split(words, ' ')) as word |> extend length(word) / (k - @bad) as n |> aggregate sum(n) as n\n`,
  )
  writeFileSync(
    join(folder, 'functions.ts'),
    `import { csv, pipeline } from 'millrace'
const schema = { id: 'int64', k: 'int64', words: 'string' } as const
export default pipeline('functions', { bad: { type: 'int64', default: -1 } }, (p, { bad }) =>
  p.read(csv('in.csv', { schema }))
    .map(({ id, k }) => { if (k === bad) throw new Error('bad'); return { id, m: id * 3 + k } }, { returns: { id: 'int64', m: 'int64' } })
    .filter(({ m }) => m % 1000 === 0))
`,
  )
}
