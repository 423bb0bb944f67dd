import { execute } from '../run/execute.ts'
import { prepareRun } from '../run/prepare-run.ts'
import type { Program } from '../run/program.ts'
import { readTablesFile } from '../run/tables-file.ts'
import { type GivenProgram, givenProgram } from './given-program.ts'
import { reportError } from './report.ts'
import { type PlanFlags, type RowFlags, runOptionsOf } from './shared-options.ts'
import { abortOnSignals } from './signals.ts'
import { failedRowLines } from './summary.ts'
import { chooseOutputs, writeOutputs } from './write-outputs.ts'

type QueryFlags = PlanFlags & RowFlags & { expression?: string; tables?: string }

/** `millrace query`: prints the rows of the last query of the text and nothing else. */
export async function queryCommand(file: string | undefined, flags: QueryFlags): Promise<void> {
  let given: GivenProgram | undefined
  let program: Program | undefined
  try {
    given = givenProgram(file, flags)
    program = await given.load()
    const tables = flags.tables === undefined ? undefined : readTablesFile(flags.tables)
    const options = { ...runOptionsOf(flags), tables, sorted: flags.sorted, resumable: false }
    const prepared = await prepareRun(program, options)
    const { outputs } = prepared.planned.physical
    const wanted = { ...flags, output: flags.output ?? (outputs.length > 1 ? String(outputs.length) : undefined) }
    chooseOutputs(outputs, wanted)
    const signal = abortOnSignals({ mayBlock: prepared.choice.backend === 'inline' && prepared.mayBlock })
    const done = await execute(prepared, { ...options, signal })
    try {
      await writeOutputs(chooseOutputs(done.outputs, wanted), flags, signal)
      if (flags.quiet !== true) for (const line of failedRowLines(done)) process.stderr.write(`${line}\n`)
    } finally {
      done.close()
    }
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources ?? given?.sources })
  }
}
