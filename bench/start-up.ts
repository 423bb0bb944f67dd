import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from './main.ts'
import { type Contender, interleave, report } from './measure.ts'

const root = join(import.meta.dirname, '..')
const folder = join(tmpdir(), 'millrace-bench', 'start-up')

/** What starting costs: the launcher, a small program, and the compiler over a long fluent chain, each beside the same without millrace. */
export async function startUpBench({ rounds }: BenchOptions): Promise<void> {
  makeProject()
  const launcher = join(root, 'bin/millrace.cjs')
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const node = (name: string, ...command: string[]): Contender => ({ name, kind: 'node', command })
  const wordCount = join(root, 'examples/word-count')
  const input = `input=${join(wordCount, 'kjv.txt')}`
  const contenders = [
    node('empty node', join(folder, 'empty.mjs')),
    node('millrace --version', launcher, '--version'),
    node('millrace check word-count.flow', launcher, 'check', join(wordCount, 'word-count.flow'), '--param', input),
    node(
      'millrace run word-count.flow (1.3 MB)',
      launcher,
      'run',
      join(wordCount, 'word-count.flow'),
      '--param',
      input,
      '--quiet',
    ),
    node('millrace run word-count.ts (1.3 MB)', launcher, 'run', join(wordCount, 'word-count.ts'), '--param', input, '--quiet'),
    node('tsc, an empty module', tsc, '-p', join(folder, 'empty.json')),
    node(`tsc, a chain of ${chainLength} operators`, tsc, '-p', join(folder, 'chain.json')),
  ]
  report('start-up', `npm run bench -- start-up --rounds ${rounds}`, await interleave(contenders, rounds), 'empty node')
}

const chainLength = 50

function makeProject(): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  try {
    symlinkSync(root, join(folder, 'node_modules/millrace'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'empty.mjs'), '')
  const compilerOptions = { target: 'es2023', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, types: [] }
  for (const [name, text] of [
    ['empty', 'export {}\n'],
    ['chain', chain(chainLength)],
  ]) {
    writeFileSync(join(folder, `${name}.ts`), text)
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
  }
}

/** A pipeline whose row grows, as those do that are slowest to check. */
function chain(length: number): string {
  const operators = [
    (i: number) => `.extend((r) => ({ c${i}: r.a.add(${i}) }))`,
    (i: number) => `.where((r) => r.a.gt(${i}))`,
    () => `.set((r) => ({ a: r.a.mul(2) }))`,
    (i: number) => `.rename({ c${i - 3}: 'd${i}' })`,
    (i: number) => `.orderBy('d${i - 1}')`,
  ]
  const calls = Array.from({ length }, (_, i) => `    ${operators[i % operators.length](i)}`)
  return [
    `import { csv, pipeline } from 'millrace'`,
    `const schema = { a: 'int64', b: 'string' } as const`,
    `export default pipeline('chain', {}, (p) =>`,
    `  p.read(csv('x.csv', { schema }))`,
    ...calls,
    `)`,
    '',
  ].join('\n')
}
