import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { cli, leftovers, project, shell, startCli } from '../cli/cli.ts'

/** A program over two inputs whose function misbehaves in the second one. */
const misbehaving = (body: string): Record<string, string> => ({
  'in/a.csv': `n\n${Array.from({ length: 100 }, (_, n) => `${n}\n`).join('')}`,
  'in/b.csv': `n\n${Array.from({ length: 100 }, (_, n) => `${100 + n}\n`).join('')}`,
  'bad.ts': `
import { appendFileSync } from 'node:fs'
export function bad(n: number): number {
  if (n === 150) { appendFileSync('calls', 'x'); ${body} }
  return n
}
`,
  'bad.flow': `
import { bad(int64) returns int64 } from './bad.ts'
from csv('in/*.csv') |> select bad(n) as n |> write csv('out.csv')
`,
})

describe.each(['serial', 'pipelined'])('a worker that ends by itself, in %s mode', (mode) => {
  const causes: readonly [string, string, RegExp][] = [
    ['a function ends the process', 'process.exit(3)', /exit code 3/],
    ['a function takes all memory', 'const all = []; for (;;) all.push(new Array(100_000).fill(n).map(String))', /memory/],
  ]
  it.each(causes)('fails the run after two more tries when %s', async (_, body, why) => {
    const folder = project(misbehaving(body))
    const args = ['run', 'bad.flow', '--workers', '2', '--mode', mode]
    const result = await cli(args, { cwd: folder, node: ['--max-old-space-size=64'] })
    expect(result.stderr).toContain('error RUN_POISON_BATCH: row 51 of split 1 has ended its worker twice: ')
    expect(result.stderr).toMatch(why)
    expect(result.stderr).toContain('help: ')
    expect(result.stderr).not.toMatch(/^\s+at /m)
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('xxx')
    expect(existsSync(join(folder, 'out.csv'))).toBe(false)
    expect(leftovers(folder).filter((path) => !path.includes('.millrace'))).toEqual([])
  })

  it('is replaced, and the run succeeds when it does not happen again', async () => {
    const once = "if (require('node:fs').statSync('calls').size === 1) process.exit(1)"
    const files = misbehaving(once.replace("require('node:fs').", ''))
    files['bad.ts'] = files['bad.ts'].replace('{ appendFileSync }', '{ appendFileSync, statSync }')
    const folder = project(files)
    const result = await cli(['run', 'bad.flow', '--workers', '2', '--mode', mode], { cwd: folder })
    expect(result.code, result.stderr).toBe(0)
    expect(result.stderr).toMatch(/retr(y|ies)/)
    const rows = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n').slice(1)
    expect(rows.map(Number).sort((x, y) => x - y)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(leftovers(folder)).toEqual([])
  })
})

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, code) => {
  it.each([
    ['inline', ['--backend', 'inline']],
    ['on workers', ['--workers', '2']],
    ['in serial mode', ['--workers', '2', '--mode', 'serial']],
  ])(`ends a run %s within two seconds with exit code ${code} and takes back what was staged`, async (_, options) => {
    const folder = project(endless)
    const run = startCli(['run', 'endless.flow', ...options], { cwd: folder })
    await run.until(() => existsSync(join(folder, 'calls')), 'the first call')
    const start = performance.now()
    run.child.kill(signal)
    const result = await run.ended
    expect(performance.now() - start).toBeLessThan(2000)
    expect(result.stderr).toContain('error RUN_CANCELLED: ')
    expect(result.stderr.includes('with --resume goes on from there')).toBe(options.includes('serial'))
    expect(result).toMatchObject({ code, stdout: '' })
    expect(readdirSync(folder)).not.toContain('out.csv')
    expect(leftovers(folder).filter((path) => !path.includes('.millrace'))).toEqual([])
    // A serial run may go on later; nothing else is kept.
    if (!options.includes('serial')) expect(leftovers(folder)).toEqual([])
  })
})

// A call a millisecond: 400,000 rows take minutes.
const endless = {
  'in/a.csv': `n\n${'1\n'.repeat(400_000)}`,
  'in/b.csv': `n\n${'2\n'.repeat(400_000)}`,
  'slow.ts': `
import { appendFileSync } from 'node:fs'
export function slow(n: number): number {
  appendFileSync('calls', 'x')
  for (const end = performance.now() + 1; performance.now() < end; );
  return n
}
`,
  'endless.flow': `
import { slow(int64) returns int64 } from './slow.ts'
from csv('in/*.csv') |> select slow(n) as n |> write csv('out.csv')
`,
}

it('SIGINT ends a run within two seconds while it finds out what a closure returns', async () => {
  const folder = project({
    'in.csv': `n\n${'1\n'.repeat(1000)}`,
    'p.ts': `import { appendFileSync } from 'node:fs'
import { csv, pipeline } from 'millrace'
export default pipeline('p', {}, (p) => p.read(csv('in.csv')).map(({ n }) => {
  appendFileSync('calls', 'x')
  for (const end = performance.now() + 20; performance.now() < end; );
  return { n }
}))
`,
  })
  const run = startCli(['run', 'p.ts'], { cwd: folder })
  await run.until(() => existsSync(join(folder, 'calls')), 'the first call')
  const start = performance.now()
  run.child.kill('SIGINT')
  expect(await run.ended).toMatchObject({ signal: 'SIGINT', stdout: '' })
  expect(performance.now() - start).toBeLessThan(2000)
})

it('notices an input that changes while the run goes on', async () => {
  const folder = project({
    'in/a.csv': 'n\n1\n',
    'in/b.csv': 'n\n2\n',
    'f.ts': `import { appendFileSync } from 'node:fs'
export function f(n: number): number {
  appendFileSync('in/b.csv', '3\\n')
  return n
}
`,
    'p.flow':
      "import { f(int64) returns int64 } from './f.ts'\nfrom csv('in/*.csv') |> select f(n) as n |> write csv('out.csv')\n",
  })
  const result = await cli(['run', 'p.flow'], { cwd: folder })
  expect(result).toMatchObject({ code: 4, stdout: '' })
  expect(result.stderr).toContain('error SOURCE_CHANGED: ')
  expect(result.stderr).toContain('in/b.csv')
  expect(readdirSync(folder)).not.toContain('out.csv')
  expect(leftovers(folder)).toEqual([])
})

it('ends at once at a second signal', async () => {
  const files = {
    ...endless,
    'slow.ts':
      "import { appendFileSync } from 'node:fs'\nexport function slow(n: number): number { appendFileSync('calls', 'x'); for (;;); }",
  }
  const folder = project(files)
  const run = startCli(['run', 'endless.flow', '--workers', '2'], { cwd: folder })
  await run.until(() => existsSync(join(folder, 'calls')), 'the first call')
  const start = performance.now()
  run.child.kill('SIGINT')
  run.child.kill('SIGTERM')
  const { code, stderr } = await run.ended
  expect(stderr).not.toContain('RUN_WORKER_LOST')
  expect([130, 143]).toContain(code)
  expect(performance.now() - start).toBeLessThan(1000)
})

it('stops within two seconds though a function in a worker never comes back', async () => {
  const files = {
    ...endless,
    'slow.ts':
      "import { appendFileSync } from 'node:fs'\nexport function slow(n: number): number { appendFileSync('calls', 'x'); for (;;); }",
  }
  const folder = project(files)
  const run = startCli(['run', 'endless.flow', '--workers', '2'], { cwd: folder })
  await run.until(() => existsSync(join(folder, 'calls')), 'the first call')
  const start = performance.now()
  run.child.kill('SIGINT')
  expect(await run.ended).toMatchObject({ code: 130 })
  expect(performance.now() - start).toBeLessThan(2000)
  expect(leftovers(folder)).toEqual([])
})

describe('a reader of standard output that goes away', () => {
  const rows = {
    'rows.csv': `n,text\n${Array.from({ length: 200_000 }, (_, n) => `${n},some text that fills a pipe\n`).join('')}`,
  }
  it.each(['csv', 'json', 'jsonl', 'table'])('ends the command quietly with exit code 0, as %s', async (format) => {
    const folder = project(rows)
    const line = `millrace query -e "from csv('rows.csv')" --quiet --rows 60000 --format ${format} | head -1; echo "exit \${PIPESTATUS[0]}"`
    const result = await shell(line, { cwd: folder })
    expect(result.stderr).toBe('')
    expect(result.stdout).toMatch(/exit 0\n$/)
    expect(leftovers(folder)).toEqual([])
  })
})

it('ends at a signal while it waits for a reader that reads nothing', async () => {
  const folder = project({
    'rows.csv': `n,text\n${Array.from({ length: 200_000 }, (_, n) => `${n},some text that fills a pipe\n`).join('')}`,
  })
  const run = startCli(['query', '-e', "from csv('rows.csv')", '--format', 'csv'], { cwd: folder })
  const first = once(run.child.stdout as Readable, 'readable')
  run.child.stdout?.pause()
  await first
  run.child.kill('SIGINT')
  await once(run.child, 'exit')
  expect(run.child.exitCode).toBe(130)
  expect(leftovers(folder)).toEqual([])
  run.child.stdout?.destroy()
})
