import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { describeError } from '../../src/base/describe-error.ts'
import { MillraceError } from '../../src/base/errors.ts'
import { printPlan } from '../../src/ir/print.ts'
import { ruleNames } from '../../src/planner/rules/index.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { hasWorkers, inProcesses, onThreads } from './on-threads.ts'
import type { FlowBlock } from './parse-blocks.ts'
import { comparable, jsonText, prepareProgram, type Rows, runOnBackend, runOnReference } from './run-program.ts'

interface Outcome {
  outputs: ReadonlyMap<string, Rows>
  /** Text of the files that the block names, by name. */
  written: ReadonlyMap<string, string>
}

const variants: readonly { name: string; options: RunOptions }[] = [
  { name: 'inline', options: { backend: 'inline', checkPlans: true } },
  { name: 'serial', options: { backend: 'inline', mode: 'serial' } },
  { name: '4 MB and no rules', options: { backend: 'inline', memoryBytes: 4 * 1024 * 1024, disabledRules: ruleNames } },
]
const onWorkers: typeof variants = [
  { name: 'threads', options: onThreads },
  { name: 'threads, hybrid', options: { ...onThreads, mode: 'hybrid' } },
  { name: 'processes', options: inProcesses },
]

/** Runs a block on the reference interpreter and on every way of running, and compares all of them with what it expects. */
export async function runBlock(block: FlowBlock): Promise<void> {
  if (block.plan !== undefined) expect(await planOf(block)).toBe(block.plan)
  if (block.error !== undefined) return runErrors(block, block.error)
  if (block.results.length === 0 && block.written.length === 0) return
  await inFolder(block, async (cwd) => check(block, 'reference', await byReference(block, cwd)))
  for (const { name, options } of variantsOf(block)) {
    await inFolder(block, async (cwd) => check(block, name, await byBackend(block, cwd, options)))
  }
}

function variantsOf(block: FlowBlock): readonly { name: string; options: RunOptions }[] {
  if (!block.threads) return variants
  return hasWorkers() ? [...variants, ...onWorkers] : variants
}

async function inFolder<T>(block: FlowBlock, use: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), 'millrace-flow-'))
  try {
    for (const { name, text, escaped } of block.files) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true })
      writeFileSync(join(cwd, name), escaped ? bytesOf(text) : text)
    }
    return await use(cwd)
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

/** `\\n`, `\\r` and `\\xff` as the bytes they stand for; line ends of the text itself do not count. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('\n', '')).toString('latin1')
  const plain = bytes.replace(/\\(?:x([0-9a-f]{2})|n|r)/g, (spelled, hex) =>
    hex === undefined ? (spelled === '\\n' ? '\n' : '\r') : String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(plain, 'latin1')
}

async function planOf(block: FlowBlock): Promise<string> {
  return inFolder(block, async (cwd) => {
    const { planned } = await prepareProgram(block, cwd, { backend: 'inline' })
    return printPlan(planned.optimised)
  })
}

async function byReference(block: FlowBlock, cwd: string): Promise<Outcome> {
  return { outputs: await runOnReference(block, cwd), written: new Map() }
}

async function byBackend(block: FlowBlock, cwd: string, options: RunOptions): Promise<Outcome> {
  const outputs = await runOnBackend(block, cwd, options)
  const files = block.written.map(({ name }): [string, string] => [name, readFileSync(join(cwd, name), 'utf8')])
  return { outputs, written: new Map(files) }
}

function check(block: FlowBlock, variant: string, { outputs, written }: Outcome): void {
  for (const { name, text } of block.results) {
    const found = name === '' ? [...outputs.values()].at(-1) : outputs.get(name)
    if (found === undefined) throw new Error(`the program has no output '${name}': ${[...outputs.keys()].join(', ')}`)
    const [header, ...lines] = text.split('\n')
    const rows = lines.map((line) => jsonText(JSON.parse(line)))
    expect(comparable(found), `on ${variant}`).toBe(comparable({ header, rows, ordered: found.ordered }))
  }
  if (variant === 'reference') return
  for (const { name, text } of block.written) expect(written.get(name), `${name} on ${variant}`).toBe(text)
}

/** The first line is the code; the parts in the other lines must be in what the user is shown. */
async function runErrors(block: FlowBlock, expected: string): Promise<void> {
  const [code, ...parts] = expected.split('\n')
  // What is found before the run is the same on every backend.
  const isEarly = /^(FLOW|PLAN|USAGE)_/.test(code)
  for (const { name, options } of isEarly ? variants.slice(0, 1) : variantsOf(block)) {
    await inFolder(block, async (cwd) => checkError(block, name, cwd, code, parts, () => byBackend(block, cwd, options)))
  }
  if (/^(RUN|DATA)_/.test(code)) {
    await inFolder(block, async (cwd) => checkError(block, 'reference', cwd, code, [], () => byReference(block, cwd)))
  }
}

async function checkError(
  block: FlowBlock,
  variant: string,
  cwd: string,
  code: string,
  parts: readonly string[],
  run: () => Promise<Outcome>,
): Promise<void> {
  let thrown: unknown
  try {
    await run()
  } catch (error) {
    thrown = error
  }
  if (!(thrown instanceof MillraceError)) {
    throw new Error(`expected ${code} on ${variant}, found ${thrown instanceof Error ? thrown.stack : 'no error'}`)
  }
  const programs = [{ name: 'program.flow', text: block.program }, ...block.files]
  const sources = Object.fromEntries(programs.map(({ name, text }) => [join(cwd, name), text]))
  const shown = describeError(thrown, sources).replaceAll(cwd, '.')
  expect(`${thrown.code} on ${variant}`, shown).toBe(`${code} on ${variant}`)
  for (const part of parts) expect(shown, `on ${variant}`).toContain(part)
}
