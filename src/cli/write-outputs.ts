import { suggest } from '../base/did-you-mean.ts'
import { usageError } from '../base/errors.ts'
import { encodeOutput } from '../run/formats.ts'
import type { RunOutput } from '../run/output.ts'
import type { RowFlags } from './shared-options.ts'
import { writeOut } from './standard-output.ts'

/** The outputs to print: the named one, or all of them where the format can hold all. */
export function chooseOutputs<O extends { name: string }>(
  outputs: readonly O[],
  { output, format }: Pick<RowFlags, 'output' | 'format'>,
): readonly O[] {
  if (output !== undefined) {
    const found = outputs.find(({ name }) => name === output) ?? (/^\d+$/.test(output) ? outputs[Number(output) - 1] : undefined)
    if (found !== undefined) return [found]
    const names = outputs.map(({ name }) => name)
    throw usageError('USAGE_ARGUMENT', `there is no output '${output}'`, {
      hint: names.length === 0 ? 'the program only writes files' : suggest(output, names, `outputs: ${names.join(', ')}`),
    })
  }
  if (outputs.length > 1 && format !== 'table') {
    throw usageError('USAGE_MANY_OUTPUTS', `the program has ${outputs.length} outputs and ${format} holds one`, {
      hint: `choose one with --output: ${outputs.map(({ name }) => name).join(', ')}`,
    })
  }
  return outputs
}

/** Prints rows to standard output; waits when the reader is slow, and stops when it has gone. */
export async function writeOutputs(outputs: readonly RunOutput[], flags: RowFlags, signal: AbortSignal): Promise<void> {
  for (const output of outputs) {
    const pieces = flags.format === 'table' ? tablePieces(output, flags, outputs.length > 1) : encodeOutput(output, flags.format)
    await writeOut(pieces, signal)
  }
}

function tablePieces(output: RunOutput, flags: RowFlags, named: boolean): string[] {
  const table = `${output.table(flags.rows)}\n`
  return named ? [`${output.name}\n`, table] : [table]
}
