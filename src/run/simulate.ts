import { type ClusterSpec, clusterOf } from '../backends/simulator/cluster-spec.ts'
import { type Fault, type SimulationResult, simulate } from '../backends/simulator/simulation.ts'
import type { MillraceError } from '../base/errors.ts'
import type { InputSizes } from './input-sizes.ts'
import type { RunOptions } from './options.ts'
import { prepare } from './prepare.ts'
import type { Program } from './program.ts'

export type { Fault } from '../backends/simulator/simulation.ts'

/** What a program is simulated on, and what goes wrong. */
export interface SimulateOptions extends Pick<RunOptions, 'cwd' | 'disabledRules'> {
  machines: number
  /** What differs from a cluster of the usual kind. */
  cluster: Partial<ClusterSpec>
  /** Seeds of the runs: one run each. */
  seeds: readonly number[]
  sizes: InputSizes
  /** Bytes that stages make, by stage. */
  stageOutputs: ReadonlyMap<number, number>
  faults: readonly Fault[]
  badMessages: number
  backups: boolean
  locality: boolean
}

/** Times of a stage, in seconds of the run; null: that never happened. */
interface StageReport {
  stage: number
  operators: string
  tasks: number
  start: number | null
  firstDone: number | null
  received: number | null
  allButFiveDone: number | null
  done: number | null
}

/** One simulated run, plain data. Bytes, and bytes a second. */
export interface SimulatedRun {
  seed: number
  eventLog: string
  error: { code: string; message: string } | null
  totalSeconds: number
  stages: readonly StageReport[]
  reads: { local: number; rack: number; remote: number; localShare: number | null }
  bytes: { shuffled: number; written: number; rootSwitch: number }
  peaks: { input: number; shuffle: number; output: number; rootSwitch: number }
  utilisation: number
  tasks: { started: number; retries: number; backups: number; backupsWon: number; remade: number }
  messages: { sent: number; bad: number }
  /** Each second's. */
  rates: { input: readonly number[]; shuffle: readonly number[]; output: readonly number[] }
}

/** The runs of one program on one cluster. */
export interface SimulationReport {
  version: 1
  program: string
  cluster: ClusterSpec
  runs: readonly SimulatedRun[]
}

/** A report, and the error of the first run that failed. */
export interface Simulated {
  report: SimulationReport
  error: MillraceError | undefined
}

/** Plans a program for real, stage by stage, and runs the plan on an imagined cluster, once for each seed. */
export async function simulateProgram(program: Program, options: SimulateOptions): Promise<Simulated> {
  const { cwd, disabledRules, sizes, seeds } = options
  const { planned } = await prepare(program, { mode: 'hybrid', cwd, disabledRules }, { looksOnly: true, sizes })
  const cluster = clusterOf(options.machines, options.cluster)
  const { faults, backups, locality, badMessages, stageOutputs } = options
  const results = seeds.map((seed) =>
    simulate(planned.physical, { cluster, seed, backups, locality, outputs: stageOutputs, faults, badMessages }),
  )
  return {
    report: { version: 1, program: program.name, cluster, runs: results.map((result, i) => reportOf(result, seeds[i])) },
    error: results.find(({ error }) => error !== undefined)?.error,
  }
}

function reportOf(result: SimulationResult, seed: number): SimulatedRun {
  const { totalMs, reads, counts, rates, coordinator, error } = result
  const read = reads.local + reads.rack + reads.remote
  const [input, shuffle, output, rootSwitch] = (['input', 'shuffle', 'output', 'root'] as const).map((name) =>
    rates.perSecond(name, totalMs).map(Math.round),
  )
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)
  const { retries, backups, backupsWon, remade } = counts
  return {
    seed,
    eventLog: result.hash,
    error: error === undefined ? null : { code: error.code, message: error.message },
    totalSeconds: secondsOf(totalMs) as number,
    stages: result.stages.map((marks) => ({
      stage: marks.stage.id,
      operators: marks.stage.nodes.map(({ operator }) => operator).join(' → '),
      tasks: marks.stage.tasks,
      start: secondsOf(marks.startMs),
      firstDone: secondsOf(marks.firstDoneMs),
      received: secondsOf(marks.receivedMs),
      allButFiveDone: secondsOf(marks.allBut(5)),
      done: secondsOf(marks.doneMs),
    })),
    reads: { ...reads, localShare: read === 0 ? null : reads.local / read },
    bytes: { shuffled: result.shuffledBytes, written: result.writtenBytes, rootSwitch: result.rootBytes },
    peaks: { input: most(input), shuffle: most(shuffle), output: most(output), rootSwitch: most(rootSwitch) },
    utilisation: result.utilisation,
    tasks: { started: coordinator.tasks, retries, backups, backupsWon, remade },
    messages: result.messages,
    rates: { input, shuffle, output },
  }
}

const secondsOf = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms) / 1000)
