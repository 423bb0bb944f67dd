import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClusterSpec, clusterOf } from '../../src/backends/simulator/cluster-spec.ts'
import { type Fault, type SimulationOptions, type SimulationResult, simulate } from '../../src/backends/simulator/simulation.ts'
import type { PhysicalPlan } from '../../src/ir/physical.ts'
import { prepare } from '../../src/run/prepare.ts'
import { loadFlow, loadProgram } from '../../src/run/program.ts'

/** The plan of one of the programs of this folder over so many bytes of text. */
export async function planOf(
  name: string,
  sizeBytes: number,
  options: { parts?: number; disabledRules?: string[] } = {},
): Promise<PhysicalPlan> {
  const path = join(import.meta.dirname, name)
  const program =
    options.parts === undefined
      ? await loadProgram(path, new Map())
      : await loadFlow(path, withParts(path, options.parts), new Map())
  const sizes = new Map([['', sizeBytes]])
  const { disabledRules = [] } = options
  return (await prepare(program, { mode: 'hybrid', disabledRules }, { looksOnly: true, sizes })).planned.physical
}

const withParts = (path: string, parts: number): string =>
  readFileSync(path, 'utf8').replace(/parallelism = \d+/, `parallelism = ${parts}`)

export interface Trial {
  plan: PhysicalPlan
  machines: number
  /** Bytes that stages make. */
  outputs?: ReadonlyMap<number, number>
  cluster?: Partial<ClusterSpec>
  backups?: boolean
  locality?: boolean
  faults?: readonly Fault[]
  listen?: SimulationOptions['listen']
}

export function run(
  seed: number,
  { plan, machines, outputs = new Map(), cluster, backups = true, locality = true, faults = [], listen }: Trial,
): SimulationResult {
  return simulate(plan, {
    cluster: clusterOf(machines, cluster),
    seed,
    backups,
    locality,
    outputs,
    faults,
    badMessages: 0,
    listen,
  })
}

/** What grep finds, 92,337 lines. */
export const grepOutputs: ReadonlyMap<number, number> = new Map([[0, 9.2e6]])
