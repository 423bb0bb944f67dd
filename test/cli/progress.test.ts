import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { progressLines as coloredLines, type ProgressFrame } from '../../src/cli/progress-lines.ts'
import { follow, newProgress, type ProgressState, type RunNotice } from '../../src/cli/progress-state.ts'
import { sumPlan } from '../runtime/plans.ts'
import { launcher, project, shell } from './cli.ts'

const frame = { nowMs: 2500, memoryBytes: 81e6, inputBytes: 2e6, columns: 80, rows: 24 }
const name = (stage: number, task: number) => ({ stage, task, attempt: 1, worker: 0 })
const figures = { durationMs: 10, bytesOut: 0, cpuMs: 9, creditWaitMs: 0, spilledBytes: 0 }

function stateAfter(notices: readonly RunNotice[]): ProgressState {
  const state = newProgress({ planned: { physical: sumPlan('pipelined', { tasks: 4, partitions: 2 }) } as never })
  for (const notice of notices) follow(state, notice)
  return state
}

const half: readonly RunNotice[] = [
  { atMs: 20, event: 'workerStarted', worker: 0 },
  { atMs: 21, event: 'workerStarted', worker: 1 },
  ...[0, 1, 2].map((task): RunNotice => ({ atMs: 500, event: 'taskStarted', isBackup: false, ...name(0, task) })),
  { atMs: 1500, event: 'progress', stage: 0, done: 0, running: 3, rows: 1_500_000, bytes: 1e6 },
  { atMs: 1600, event: 'spill', stage: 0, task: 0, node: 1, bytes: 3e6, files: 2 },
  { atMs: 1600, event: 'taskEnded', ...name(0, 0), ...figures, rows: 600_000 },
  { atMs: 1700, event: 'taskFailed', ...name(0, 1), code: 'RUN_WORKER_LOST' },
  { atMs: 1700, event: 'retry', afterMs: 50, stage: 0, task: 1 },
]

/** Continuous integration may be taken for a place with colours. */
const progressLines = (state: ProgressState, of: ProgressFrame): string[] =>
  coloredLines(state, of).map((line) => stripVTControlCharacters(line))

it('shows a line a stage and one about the run', () => {
  expect(progressLines(stateAfter(half), frame)).toEqual([
    'stage 0 read                       ━━━━━─────────────── 1/4  1.5M rows, 750k/s',
    'stage 1 aggregate                  ──────────────────── 0/2',
    'stage 2 result                     ──────────────────── 0/1',
    '2.5 s · 1.0 MB of 2.0 MB read · 2 workers · 3.0 MB spilled · 1 retry · 81 MB o…',
  ])
})

it.each([10, 24, 40, 59, 60, 100])('fits into %i columns', (columns) => {
  for (const line of progressLines(stateAfter(half), { ...frame, columns })) expect(line.length).toBeLessThan(columns)
})

it('shows the stages that run where there is no room for all', () => {
  const state = stateAfter([
    ...half,
    { atMs: 1800, event: 'stageEnded', stage: 0, rows: 2, cpuMs: 1, creditWaitMs: 0, spilledBytes: 0 },
  ])
  follow(state, { atMs: 1900, event: 'taskStarted', isBackup: false, ...name(2, 0) })
  const lines = progressLines(state, { ...frame, rows: 4 })
  expect(lines.map((line) => line.slice(0, 12).trimEnd())).toEqual(['stage 2 resu', 'and 2 more s', '2.5 s · 1.0'])
})

const files = {
  'in.csv': `n\n${Array.from({ length: 1000 }, (_, i) => i).join('\n')}\n`,
  'wait.ts': `export function wait(n: number): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  return n
}`,
  'slow.flow':
    "import { wait(int64) returns int64 } from './wait.ts'\nfrom csv('in.csv') |> select wait(n) as n |> aggregate count(*) as n",
}
/** Makes a terminal; part of most Linux systems. */
const terminals = '/usr/bin/script'

/** Runs a command on a terminal of its own, which only has the block. */
function onTerminal(cwd: string, command: string, env: NodeJS.ProcessEnv = {}): { status: number | null; screen: string } {
  const line = `stty cols 80 rows 24; ${process.execPath} ${launcher} ${command} > out.txt`
  const { status, stdout } = spawnSync(terminals, ['-qec', line, join(cwd, 'screen')], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm', ...env },
  })
  return { status, screen: stdout }
}

const hasTerminals = existsSync(terminals)

it.runIf(hasTerminals)('draws on a terminal, and leaves nothing there but the summary', () => {
  const { status, screen } = onTerminal(project(files), 'run slow.flow --workers 1', { NO_COLOR: '1' })
  expect(status).toBe(0)
  expect(screen).toContain('stage 0 read, compute')
  const afterLastErase = screen.slice(screen.lastIndexOf('\x1b[J') + 3)
  expect(afterLastErase).toMatch(/^[^\n]* → 1 row in [^\n]*\n$/)
  // No colours.
  expect(screen).not.toMatch(/\x1b\[\d+m/)
})

it.runIf(hasTerminals)('leaves a clean terminal after Ctrl-C', () => {
  const { screen } = onTerminal(project(files), `run slow.flow --workers 1 & sleep 1.2; kill -INT $!; wait`)
  expect(screen).toContain('stage 0 read, compute')
  expect(screen.slice(screen.lastIndexOf('\x1b[J') + 3)).not.toContain('stage')
})

it('draws nothing where standard error is no terminal', async () => {
  const { stderr } = await shell('millrace run slow.flow --workers 1', { cwd: project(files) })
  expect(stderr).toMatch(/^[^\n]* → 1 row in [^\n]*\n$/)
})
