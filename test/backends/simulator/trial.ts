import { crc32 } from 'node:zlib'
import { type FaultKind, type FaultRates, Faults } from '../../../src/backends/simulator/rows/faults.ts'
import { rowSimulator } from '../../../src/backends/simulator/rows/index.ts'
import { VirtualTime } from '../../../src/backends/simulator/rows/virtual-time.ts'
import { MillraceError } from '../../../src/base/errors.ts'
import type { Host } from '../../../src/base/host.ts'
import { SeededRandom } from '../../../src/base/seeded-random.ts'
import { execute } from '../../../src/run/execute.ts'
import type { RunOptions } from '../../../src/run/options.ts'
import { prepareRun } from '../../../src/run/prepare-run.ts'
import { loadFlow } from '../../../src/run/program.ts'
import type { MemoryDisk } from '../../../src/testing/memory-disk.ts'
import { cwd, diskWith, forgetProcesses, outputsOn, runVirtual, virtualHost } from '../../crash/virtual-machine.ts'

const inputs: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 5 }, (_, file) => {
    const rows = Array.from({ length: 60 }, (_, row) => `${(file * 7 + row * row) % 23},${file * 60 + row},wört ${row % 9}\n`)
    return [`in/${file}.csv`, `k,n,t\n${rows.join('')}`]
  }),
)

/** Programs that between them use every way in which rows go from task to task. */
const programs = [
  `from csv('in/*.csv') |> aggregate count(*) as c, sum(n) as s group by k |> order by k |> write csv('sums.csv')`,
  `let rows = from csv('in/*.csv')
   let sums = from rows |> aggregate sum(n) as s group by k
   from rows |> join sums on rows.k = sums.k |> select rows.n, sums.s |> order by n |> write csv('joined.csv')
   from rows |> where mod(n, 3) = 0 |> write jsonl('thirds')`,
  `let rows = from csv('in/*.csv')
   from rows |> aggregate count(*) as c, max(n) as m group by t |> order by c desc, t |> limit 4
   from rows |> aggregate count(*) as c group by mod(n, 2) as odd |> order by odd |> write csv('odd.csv')`,
  `from csv('in/*.csv') |> extend length(t) as l |> order by l desc, n |> write csv('sorted')`,
  // The planner thinks that each unnest makes eight rows of one: so this is sorted by ranges.
  `from csv('in/*.csv')
   |> join unnest([1]) as a |> join unnest([1]) as b |> join unnest([1]) as c |> join unnest([1]) as d
   |> order by k, t desc |> select k, n, t |> write csv('ranges')`,
] as const

const expected = new Map<string, { outputs: Record<string, string>; rows: readonly string[] }>()

async function undisturbed(text: string) {
  const known = expected.get(text)
  if (known !== undefined) return known
  const disk = diskWith(inputs)
  const rows = await runVirtual(text, virtualHost(disk, 1), {})
  const made = { rows, outputs: visible(outputsOn(disk, inputs)) }
  expected.set(text, made)
  return made
}

const visible = (found: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(found).filter(([name]) => !isHidden(name)))

const rates: Required<FaultRates> = {
  workerDies: { chance: 0.3, atMost: 2 },
  workerHangs: { chance: 0.1, atMost: 1 },
  workerIsSlow: { chance: 0.15, atMost: 1 },
  coordinatorDies: { chance: 0.3, atMost: 1 },
  messageLost: { chance: 0.004, atMost: 2 },
  messageTwice: { chance: 0.03, atMost: 20 },
  messageLate: { chance: 0.03, atMost: 20 },
  linkDown: { chance: 0.003, atMost: 1 },
  clockJumps: { chance: 0.2, atMost: 1 },
  fileLost: { chance: 0.02, atMost: 1 },
  bitFlips: { chance: 0.01, atMost: 1 },
  diskError: { chance: 0.01, atMost: 1 },
}
const livesWithFaults = 4

/** What failed runs may end with when the cluster is as bad as this; they have to end well when they are begun again. */
const excused: ReadonlySet<string> = new Set(['RUN_WORKER_LOST', 'RUN_BATCH_LOST', 'RESOURCE_DISK_FAILED', 'DATA_CORRUPT'])

export interface Trial {
  hits: Record<FaultKind, number>
  /** Over everything that happened, with its time. */
  logHash: number
  log: readonly string[]
  lives: number
  retries: number
  backups: number
  remade: number
}

/** Runs one program with the faults of one seed, again and again until it has ended well, and throws where its results are not the right ones. */
export async function trial(seed: number): Promise<Trial> {
  const text = programs[Math.abs(seed) % programs.length]
  const seeded = new SeededRandom(seed)
  const random = (): number => seeded.next()
  const mode = (['serial', 'hybrid', 'pipelined'] as const)[Math.floor(3 * random())]
  const { rows: expectedRows, outputs: expectedOutputs } = await undisturbed(text)
  const log: string[] = []
  const faults = new Faults(seed, rates)
  const calm = new Faults(seed, {})
  const total = { retries: 0, backups: 0, remade: 0 }
  let disk = diskWith(inputs)
  for (let life = 0; ; life++) {
    const ended = await live({ text, mode, life, seed, disk, faults: life < livesWithFaults ? faults : calm, log })
    if ('rows' in ended) {
      for (const name of ['retries', 'backups', 'remade'] as const) total[name] += ended.counts[name]
      // Each of its own outputs is checked with the rest.
      if (ended.rows !== undefined) equal(ended.rows, expectedRows, seed, 'rows')
      equal(visible(outputsOn(disk, inputs)), expectedOutputs, seed, 'outputs')
      const { hits } = faults
      return { hits, logHash: crc32(log.join('\n')), log, lives: life + 1, ...total }
    }
    const isPowerCut = ended.crashed && random() < 0.5
    log.push(`life ${life} ends: ${ended.why}${isPowerCut ? ', the power is cut' : ''}`)
    if (life > livesWithFaults) throw new Error(`seed ${seed}: the run does not end: ${ended.why}`)
    if (isPowerCut) disk = disk.afterPowerCut(random)
    if (ended.crashed) disk = forgetProcesses(disk)
    for (const [name, found] of Object.entries(visible(outputsOn(disk, inputs))))
      equal(found, expectedOutputs[name] ?? found, seed, `${name} before the end`)
  }
}

type Counts = { retries: number; backups: number; remade: number }
type Ended = { rows: readonly string[] | undefined; counts: Counts } | { crashed: boolean; why: string }

async function live(options: {
  text: string
  mode: 'serial' | 'hybrid' | 'pipelined'
  life: number
  seed: number
  disk: MemoryDisk
  faults: Faults
  log: string[]
}): Promise<Ended> {
  const { text, mode, life, seed, disk, faults, log } = options
  const time = new VirtualTime(Date.UTC(2026, 0, 1 + life))
  let dead = false
  const note = (what: string): void => void log.push(`${time.nowMs().toFixed(3)} ${what}`)
  const random = new SeededRandom(seed * 100 + life)
  const host: Host = { clock: time, random: { uint32: () => random.below(2 ** 32) }, disk }
  const virtual = { time, faults, isAlive: () => !dead, note }
  const run: RunOptions = {
    backend: 'threads',
    workers: 3,
    cwd,
    memoryBytes: 16e6,
    mode,
    resume: mode !== 'pipelined' && life > 0,
  }
  const { promise: isPrepared, resolve: prepare } = Promise.withResolvers<void>()
  const started = (async (): Promise<Ended> => {
    try {
      const prepared = await prepareRun(await loadFlow(`${cwd}/program.flow`, text, new Map()), run, host)
      prepare()
      const done = await execute({ ...prepared, backend: rowSimulator(virtual) }, run)
      const rows = await Promise.all(done.outputs.map(async (output) => JSON.stringify(await output.toArray())))
      const { retries, backups, remadeTasks: remade } = done.metrics
      done.close()
      return { rows, counts: { retries, backups, remade } }
    } catch (thrown) {
      if (!(thrown instanceof MillraceError)) throw thrown
      // It had committed everything, and could not say so any more.
      if (thrown.code === 'SINK_EXISTS' && life > 0) return { rows: undefined, counts: { retries: 0, backups: 0, remade: 0 } }
      if (!excused.has(thrown.code)) throw new Error(`seed ${seed}: ${thrown.code} ${thrown.message}`, { cause: thrown })
      return { crashed: false, why: `${thrown.code} ${thrown.message}` }
    }
  })()
  // Loading and planning wait for the real world; from here on all is virtual.
  await Promise.race([isPrepared, started])
  if (faults.strikes('coordinatorDies')) time.after(faults.between(0, 900), () => (dead = true))
  if (faults.strikes('clockJumps'))
    time.after(faults.between(0, 400), () => (time.wallSkewMs = faults.between(-5, 5) * 3600 * 1000))
  await time.runUntil(started, () => dead)
  if (!dead) return started
  started.catch(() => {})
  return { crashed: true, why: 'the coordinator died' }
}

function equal(found: unknown, wanted: unknown, seed: number, what: string): void {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return
  throw new Error(`seed ${seed}: wrong ${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
}

/** Does a file belong to a run and not to the user? */
const isHidden = (name: string): boolean => /(^|\/)\./.test(name)
