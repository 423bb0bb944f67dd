import { explainProgram } from '../run/explain.ts'
import { prepare } from '../run/prepare.ts'
import { loadProgram, type Program } from '../run/program.ts'
import { reportError } from './report.ts'
import { type PlanFlags, paramsOf, runOptionsOf } from './shared-options.ts'
import { writeOut } from './standard-output.ts'

type ExplainFlags = PlanFlags & { format: 'text' | 'json'; costs: 'on' | 'off'; incremental?: boolean }

/** `millrace explain FILE`. */
export async function explainCommand(file: string, flags: ExplainFlags): Promise<void> {
  let program: Program | undefined
  try {
    program = await loadProgram(file, paramsOf(flags))
    const prepared = await prepare(program, { ...runOptionsOf(flags), incremental: flags.incremental })
    await writeOut([explainProgram(prepared, { format: flags.format, costs: flags.costs === 'on' })])
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources })
  }
}
