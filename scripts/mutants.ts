import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type Mutant, mutants } from './mutants/list.ts'

// Breaks the coordinator, the journal, the exchanges and the commit of outputs, one way at a time, and shows that tests notice. Each mutant runs the
// tests that it names, and those only until one fails.
//   node scripts/mutants.ts            all of them; ends with 1 when fewer than 18 of 20 are noticed, or when a place is no longer there
//   node scripts/mutants.ts journal    those whose name has the word

const root = join(import.meta.dirname, '..')
const asked = process.argv[2] ?? ''
const gone = mutants.filter(({ file, find }) => readFileSync(join(root, 'src', file), 'utf8').split(find).length !== 2)
for (const { name, file } of gone) process.stderr.write(`src/${file} has no place, or several, for '${name}'\n`)
if (gone.length > 0) process.exit(1)

const chosen = mutants.filter(({ name }) => name.includes(asked))
if (chosen.length === 0) {
  process.stderr.write(`no mutant has '${asked}' in its name\n`)
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'millrace-mutants-'))
const missed: string[] = []
try {
  for (const name of ['src', 'test', 'scripts', 'examples', 'docs', 'bin', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(folder, name))
  const unchanged = firstFailure([...new Set(chosen.flatMap(({ tests }) => tests))])
  if (unchanged !== undefined) throw new Error(`a test fails without any mutant: ${unchanged}`)
  process.stdout.write('| mutant | noticed by | s |\n|---|---|---:|\n')
  for (const mutant of chosen) {
    const startMs = performance.now()
    const failure = withMutant(mutant)
    if (failure === undefined) missed.push(mutant.name)
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
    process.stdout.write(`| ${mutant.name} | ${failure ?? '**missed**'} | ${seconds} |\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`\n${chosen.length - missed.length} of ${chosen.length} are noticed\n`)
process.exitCode = missed.length > chosen.length / 10 ? 1 : 0

function withMutant({ file, find, put, tests }: Mutant): string | undefined {
  const path = join(folder, 'src', file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace(find, () => put),
  )
  try {
    for (const test of tests) {
      const failure = firstFailure([test])
      if (failure !== undefined) return failure
    }
    return undefined
  } finally {
    writeFileSync(path, text)
  }
}

/** Runs the tests; the name of the first one that fails. */
function firstFailure(tests: readonly string[]): string | undefined {
  const files = tests.map((test) => `test/${test}.test.ts`)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', '--bail', '1', '--no-file-parallelism', ...files],
    {
      cwd: folder,
      encoding: 'utf8',
      // Seeds of their own would make the same mutant survive now and then.
      env: { ...process.env, NO_COLOR: '1', SEED: '1', SEEDS: '200', POINTS: '200', FLIPS: '200' },
      timeout: 600_000,
    },
  )
  if (status === 0) return undefined
  if (status === null) return `${tests.join(', ')}, which do not end`
  const [, failed] = /FAIL\s+test\/(.*)/.exec(stripVTControlCharacters(stdout + stderr)) ?? []
  if (failed === undefined) throw new Error(`no test ran: ${stdout}${stderr}`)
  return failed
}
