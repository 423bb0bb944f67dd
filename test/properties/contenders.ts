import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { MillraceError } from '../../src/base/errors.ts'
import * as millrace from '../../src/index.ts'
import type { PhysicalPlan } from '../../src/ir/physical.ts'
import { ruleNames } from '../../src/planner/rules/index.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { type Prepared, prepare } from '../../src/run/prepare.ts'
import { loadFlow, loadPipeline, loadProgram, type Program } from '../../src/run/program.ts'
import { parseTables } from '../../src/run/tables-file.ts'
import { hasWorkers, inProcesses, onThreads } from '../flow/on-threads.ts'
import { backendRows, comparable, jsonText, type Rows, referenceRows } from '../flow/run-program.ts'
import { buildPipeline } from './build-pipeline.ts'
import type { RandomPipeline } from './random-pipeline.ts'
import { moduleText, type RandomProgram } from './random-program.ts'

/** One plan over its data: a program of the text language, or a pipeline. */
export type RandomPlan = { kind: 'flow'; program: RandomProgram } | { kind: 'pipeline'; pipeline: RandomPipeline }

const tiny = 4 * 1024 * 1024

/** Starting workers takes longer than running a plan: every how many plans run on them too. */
const withWorkers = Number(process.env.WITH_WORKERS ?? 25)

/**
 * The ways in which plan `number` is run, all of which must give the rows of the reference: every plan in one thread pipelined, stage after stage,
 * and without rules in little memory; in turn one rule is off. Every so many plans run on 1 to 4 worker threads, in both modes, and in as many processes.
 */
export function waysOf(number: number): readonly RunOptions[] {
  const inline: readonly RunOptions[] = [
    { checkPlans: number % 4 === 0 },
    { mode: 'serial', resumable: false },
    { memoryBytes: tiny, disabledRules: ruleNames },
    { disabledRules: [ruleNames[number % ruleNames.length]], mode: number % 2 === 0 ? 'pipelined' : 'auto', memoryBytes: tiny },
  ]
  const turn = Math.floor(number / withWorkers)
  const workers = 1 + (turn % 4)
  const remote: readonly RunOptions[] = [
    { ...onThreads, workers, mode: 'serial' },
    { ...onThreads, workers, mode: 'pipelined' },
    { ...inProcesses, workers, mode: turn % 8 < 4 ? 'pipelined' : 'serial' },
  ]
  const isRemote = hasWorkers() && number % withWorkers === 0
  return [...inline.map((way) => ({ backend: 'inline' as const, ...way })), ...(isRemote ? remote : [])]
}

const modules = 'node_modules/random'

/** Lets workers find the functions of random plans in this folder. */
export function writeModules(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'functions.mjs'), moduleText)
  // As plain JavaScript of a package, which test runners leave alone, so that all threads load the same text.
  mkdirSync(join(folder, modules), { recursive: true })
  const build = readFileSync(new URL('./build-pipeline.ts', import.meta.url), 'utf8')
  writeFileSync(join(folder, modules, 'build-pipeline.mjs'), stripTypeScriptTypes(build))
  writeFileSync(
    join(folder, modules, 'random.mjs'),
    `import * as api from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
import { buildPipeline } from './build-pipeline.mjs'
export default api.pipeline('random', { spec: 'string' }, (p, { spec }) => buildPipeline(api, p, JSON.parse(spec)))
`,
  )
}

/** What plans had, and how many of them did. */
export type Seen = Map<string, number>

/**
 * Runs the plan on the reference and in these ways, and notes what it has.
 *
 * @returns how many ways there were; 0 where the reference itself fails, since rules may keep an expression from rows that it fails on.
 * @throws an error with the first difference.
 */
export async function compareWays(
  plan: RandomPlan,
  ways: readonly RunOptions[],
  folder: string,
  seen: Seen = new Map(),
): Promise<number> {
  const cwd = join(folder, 'data')
  mkdirSync(cwd, { recursive: true })
  writeSources(plan, cwd)
  try {
    const load = (options: RunOptions): Promise<Prepared> => prepared(plan, folder, { cwd, ...options })
    const expected = await reference(load)
    if (expected === undefined) return 0
    const wanted = shown(expected.outputs)
    note(seen, expected)
    for (const way of ways) {
      removeWritten(cwd)
      const found = shown(await backendRows(await load(way), { cwd, ...way }))
      if (found !== wanted) throw difference(way, found, wanted)
      for (const [sink, rows] of expected.sinks.entries()) {
        const written = linesOf(cwd, sink, rows)
        const lines = sorted(rows.rows)
        if (written !== lines) throw difference(way, `sink ${sink}:\n${written}`, lines)
      }
    }
    return ways.length
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

/** A range exchange counts where there are rows enough for several ranges. */
function note(seen: Seen, { physical, outputs }: Expected): void {
  const { exchanges, stages } = physical
  const hasRanges = [...outputs.values()].some(({ ordered, rows }) => ordered && rows.length >= 8)
  const found = new Set<string>(exchanges.map(({ partitioning }) => partitioning.by).filter((by) => by !== 'range' || hasRanges))
  for (const node of stages.flatMap(({ nodes }) => nodes)) {
    if (node.operator === 'join') found.add(`${node.spec.kind} join`)
    if (node.operator === 'sink') found.add('sink')
  }
  for (const name of found) seen.set(name, (seen.get(name) ?? 0) + 1)
}

function difference(way: RunOptions, found: string, expected: string): Error {
  return new Error(`run with ${JSON.stringify(way)}\nfound\n${found}\nexpected\n${expected}`)
}

interface Expected extends ReturnType<typeof referenceRows> {
  physical: PhysicalPlan
}

async function reference(load: (options: RunOptions) => Promise<Prepared>): Promise<Expected | undefined> {
  try {
    const loaded = await load({ backend: 'inline' })
    return { ...referenceRows(loaded), physical: loaded.planned.physical }
  } catch (error) {
    if (error instanceof MillraceError && (error.code.startsWith('RUN_') || hasNoPlan(error))) return undefined
    throw error
  }
}

/** A product of constants that are drawn may be no int64; and what keys are cannot be found out where there are no rows. */
const hasNoPlan = ({ code, message }: MillraceError): boolean =>
  (code === 'PLAN_TYPE_MISMATCH' && message.endsWith('is outside the range of int64')) || code === 'PLAN_SCHEMA_UNKNOWN'

async function prepared(plan: RandomPlan, folder: string, options: RunOptions): Promise<Prepared> {
  const tables =
    plan.kind === 'flow' && plan.program.tables !== undefined ? parseTables('tables', plan.program.tables) : undefined
  return prepare(await load(plan, folder, options), { tables, ...options })
}

async function load(plan: RandomPlan, folder: string, options: RunOptions): Promise<Program> {
  if (plan.kind === 'flow') return loadFlow(join(folder, 'program.flow'), plan.program.program, new Map())
  const { spec } = plan.pipeline
  if (options.backend === 'threads') {
    return loadProgram(join(folder, modules, 'random.mjs'), new Map([['spec', { text: JSON.stringify(spec) }]]))
  }
  const built = millrace.pipeline('random', {}, (p) => buildPipeline(millrace, p, spec), { module: '' })
  return loadPipeline(built as never, new Map())
}

function writeSources(plan: RandomPlan, cwd: string): void {
  const files =
    plan.kind === 'flow'
      ? plan.program.files
      : Object.fromEntries(plan.pipeline.files.map((texts, source) => [`s${source}`, texts]))
  for (const [name, texts] of Object.entries(files)) {
    mkdirSync(join(cwd, name), { recursive: true })
    for (const [file, text] of texts.entries()) writeFileSync(join(cwd, name, `${file}.jsonl`), text)
  }
}

const written = ['w0.jsonl', 'w1'] as const

function removeWritten(cwd: string): void {
  for (const name of written) rmSync(join(cwd, name), { recursive: true, force: true })
}

/** The rows that a sink wrote, in the form of those of the reference; a sink promises them in no order. */
function linesOf(cwd: string, sink: number, { header }: Rows): string {
  const path = join(cwd, written[sink])
  const files = !path.endsWith('.jsonl') && existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [path]
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1))
  const names = header.split(', ').map((column) => column.split(' ')[0])
  const rows = lines.map((line) => {
    const row = JSON.parse(line) as Record<string, unknown>
    return jsonText(names.map((name) => row[name]))
  })
  return sorted(rows)
}

/** No order tells 0 from -0, so that either may come first. */
const plain = (row: string): string => row.replace(/-0(?=[,\]])/g, '0')

const sorted = (rows: readonly string[]): string => rows.map(plain).sort().join('\n')

const shown = (outputs: ReadonlyMap<string, Rows>): string =>
  [...outputs].map(([name, rows]) => `${name}: ${comparable({ ...rows, rows: rows.rows.map(plain) })}`).join('\n\n')
