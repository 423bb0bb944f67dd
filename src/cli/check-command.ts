import { formatPlace } from '../base/place.ts'
import { formatType } from '../data/type.ts'
import { prepare } from '../run/prepare.ts'
import { loadProgram, type Program } from '../run/program.ts'
import { reportError } from './report.ts'
import { type PlanFlags, paramsOf, runOptionsOf } from './shared-options.ts'
import { writeOut } from './standard-output.ts'

type CheckFlags = PlanFlags & { format: 'text' | 'json' }

/** `millrace check FILE`: prints the types of the outputs, or the errors. */
export async function checkCommand(file: string, flags: CheckFlags): Promise<void> {
  let program: Program | undefined
  try {
    program = await loadProgram(file, paramsOf(flags))
    const { planned, warnings } = await prepare(program, runOptionsOf(flags))
    const outputs = planned.physical.outputs.map(({ name, fields }) => ({
      name,
      columns: fields.map((field) => [field.name, formatType(field.type)]),
    }))
    if (flags.format === 'json') await writeOut([`${JSON.stringify({ ok: true, outputs, warnings })}\n`])
    else {
      await writeOut(
        outputs.map(({ name, columns }) => `${name}: ${columns.map(([column, type]) => `${column} ${type}`).join(', ')}\n`),
      )
      for (const { message, at, hint } of warnings)
        process.stderr.write(`warning: ${message}\n  --> ${formatPlace(at)}${hint === undefined ? '' : `\n  help: ${hint}`}\n`)
      process.stderr.write(`${file} is correct\n`)
    }
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources })
  }
}
