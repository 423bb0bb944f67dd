import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunOptions } from '../../src/run/options.ts'

const workerFile = new URL('../../dist/worker.js', import.meta.url)

/** Workers run the bundle, since the sources themselves take half a second to start. */
export const onThreads: RunOptions = { backend: 'threads', workers: 2, workerUrl: workerFile }
export const inProcesses: RunOptions = {
  backend: 'threads',
  isolation: 'process',
  workers: 2,
  workerUrl: new URL('../../dist/worker-process.js', import.meta.url),
}

let built: boolean | undefined

/** Is there a bundle of these sources? `npm test` makes it; without one only CI insists. */
export function hasWorkers(): boolean {
  built ??= process.env.CI !== undefined || (existsSync(workerFile) && statSync(workerFile).mtimeMs > newestSource())
  return built
}

function newestSource(): number {
  const folder = fileURLToPath(new URL('../../src', import.meta.url))
  return Math.max(...readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, String(name))).mtimeMs))
}
