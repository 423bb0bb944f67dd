import { formatBytes } from '../../base/format-bytes.ts'
import { count, wrap } from '../../planner/explain/layout.ts'
import type { Actuals, OperatorActuals, StageActuals } from './actuals.ts'
import { exactRows, formatMs, formatRatio, formatShare } from './figures.ts'

/** The stages of a run with what each operator did beside what was expected, at most 80 columns wide. */
export function analysedStageLines({ stages }: Actuals): string[] {
  return stages.flatMap((stage) => [
    ...wrap(`stage ${stage.id}: ${stage.runs}; ${stageFigures(stage)}`, '  ', '    '),
    ...stage.operators.flatMap((operator) => [
      ...wrap(operatorName(operator), '    ', '      '),
      ...wrap(operatorFigures(operator), '      ', '        '),
    ]),
    ...(stage.taskCount > 1 ? wrap(taskFigures(stage), '    ', '      ') : []),
  ])
}

function stageFigures({ cpuMs, startedMs, endedMs, repeated, operators }: StageActuals): string {
  const share = operators.reduce((sum, one) => sum + one.share, 0)
  const again = repeated > 0 ? `, ${count(repeated, 'attempt')} more than tasks` : ''
  // Of a run that failed there are stages that no task has ended in.
  const until = endedMs < startedMs ? ', not ended' : ` to ${formatMs(endedMs)}`
  return `${formatShare(share)} of the time, ${formatMs(cpuMs)} of CPU, from ${formatMs(startedMs)}${until}${again}`
}

const marked: ReadonlySet<string> = new Set(['segment', 'aggregate', 'join'])

const operatorName = ({ operator, does, tier }: OperatorActuals): string => `${does}${marked.has(operator) ? ` [${tier}]` : ''}`

function operatorFigures(one: OperatorActuals): string {
  const isLast = one.operator === 'send' || one.operator === 'sink' || one.operator === 'collect'
  const made = isLast ? exactRows(one.rowsIn) : `${exactRows(one.rowsOut)}, ${formatBytes(one.bytesOut)}`
  const expected = one.expected === undefined ? '' : ` (expected ${one.expected})`
  const parts = [`${made}${expected}`, `${formatMs(one.busyMs)}, ${formatShare(one.share)}`]
  if (one.creditWaitMs > 0) parts.push(`waited ${formatMs(one.creditWaitMs)} for credit`)
  if (one.peakMemoryBytes > 0) parts.push(`held ${formatBytes(one.peakMemoryBytes)}`)
  if (one.spilledBytes > 0) {
    parts.push(`spilled ${formatBytes(one.spilledBytes)} to ${one.spillFiles} ${one.spillFiles === 1 ? 'file' : 'files'}`)
  }
  return parts.join('; ')
}

function taskFigures({ rows, cpu, part }: StageActuals): string {
  const number = (value: number): string => Math.round(value).toLocaleString('en-US')
  const spread = `least, median and most rows of a task ${number(rows.min)}, ${number(rows.median)}, ${number(rows.max)}`
  const skew = rows.skew >= 1.05 ? ` (${part} ${rows.largest}: ${formatRatio(rows.skew)} times the median)` : ''
  return `${spread}${skew}; CPU ${formatMs(cpu.min)}, ${formatMs(cpu.median)}, ${formatMs(cpu.max)}`
}
