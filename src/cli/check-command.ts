import { formatPlace, type Place } from '../base/place.ts'
import { formatType } from '../data/type.ts'
import { prepare } from '../run/prepare.ts'
import type { Program } from '../run/program.ts'
import { type GivenProgram, givenProgram } from './given-program.ts'
import { reportError, shortPath } from './report.ts'
import { type PlanFlags, runOptionsOf } from './shared-options.ts'
import { writeOut } from './standard-output.ts'

type CheckFlags = PlanFlags & { format: 'text' | 'json'; incremental?: boolean; expression?: string }

/** `millrace check FILE`: prints the types of the outputs, or the errors. */
export async function checkCommand(file: string | undefined, flags: CheckFlags): Promise<void> {
  let given: GivenProgram | undefined
  let program: Program | undefined
  try {
    given = givenProgram(file, flags)
    program = await given.load()
    const { planned, warnings } = await prepare(program, { ...runOptionsOf(flags), incremental: flags.incremental })
    const all: readonly Warning[] = [...warnings, ...planned.warnings]
    const outputs = planned.physical.outputs.map(({ name, fields }) => ({
      name,
      columns: fields.map((field) => [field.name, formatType(field.type)]),
    }))
    if (flags.format === 'json') await writeOut([`${JSON.stringify({ ok: true, outputs, warnings: all })}\n`])
    else {
      await writeOut(
        outputs.map(({ name, columns }) => `${name}: ${columns.map(([column, type]) => `${column} ${type}`).join(', ')}\n`),
      )
      for (const warning of all) process.stderr.write(warningText(warning))
      process.stderr.write(`${file ?? 'the query'} is correct\n`)
    }
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources ?? given?.sources })
  }
}

/** What binding and planning warn of. */
interface Warning {
  code?: string
  message: string
  at: Place
  hint?: string
}

function warningText({ code, message, at, hint }: Warning): string {
  const place = at.line > 0 ? `\n  --> ${formatPlace({ ...at, file: shortPath(at.file) })}` : ''
  return `warning${code === undefined ? '' : ` ${code}`}: ${message}${place}${hint === undefined ? '' : `\n  help: ${hint}`}\n`
}
