import { usageError } from '../base/errors.ts'
import { execute } from '../run/execute.ts'
import { prepareRun } from '../run/prepare-run.ts'
import { loadProgram, type Program } from '../run/program.ts'
import { startProgress } from './progress.ts'
import { reportError } from './report.ts'
import { noteLines } from './run-notes.ts'
import { type PlanFlags, paramsOf, type RowFlags, runOptionsOf } from './shared-options.ts'
import { abortOnSignals } from './signals.ts'
import { failedRowLines, summaryLine } from './summary.ts'
import { chooseOutputs, writeOutputs } from './write-outputs.ts'

type RunFlags = PlanFlags &
  RowFlags & { resume?: boolean; incremental?: boolean; once?: boolean; hangTimeout?: number; chaos?: number; events?: string }

/** `millrace run FILE`. */
export async function runCommand(file: string, flags: RunFlags): Promise<void> {
  let program: Program | undefined
  try {
    if (flags.incremental === true && flags.once !== true) {
      throw usageError('USAGE_ARGUMENT', '--incremental needs --once: the run ends after the last epoch of the input')
    }
    if (flags.once === true && flags.incremental !== true) throw usageError('USAGE_ARGUMENT', '--once belongs to --incremental')
    if (flags.resume === true && flags.mode === 'pipelined') {
      throw usageError('USAGE_ARGUMENT', 'only a serial or hybrid run can be resumed, and --mode asks for pipelined', {
        hint: 'leave out --mode: --resume alone means one that can',
      })
    }
    if (flags.chaos !== undefined && flags.backend === 'inline') {
      throw usageError('USAGE_ARGUMENT', '--chaos strikes workers, and --backend inline has none', {
        hint: 'leave out one of them',
      })
    }
    program = await loadProgram(file, paramsOf(flags))
    const { resume, incremental, sorted, chaos, hangTimeout: hangTimeoutMs } = flags
    const options = {
      ...runOptionsOf(flags),
      resume,
      incremental,
      sorted,
      chaos,
      hangTimeoutMs,
      events: flags.events,
      recorded: true,
    }
    const prepared = await prepareRun(program, options)
    chooseOutputs(prepared.planned.physical.outputs, flags)
    const signal = abortOnSignals({ mayBlock: prepared.choice.backend === 'inline' && prepared.mayBlock })
    const progress = flags.quiet === true ? undefined : startProgress(prepared)
    const done = await execute(prepared, { ...options, signal, onNotice: progress?.notice }).finally(() => progress?.end())
    try {
      await writeOutputs(chooseOutputs(done.outputs, flags), flags, signal)
    } finally {
      done.close()
    }
    const lines = [summaryLine(done), ...failedRowLines(done), ...noteLines(done.metrics)]
    if (flags.quiet !== true) process.stderr.write(`${lines.join('\n')}\n`)
    if (done.unrecorded !== undefined) {
      process.stderr.write(`warning: no record of this run was kept: ${done.unrecorded.message}\n`)
    }
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json', sources: program?.plan.sources })
  }
}
