import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// The oldest Node.js that `engines` allows, which the tests, run by a newer one, would not notice to be left out. npm test must have built dist.
const version = '22.18.0'
const root = join(import.meta.dirname, '..')
const launcher = join(root, 'bin/millrace.cjs')
const top = 'the,20942\nand,18419\nof,11234\n'

const folder = mkdtempSync(join(tmpdir(), 'millrace-node-22-'))
try {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }))
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `node@${version}`], {
    cwd: folder,
    stdio: 'inherit',
  })
  const node = join(folder, 'node_modules/node/bin/node')
  const millrace = (...args: readonly string[]): string => run(node, [launcher, ...args])

  expectText(run(node, ['--version']).trim(), `v${version}`)
  for (const program of ['examples/word-count/word-count.flow', 'examples/word-count/word-count.ts']) {
    for (const options of [
      ['--backend', 'inline'],
      ['--workers', '2'],
      ['--workers', '2', '--mode', 'serial', '--memory', '4MB'],
    ]) {
      expectText(firstRows(millrace('run', program, ...options, '--format', 'csv', '--quiet')), top)
    }
  }
  const output = join(folder, 'changes.jsonl')
  millrace('run', 'examples/word-changes/word-changes.flow', '--incremental', '--once', '--param', `output=${output}`, '--quiet')
  millrace('explain', 'examples/sales/sales.ts', '--format', 'json')
  console.log(`millrace runs on Node.js ${version}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0 || stderr !== '') throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout
}

function firstRows(csv: string): string {
  return `${csv.split('\n').slice(1, 4).join('\n')}\n`
}

function expectText(found: string, expected: string): void {
  if (found !== expected) throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
}
