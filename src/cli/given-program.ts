import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../base/errors.ts'
import { loadFlow, loadProgram, type Program } from '../run/program.ts'
import { type PlanFlags, paramsOf } from './shared-options.ts'

/** Where a command that takes a file or a text finds its program. */
export interface GivenProgram {
  /** Texts by file for errors that come before there is a program. */
  sources: Readonly<Record<string, string>>
  load(): Promise<Program>
}

/** The program in a file, of `-e`, or on standard input. */
export function givenProgram(file: string | undefined, flags: PlanFlags & { expression?: string }): GivenProgram {
  if (file !== undefined) {
    if (flags.expression !== undefined) throw usageError('USAGE_ARGUMENT', 'give the query as a file or with -e, not both')
    return { sources: {}, load: () => loadProgram(file, paramsOf(flags)) }
  }
  const text = flags.expression ?? readStandardInput()
  if (text.trim() === '')
    throw usageError('USAGE_ARGUMENT', 'the query is empty', { hint: `for example -e "from csv('x.csv') |> limit 5"` })
  return { sources: { [queryName()]: text }, load: () => loadFlow(queryName(), text, paramsOf(flags)) }
}

/** Stands for the file in errors; imports of the query start from the working directory. */
const queryName = (): string => join(process.cwd(), '<query>')

function readStandardInput(): string {
  if (process.stdin.isTTY)
    throw usageError('USAGE_ARGUMENT', 'there is no query: give a file, -e TEXT, or text on standard input')
  return readFileSync(0, 'utf8')
}
