import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { sinkError, usageError } from '../base/errors.ts'
import { loadProgram, type Program } from '../run/program.ts'
import type { Fault, SimulationReport } from '../run/simulate.ts'
import { reportError } from './report.ts'
import { type PlanFlags, paramsOf, runOptionsOf } from './shared-options.ts'
import { simulationText } from './simulation-text.ts'
import { writeOut } from './standard-output.ts'

interface SimulateFlags extends Pick<PlanFlags, 'param' | 'cwd' | 'disableRule'> {
  machines?: number
  racks?: number
  cluster?: string
  seed: number
  seeds: number
  inputSize?: ReadonlyMap<string, number>
  stageOutput?: ReadonlyMap<number, number>
  kill?: readonly Fault[]
  crash?: readonly Fault[]
  badMessages: number
  backup: boolean
  locality: boolean
  svg?: string
  format: 'text' | 'json'
}

/** `millrace simulate FILE`: nothing is read but samples of inputs that are there, and nothing is written but the picture. */
export async function simulateCommand(file: string, flags: SimulateFlags): Promise<void> {
  let program: Program | undefined
  try {
    const { simulateProgram } = await import('../run/simulate.ts')
    const { readClusterFile } = await import('../run/cluster-file.ts')
    const given = flags.cluster === undefined ? {} : readClusterFile(flags.cluster)
    const cluster = flags.racks === undefined ? given : { ...given, racks: flags.racks }
    const machines = flags.machines ?? given.machines ?? usualMachines
    if ((cluster.racks ?? 1) > machines)
      throw usageError('USAGE_ARGUMENT', `there are ${cluster.racks} racks and only ${machines} machines`)
    const faults = [...(flags.kill ?? []), ...(flags.crash ?? [])]
    const tooMany = faults.find(({ count }) => count > machines)
    if (tooMany !== undefined)
      throw usageError('USAGE_ARGUMENT', `--${tooMany.fault} strikes ${tooMany.count}, and there are only ${machines} machines`)
    const { cwd, disabledRules } = runOptionsOf({ ...flags, backend: 'auto', mode: 'auto' })
    program = await loadProgram(file, paramsOf(flags))
    const { report, error } = await simulateProgram(program, {
      cwd,
      disabledRules,
      machines,
      cluster,
      seeds: Array.from({ length: flags.seeds }, (_, i) => flags.seed + i),
      sizes: flags.inputSize ?? new Map(),
      stageOutputs: flags.stageOutput ?? new Map(),
      faults,
      badMessages: flags.badMessages,
      backups: flags.backup,
      locality: flags.locality,
    })
    if (flags.svg !== undefined) await writePicture(flags.svg, report)
    const named = { ...report, program: basename(report.program) }
    await writeOut([flags.format === 'json' ? `${JSON.stringify(named)}\n` : simulationText(named)])
    if (error !== undefined) throw error
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources })
  }
}

const usualMachines = 100

/** The picture of the first run. */
async function writePicture(path: string, report: SimulationReport): Promise<void> {
  const { ratesSvg } = await import('../run/rates-svg.ts')
  try {
    writeFileSync(path, ratesSvg({ ...report, program: basename(report.program) }, report.runs[0]))
  } catch (cause) {
    throw sinkError('SINK_UNWRITABLE', `cannot write the picture '${path}': ${(cause as Error).message}`, { cause })
  }
}
