import { formatBytes } from '../../base/format-bytes.ts'
import { count, listWords, wrap } from '../../planner/explain/layout.ts'
import { exactRows, formatMs } from '../analysis/figures.ts'
import { findingsOf } from '../analysis/findings.ts'
import { analysedStageLines } from '../analysis/stage-lines.ts'
import { shownTime } from './list.ts'
import type { PastRun } from './past-run.ts'
import { statusOf } from './store.ts'

const shownInputs = 10

/** A run in words: how it ended, what it read, what happened, and what each operator did beside what was expected. */
export function showPastRun(run: PastRun): string {
  const { actuals } = run
  const sections = [
    headline(run).flatMap((line) => wrap(line, '', '')),
    section('What happened', actuals === null ? [] : findingsOf(actuals).flatMap((finding) => wrap(finding, '  ', '  '))),
    section('Inputs', inputLines(run)),
    section('Stages', actuals === null ? [] : analysedStageLines(actuals)),
    section(
      'Exchanges',
      (actuals?.exchanges ?? []).flatMap(({ does }) => wrap(does, '  ', '    ')),
    ),
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...lines])

function headline(run: PastRun): string[] {
  const { id, program, started, durationMs, code, rowsOut, backend, workers, mode, params } = run
  const status = statusOf(run)
  const ended = {
    running: 'is running',
    succeeded: `succeeded${rowsOut === null ? '' : ` and made ${exactRows(rowsOut)}`}`,
    failed: `failed with ${code}`,
    stopped: 'was stopped',
    killed: 'was killed: its process is gone and has not said how it ended',
  }[status]
  const took = durationMs === null ? '' : ` and took ${formatMs(durationMs)}`
  const where = backend === 'inline' ? 'in one thread' : `on ${count(workers, 'worker')}`
  const given =
    params.length === 0
      ? ''
      : ` It was given ${listWords(params)}; values are not kept, and constants of the program are shown as ?.`
  return [
    `Run ${id} of ${program} ${ended}.`,
    `It began at ${shownTime(started)}${took}, ${where}, in ${mode} mode with ${formatBytes(run.memoryBytes)} of memory.${given}`,
  ]
}

function inputLines({ inputs }: PastRun): string[] {
  const lines = inputs
    .slice(0, shownInputs)
    .map(
      ({ path, sizeBytes, mtimeMs }) => `  ${path}, ${formatBytes(sizeBytes)}, of ${shownTime(new Date(mtimeMs).toISOString())}`,
    )
  const more = inputs.length - shownInputs
  return more > 0 ? [...lines, `  and ${count(more, 'more file')}`] : lines
}
