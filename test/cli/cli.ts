import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const launcher = fileURLToPath(new URL('../../bin/millrace.cjs', import.meta.url))

/** How a command ended and what it said. */
export interface CliResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface CliOptions {
  cwd: string
  /** Text on standard input; without it that is empty. */
  input?: string | Uint8Array
  /** Arguments of Node.js itself. */
  node?: readonly string[]
  env?: Readonly<Record<string, string>>
}

/** A command that runs; `ended` resolves when it and its output have ended. */
export interface RunningCli {
  child: ChildProcess
  ended: Promise<CliResult>
  /** Resolves when `condition` holds, which is looked at every few milliseconds; fails when the command ends before. */
  until(condition: () => boolean, what: string): Promise<void>
}

/** Runs a command of the built package to its end. */
export function cli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).ended
}

/** Starts a command as the leader of a process group of its own. */
export function startCli(args: readonly string[], { cwd, input, node = [], env = {} }: CliOptions): RunningCli {
  const child = spawn(process.execPath, [...node, launcher, ...args], {
    cwd,
    env: { ...plainEnvironment(), ...env },
    detached: true,
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  const ended = endOf(child)
  return { child, ended, until: (condition, what) => until(condition, what, child, ended) }
}

/** Runs a line of bash; `millrace` in it is the command. */
export function shell(line: string, { cwd }: { cwd: string }): Promise<CliResult> {
  const script = `millrace() { '${process.execPath}' '${launcher}' "$@"; }\n${line}`
  return endOf(spawn('bash', ['-c', script], { cwd, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] }))
}

function endOf(child: ChildProcess): Promise<CliResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CliResult>()
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  child.on('error', reject)
  child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  return promise
}

/** Colours would make texts hard to compare, wherever the tests run. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NODE_OPTIONS: __, ...env } = process.env
  return { ...env, NO_COLOR: '1' }
}

/** Kills a command and all that it started, as an out-of-memory killer or a power cut would. */
export function killGroup({ child }: Pick<RunningCli, 'child'>): void {
  try {
    process.kill(-(child.pid as number), 'SIGKILL')
  } catch (error) {
    // It may have come to its end just now.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A folder with these files, removed when the test has ended. */
export function project(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-cli-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Folders of the runs of a project that go on or were interrupted. */
export function runFolders(folder: string): string[] {
  const runs = join(folder, '.millrace', 'runs')
  if (!existsSync(runs)) return []
  return readdirSync(runs, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(runs, entry.name)] : []))
}

/**
 * What no user asked for below a folder: staged parts, spilled rows, journals, and the folders they were in. Records of runs, which are to
 * stay, do not count, nor do the folders that they are in.
 */
export function leftovers(folder: string): string[] {
  const runs = join(folder, '.millrace', 'runs')
  const isRecord = (parent: string, name: string): boolean => parent === runs && name.endsWith('.json')
  const hasRecords = existsSync(runs) && readdirSync(runs).some((name) => isRecord(runs, name))
  return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(
      (entry) =>
        (entry.isFile() || (!hasRecords && (entry.name === '.millrace' || entry.name === 'runs'))) &&
        !isRecord(entry.parentPath, entry.name) &&
        (entry.name.startsWith('.') || entry.parentPath.includes('.millrace') || /\.(part|blocks|probe)$/.test(entry.name)),
    )
    .map((entry) => join(entry.parentPath, entry.name))
}

const limitMs = 30_000
const pollMs = 2

async function until(condition: () => boolean, what: string, child: ChildProcess, ended: Promise<CliResult>): Promise<void> {
  for (const startMs = performance.now(); !condition(); await setTimeout(pollMs)) {
    const isOver = child.exitCode !== null || child.signalCode !== null
    if (!isOver && performance.now() - startMs < limitMs) continue
    killGroup({ child })
    throw new Error(`${what} did not happen; ${JSON.stringify(await ended)}`)
  }
}
