import { formatBytes } from '../../base/format-bytes.ts'
import { count, listWords } from '../../planner/explain/layout.ts'
import type { Actuals, OperatorActuals, StageActuals } from './actuals.ts'
import { exactRows, formatMs, formatRatio, formatShare, shortened } from './figures.ts'

/** Below these a difference says nothing. */
const fewRows = 1000
const unevenSkew = 2
const wrongByFactor = 10
const longWaitShare = 0.1

/** What a colleague who looked at the figures of a run would say of it, a sentence or two each, the most important first. */
export function findingsOf(actuals: Actuals): string[] {
  return [
    totals(actuals),
    ...slowest(actuals),
    ...actuals.stages.flatMap(skew),
    ...spills(actuals),
    ...actuals.stages.flatMap((stage) => waits(stage, actuals)),
    ...wrongEstimate(actuals),
    ...failures(actuals),
  ]
}

function totals(actuals: Actuals): string {
  const { wallMs, cpuMs, rowsRead, bytesRead, workers, backend, peakMemoryBytes } = actuals
  const where = backend === 'inline' ? 'in one thread' : `on ${count(workers, 'worker')}`
  const read = bytesRead > 0 ? `${formatBytes(bytesRead)} (${exactRows(rowsRead)})` : exactRows(rowsRead)
  const held = peakMemoryBytes > 0 ? `, and held ${formatBytes(peakMemoryBytes)} at most` : ''
  return `It took ${formatMs(wallMs)} ${where} and ${formatMs(cpuMs)} of CPU, read ${read}${held}.`
}

/** Every operator with the stage that it is in. */
const operatorsOf = ({ stages }: Actuals): { stage: StageActuals; operator: OperatorActuals }[] =>
  stages.flatMap((stage) => stage.operators.map((operator) => ({ stage, operator })))

function slowest(actuals: Actuals): string[] {
  const [first] = operatorsOf(actuals).sort((a, b) => b.operator.share - a.operator.share)
  if (first === undefined || first.operator.busyMs === 0) return []
  const { stage, operator } = first
  const name = `"${shortened(operator.does)}" of stage ${stage.id}`
  const time = formatMs(operator.busyMs)
  if (operator.share >= 0.5) return [`Most of the time, ${formatShare(operator.share)}, went into ${name}: ${time}.`]
  return [`The slowest operator is ${name}, with ${formatShare(operator.share)} of the time: ${time}.`]
}

function skew({ id, part, taskCount, rows, cpu }: StageActuals): string[] {
  if (taskCount < 2 || rows.max < fewRows || rows.skew < unevenSkew) return []
  const times = `${formatRatio(rows.skew)} times the median of its ${taskCount} tasks`
  const slow = cpu.max > 0 ? `; its slowest task took ${formatMs(cpu.max)} of CPU, the median ${formatMs(cpu.median)}` : ''
  return [`Stage ${id} is uneven: ${part} ${rows.largest} took in ${exactRows(rows.max)}, ${times}${slow}.`]
}

function spills(actuals: Actuals): string[] {
  const spilling = operatorsOf(actuals)
    .filter(({ operator }) => operator.spilledBytes > 0)
    .sort((a, b) => b.operator.spilledBytes - a.operator.spilledBytes)
  if (spilling.length === 0) return []
  const names = spilling.slice(0, 2).map(({ stage, operator }) => `"${shortened(operator.does)}" of stage ${stage.id}`)
  const most = spilling.length > 2 ? 'most of it of ' : 'of '
  return [`${formatBytes(actuals.spilledBytes)} did not fit in memory and went to disk, ${most}${listWords(names)}.`]
}

function waits(stage: StageActuals, { stages, exchanges }: Actuals): string[] {
  const allMs = stages.reduce((sum, { busyMs }) => sum + busyMs, 0)
  if (stage.creditWaitMs === 0 || stage.creditWaitMs < longWaitShare * allMs) return []
  const readers = exchanges.filter(({ from }) => from === stage.id).map(({ to }) => `stage ${to}`)
  const takes = readers.length === 1 ? 'takes' : 'take'
  const reason = `${listWords([...new Set(readers)])} ${takes} rows more slowly than they are made`
  return [`Tasks of stage ${stage.id} waited ${formatMs(stage.creditWaitMs)} for credit: ${reason}.`]
}

/** The estimate that was wrong by most, where that matters. */
function wrongEstimate(actuals: Actuals): string[] {
  const [worst] = operatorsOf(actuals)
    .flatMap(({ stage, operator }) => {
      if (operator.expectedRows === undefined || operator.expected === undefined) return []
      const [less, more] = [operator.expectedRows, operator.rowsOut].sort((a, b) => a - b)
      const factor = more / Math.max(1, less)
      return more < fewRows || factor < wrongByFactor ? [] : [{ stage, operator, factor }]
    })
    .sort((a, b) => b.factor - a.factor)
  if (worst === undefined) return []
  const { stage, operator } = worst
  return [
    `The planner expected ${operator.expected} of "${shortened(operator.does)}" in stage ${stage.id}, and there were ${exactRows(operator.rowsOut)}.`,
  ]
}

function failures({ failedRows, retries, backups, backupsWon, remadeTasks, reusedTasks, tasks, warnings }: Actuals): string[] {
  return [
    ...failedRows.map(({ code, rows }) => `${exactRows(rows)} failed with ${code} and ${rows === 1 ? 'was' : 'were'} left out.`),
    ...(retries > 0 ? [`${count(retries, 'attempt')} had to be begun again after a failure or the loss of a worker.`] : []),
    ...(remadeTasks > 0 ? [`${count(remadeTasks, 'task')} had to be done once more, since what they had made was gone.`] : []),
    ...(backups > 0 ? [`${count(backups, 'slow task')} got a second attempt; ${backupsWon} of these ended first.`] : []),
    ...(reusedTasks > 0
      ? [`${reusedTasks} of ${count(tasks, 'task')} ${reusedTasks === 1 ? 'was' : 'were'} taken over from the interrupted run.`]
      : []),
    ...warnings.map(
      ({ stage, task, redone }) =>
        `Task ${task} of stage ${stage} gave other rows when it was done again, so ${count(redone, 'task')} that had read the first ones had to follow.`,
    ),
  ]
}
