import { mkdtempSync, rmSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute } from '../src/run/execute.ts'
import { prepareRun } from '../src/run/prepare-run.ts'
import { loadProgram } from '../src/run/program.ts'
import type { BenchOptions } from './main.ts'
import { appendResult, median } from './measure.ts'
import { zipfText } from './word-count/generate.ts'

/** Code that follows a run instead of doing its work: figures, events, the coordinator's state, journal and record. */
const bookkeeping =
  /\/src\/(runtime\/(metrics\/|coordinator|create-run|transitions|finish-task|retry|redo|watch|task-queue|journal|run-record|driver)|run\/(past-runs\/|event-log))/
const targetShare = 0.03
const sampleUs = 100

/**
 * What share of the CPU of a word count goes into tracking, journal and figures together, by the samples of V8's profiler: of each call of such code, all that it
 * calls. One thread, so that one profile has it all; serial mode, so that there is a journal; with events and a record.
 */
export async function overheadBench({ mb, rounds }: BenchOptions): Promise<void> {
  const input = zipfText(mb)
  const shares: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const share = await shareOfRun(input)
    // The first one is compiled meanwhile.
    if (round > 0) shares.push(share)
    console.error(`round ${round}: ${percent(share)}`)
  }
  const middle = median(shares)
  appendResult('Overhead of tracking, journal and figures', `npm run bench -- overhead --mb ${mb} --rounds ${rounds}`, [
    '| what | share of CPU | target | runs |',
    '|---|---:|---:|---:|',
    `| word count, serial, one thread, with events and a record | ${percent(middle)} | ${percent(targetShare)} | ${rounds} |`,
    '',
    `Medians of profiler samples${middle > targetShare ? '; the target is missed' : ''}.`,
  ])
}

async function shareOfRun(input: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-overhead-'))
  const session = new Session()
  session.connect()
  try {
    const params = new Map([['input', { text: input }]])
    const program = await loadProgram(join(import.meta.dirname, 'word-count/tier-a.flow'), params)
    const options = { mode: 'serial', backend: 'inline', cwd: folder, recorded: true, events: join(folder, 'events') } as const
    const prepared = await prepareRun(program, options)
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: sampleUs })
    await session.post('Profiler.start')
    const done = await execute(prepared, options)
    const { profile } = await session.post('Profiler.stop')
    done.close()
    return shareIn(profile)
  } finally {
    session.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** CPU of bookkeeping calls and of what they call, in proportion to all of it. */
function shareIn({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): number {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)))
  const counts = new Map<number, boolean>()
  const isCounted = (id: number): boolean => {
    const known = counts.get(id)
    if (known !== undefined) return known
    const parent = parents.get(id)
    const url = byId.get(id)?.callFrame.url ?? ''
    const counted = bookkeeping.test(url) || (parent !== undefined && !isWork(url) && isCounted(parent))
    counts.set(id, counted)
    return counted
  }
  let all = 0
  let counted = 0
  for (const [i, id] of samples.entries()) {
    if (waiting.has(byId.get(id)?.callFrame.functionName ?? '')) continue
    all += timeDeltas[i]
    if (isCounted(id)) counted += timeDeltas[i]
  }
  return counted / all
}

/** The profiler samples time: who waits for the disk, or for anything, uses no CPU. */
const waiting: ReadonlySet<string> = new Set(['(idle)', 'fsync'])

/** The driver starts tasks: what those do is no bookkeeping. */
const isWork = (url: string): boolean => /\/src\//.test(url) && !/\/src\/base\//.test(url)

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
