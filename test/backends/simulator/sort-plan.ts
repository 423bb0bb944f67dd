import { join } from 'node:path'
import { clusterOf, type defaultCluster } from '../../../src/backends/simulator/cluster-spec.ts'
import { type SimulationOptions, type SimulationResult, simulate } from '../../../src/backends/simulator/simulation.ts'
import type { PhysicalPlan } from '../../../src/ir/physical.ts'
import { prepare } from '../../../src/run/prepare.ts'
import { loadFlow } from '../../../src/run/program.ts'

/** The plan of a text over a file of this size, with every exchange stored. */
export async function planOf(
  text: string,
  sizeBytes: number | ReadonlyMap<string, number>,
  { disabledRules = [], mode = 'hybrid' }: { disabledRules?: readonly string[]; mode?: 'serial' | 'hybrid' } = {},
): Promise<PhysicalPlan> {
  const program = await loadFlow(join(process.cwd(), '<test>'), text, new Map())
  const sizes = typeof sizeBytes === 'number' ? new Map([['', sizeBytes]]) : sizeBytes
  return (await prepare(program, { mode, disabledRules }, { looksOnly: true, sizes })).planned.physical
}

/** All bytes are moved once. */
export const sortText = (parts: number): string => `set parallelism = ${parts}
from text('lines.txt') |> order by line |> write text('sorted/')`

export const sortPlan = (sizeBytes: number, parts: number): Promise<PhysicalPlan> => planOf(sortText(parts), sizeBytes)

export type TrialOptions = Partial<Omit<SimulationOptions, 'cluster'>> & {
  machines?: number
  cluster?: Partial<typeof defaultCluster>
}

/** Runs a plan on a cluster of the usual kind; without slow machines, unless they are asked for. */
export function trial(plan: PhysicalPlan, { machines = 20, cluster = {}, ...options }: TrialOptions = {}): SimulationResult {
  return simulate(plan, {
    cluster: clusterOf(machines, { slowShare: 0, startUpSeconds: 1, ...cluster }),
    seed: 1,
    backups: true,
    locality: true,
    outputs: new Map(),
    faults: [],
    badMessages: 0,
    ...options,
  })
}
