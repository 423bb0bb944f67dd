import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Host } from '../../src/base/host.ts'
import { nodeHost } from '../../src/base/node-host.ts'
import { SeededRandom } from '../../src/base/seeded-random.ts'
import { execute } from '../../src/run/execute.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { prepareRun } from '../../src/run/prepare-run.ts'
import { loadFlow } from '../../src/run/program.ts'
import type { RunMetrics } from '../../src/runtime/metrics.ts'
import { MemoryDisk } from '../../src/testing/memory-disk.ts'

/** A working directory that exists on virtual disks only. */
export const cwd = '/virtual/project'

/** Numbers from 0 up to 1. */
export function randomFrom(seed: number): () => number {
  const random = new SeededRandom(seed)
  return () => random.next()
}

const startMs = Date.UTC(2026, 0, 1)
const dayMs = 24 * 3600 * 1000

/** A host over a disk in memory, all of whose numbers come from the seed. */
export function virtualHost(disk: MemoryDisk, seed: number, { day = 0 } = {}): Host {
  const random = randomFrom(seed)
  const { clock } = nodeHost()
  return {
    clock: {
      ...clock,
      wallTimeUs: () => (startMs + day * dayMs) * 1000 + Math.round(clock.nowMs() * 1000),
    },
    random: { uint32: () => Math.floor(random() * 2 ** 32) },
    disk,
  }
}

/** A disk with these files in the working directory. */
export function diskWith(files: Readonly<Record<string, string>>): MemoryDisk {
  const disk = new MemoryDisk(() => startMs)
  for (const [name, text] of Object.entries(files)) disk.put(`${cwd}/${name}`, new TextEncoder().encode(text))
  return disk
}

/** Runs a program as a command would, and returns its rows as texts. */
export async function runVirtual(text: string, host: Host, options: RunOptions): Promise<readonly string[]> {
  return (await runMeasured(text, host, options)).rows
}

export async function runMeasured(
  text: string,
  host: Host,
  options: RunOptions,
): Promise<{ rows: readonly string[]; metrics: RunMetrics }> {
  const program = await loadFlow(`${cwd}/program.flow`, text, new Map())
  const all: RunOptions = { backend: 'inline', cwd, memoryBytes: 16e6, ...options }
  const done = await execute(await prepareRun(program, all, host), all)
  try {
    const rows = await Promise.all(done.outputs.map(async (output) => JSON.stringify(await output.toArray())))
    return { rows, metrics: done.metrics }
  } finally {
    done.close()
  }
}

/** Does a file belong to a run and not to the user? */
export const isHidden = (name: string): boolean => /(^|\/)\./.test(name)

/** Text of every file that is not an input. */
export function outputsOn(disk: MemoryDisk, inputs: Readonly<Record<string, string>>): Record<string, string> {
  const names = disk.files().map((path) => path.slice(cwd.length + 1))
  return Object.fromEntries(
    names
      .filter((name) => inputs[name] === undefined)
      .map((name) => [name, new TextDecoder().decode(disk.read(`${cwd}/${name}`))]),
  )
}

const started = readFileSync('/proc/self/stat', 'latin1').split(' ').at(21)
const ownStart = `"started":"${started}"`
const ownFolder = new RegExp(`^(.*)-${started}\\.new/`)

/** Lets the process that wrote the journals on a disk be another one than this, which is gone. */
export function forgetProcesses(disk: MemoryDisk): MemoryDisk {
  for (const path of disk.files()) {
    const [unnamed, start] = ownFolder.exec(path) ?? []
    if (unnamed !== undefined && disk.stat(unnamed) !== undefined) disk.rename(unnamed, `${start}-1.new`)
  }
  for (const path of disk.files().filter((name) => name.endsWith('/journal.jsonl'))) {
    const lines = new TextDecoder('latin1').decode(disk.read(path)).split('\n')
    const changed = lines.map((line) => {
      const text = line.slice(9)
      const bytes = Buffer.from(text, 'latin1').toString('utf8')
      if (!text.includes(ownStart) || Number.parseInt(line.slice(0, 8), 16) !== crc32(bytes)) return line
      const other = bytes.replaceAll(ownStart, '"started":"earlier"')
      return `${crc32(other).toString(16).padStart(8, '0')} ${Buffer.from(other).toString('latin1')}`
    })
    disk.put(path, Buffer.from(changed.join('\n'), 'latin1'))
  }
  return disk
}
