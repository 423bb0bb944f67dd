import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { thrownMessage } from '../../base/errors.ts'
import { killSession } from '../../runtime/process-life.ts'
import { inheritedFlags } from './inherited-flags.ts'
import { LastWords } from './last-words.ts'
import type { WorkerBoot } from './worker.ts'

/** A worker process. */
export interface WorkerProcess {
  /** Why it ended, when it has. */
  readonly ended: Promise<string>
  /** Ends it, and whatever it has started, at once. */
  kill(): void
}

/** One that this process has started. */
interface Child extends WorkerProcess {
  /** Resolves when it listens, and never when it ends before. */
  readonly listening: Promise<unknown>
}

/** How long what an ended process has said may take to arrive. */
const arrivalMs = 200

/**
 * Starts a worker process. It gets a session of its own: Ctrl-C in a terminal goes to a whole process group, and to end workers is up to their
 * coordinator. What they print is printed here: a worker that outlives its coordinator must not hold on to its terminal or pipes.
 */
export function startChild(entry: URL, boot: WorkerBoot): Child {
  try {
    const child = spawn(process.execPath, [...inheritedFlags(process.execArgv), fileURLToPath(entry)], {
      detached: true,
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    return child.pid === undefined ? notStarted(once(child, 'error').then(([error]) => error)) : follow(child, child.pid, boot)
  } catch (thrown) {
    return notStarted(Promise.resolve(thrown))
  }
}

function notStarted(error: Promise<unknown>): Child {
  return { listening: new Promise(() => {}), ended: error.then(thrownMessage), kill() {} }
}

function follow(child: ChildProcess, pid: number, boot: WorkerBoot): Child {
  const [stdin, stdout, stderr, ready] = child.stdio as unknown as [Writable, Readable, Readable, Readable]
  const words = new LastWords()
  stdout.on('data', (piece: Buffer) => process.stdout.write(piece))
  stderr.on('data', (piece: Buffer) => {
    const shown = words.shownOf(piece)
    if (shown.length > 0) process.stderr.write(shown)
  })
  // Of a process that ends before it has read what to do, the end itself is told.
  for (const stream of [stdin, ready]) stream.on('error', () => {})
  // Not in its arguments, which every user of the machine can see.
  stdin.end(JSON.stringify(boot))
  const silent = once(child, 'close')
  return {
    listening: new Promise((resolve) => ready.once('data', resolve)),
    ended: once(child, 'exit').then(async ([code, signal]) => {
      // What it has started itself may keep its pipes open.
      await Promise.race([silent, setTimeout(arrivalMs)])
      return endOf(code, signal, words.reason)
    }),
    kill() {
      if (child.exitCode === null && child.signalCode === null) killSession(pid)
    },
  }
}

function endOf(code: number | null, signal: NodeJS.Signals | null, reason: string | undefined): string {
  if (signal === 'SIGKILL') return 'its process was killed by SIGKILL, as the system does when memory runs out'
  const end = signal === null ? `exit code ${code}` : `its process was killed by ${signal}`
  return reason === undefined ? end : `${end}: ${reason}`
}
