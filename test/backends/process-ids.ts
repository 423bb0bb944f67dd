import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'

/** The processes that a program has written into `calls`, one in each line. */
export function pidsIn(folder: string): number[] {
  const path = join(folder, 'calls')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return [...new Set(text.trim().split(/\s+/).filter(Boolean).map(Number))]
}

/** Does it do anything still? One that has ended is there until its parent takes notice. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const limitMs = 20_000
const pollMs = 10

/** Resolves when all of these processes have ended, which is looked at every few milliseconds. */
export async function allEnded(pids: readonly number[]): Promise<void> {
  const startMs = performance.now()
  while (pids.some(isRunning) && performance.now() - startMs < limitMs) await setTimeout(pollMs)
  expect(pids.filter(isRunning)).toEqual([])
}
