import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../base/errors.ts'
import { execute } from '../run/execute.ts'
import { prepareRun } from '../run/prepare-run.ts'
import { loadFlow, loadProgram, type Program } from '../run/program.ts'
import { readTablesFile } from '../run/tables-file.ts'
import { reportError } from './report.ts'
import { type PlanFlags, paramsOf, type RowFlags, runOptionsOf } from './shared-options.ts'
import { abortOnSignals } from './signals.ts'
import { chooseOutputs, writeOutputs } from './write-outputs.ts'

type QueryFlags = PlanFlags & RowFlags & { expression?: string; tables?: string }

/** `millrace query`: prints the rows of the last query of the text and nothing else. */
export async function queryCommand(file: string | undefined, flags: QueryFlags): Promise<void> {
  let program: Program | undefined
  let text = ''
  try {
    if (file === undefined) text = queryText(flags)
    else if (flags.expression !== undefined) throw usageError('USAGE_ARGUMENT', 'give the query as a file or with -e, not both')
    program = file === undefined ? await loadFlow(queryName(), text, paramsOf(flags)) : await loadProgram(file, paramsOf(flags))
    const tables = flags.tables === undefined ? undefined : readTablesFile(flags.tables)
    const options = { ...runOptionsOf(flags), tables, sorted: flags.sorted, resumable: false }
    const prepared = await prepareRun(program, options)
    const { outputs } = prepared.planned.physical
    const wanted = { ...flags, output: flags.output ?? (outputs.length > 1 ? String(outputs.length) : undefined) }
    chooseOutputs(outputs, wanted)
    const signal = abortOnSignals({ mayBlock: prepared.mayBlock })
    const done = await execute(prepared, { ...options, signal })
    try {
      await writeOutputs(chooseOutputs(done.outputs, wanted), flags, signal)
    } finally {
      done.close()
    }
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources ?? { [queryName()]: text } })
  }
}

/** Stands for the file in errors; imports of the query start from the working directory. */
const queryName = (): string => join(process.cwd(), '<query>')

function queryText({ expression }: QueryFlags): string {
  const text = expression ?? readStandardInput()
  if (text.trim() === '')
    throw usageError('USAGE_ARGUMENT', 'the query is empty', { hint: `for example -e "from csv('x.csv') |> limit 5"` })
  return text
}

function readStandardInput(): string {
  if (process.stdin.isTTY)
    throw usageError('USAGE_ARGUMENT', 'there is no query: give a file, -e TEXT, or text on standard input')
  return readFileSync(0, 'utf8')
}
