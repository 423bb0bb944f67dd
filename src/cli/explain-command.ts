import { explainProgram } from '../run/explain.ts'
import { prepare } from '../run/prepare.ts'
import type { Program } from '../run/program.ts'
import { type GivenProgram, givenProgram } from './given-program.ts'
import { reportError } from './report.ts'
import { type PlanFlags, runOptionsOf } from './shared-options.ts'
import { writeOut } from './standard-output.ts'

type ExplainFlags = PlanFlags & { format: 'text' | 'json'; costs: 'on' | 'off'; incremental?: boolean; expression?: string }

/** `millrace explain FILE`: nothing is run or written, so that outputs may exist. */
export async function explainCommand(file: string | undefined, flags: ExplainFlags): Promise<void> {
  let given: GivenProgram | undefined
  let program: Program | undefined
  try {
    given = givenProgram(file, flags)
    program = await given.load()
    const prepared = await prepare(program, { ...runOptionsOf(flags), incremental: flags.incremental }, { looksOnly: true })
    await writeOut([explainProgram(prepared, { format: flags.format, costs: flags.costs === 'on' })])
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources ?? given?.sources })
  }
}
