import { execute } from '../run/execute.ts'
import { explainProgram } from '../run/explain.ts'
import type { RunOptions } from '../run/options.ts'
import { prepare } from '../run/prepare.ts'
import { prepareRun } from '../run/prepare-run.ts'
import type { Program } from '../run/program.ts'
import { type GivenProgram, givenProgram } from './given-program.ts'
import { startProgress } from './progress.ts'
import { reportError } from './report.ts'
import { type PlanFlags, runOptionsOf } from './shared-options.ts'
import { abortOnSignals } from './signals.ts'
import { writeOut } from './standard-output.ts'

type ExplainFlags = PlanFlags & {
  format: 'text' | 'json'
  costs: 'on' | 'off'
  incremental?: boolean
  analyze?: boolean
  expression?: string
}

/** `millrace explain FILE`: nothing is written, and nothing is run without `--analyze`, so that outputs may exist. */
export async function explainCommand(file: string | undefined, flags: ExplainFlags): Promise<void> {
  let given: GivenProgram | undefined
  let program: Program | undefined
  try {
    given = givenProgram(file, flags)
    program = await given.load()
    const options = { ...runOptionsOf(flags), incremental: flags.incremental }
    const shown = { format: flags.format, costs: flags.costs === 'on' }
    const text = flags.analyze === true ? await analysed(program, options, shown) : await planned(program, options, shown)
    await writeOut([text])
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources ?? given?.sources })
  }
}

type Shown = Parameters<typeof explainProgram>[1]

async function planned(program: Program, options: RunOptions, shown: Shown): Promise<string> {
  return explainProgram(await prepare(program, options, { looksOnly: true }), shown)
}

/** Runs the program as `run` would, but for its results and files, which nobody is shown. */
async function analysed(program: Program, given: RunOptions, shown: Shown): Promise<string> {
  const options = { ...given, resumable: false, keepsNothing: true }
  const prepared = await prepareRun(program, options)
  const signal = abortOnSignals({ mayBlock: prepared.mayBlock })
  const progress = startProgress(prepared)
  const { metrics, close } = await execute(prepared, { ...options, signal, onNotice: progress?.notice }).finally(() =>
    progress?.end(),
  )
  close()
  return explainProgram(prepared, { ...shown, metrics })
}
