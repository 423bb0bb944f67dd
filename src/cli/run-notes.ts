import type { FinishedRun } from '../run/execute.ts'

type RunMetrics = FinishedRun['metrics']

/** What is worth saying about a run beside its figures, a line each. */
export function noteLines(metrics: RunMetrics): string[] {
  const lines = metrics.warnings.map(({ code, stage, task, functions, redone }) => {
    const who = functions.length === 0 ? 'its functions' : functions.map(({ label }) => label).join(', ')
    const again = `${redone} ${redone === 1 ? 'task that had read the first rows was' : 'tasks that had read the first rows were'} run again`
    return `${code} task ${task} of stage ${stage} gave other rows when it was run again, so ${again}: look at ${who}`
  })
  if (metrics.remadeTasks > 0)
    lines.push(`${count(metrics.remadeTasks, 'task')} run once more, since the files they had left were gone or damaged`)
  if (metrics.backups > 0)
    lines.push(`${count(metrics.backups, 'slow task')} started a second time, ${metrics.backupsWon} of which ended first`)
  if (metrics.chaos !== undefined) lines.push(...chaosLines(metrics.chaos))
  return lines
}

function chaosLines({ seed, planned, struck, points, passed }: NonNullable<RunMetrics['chaos']>): string[] {
  const missed = points.filter((point) => !passed.includes(point))
  const reached = `workers passed ${passed.length} of ${points.length} points`
  return [
    `chaos ${seed}: ${struck.length} of ${planned.length} faults struck; ${reached}${missed.length === 0 ? '' : `, not ${missed.join(', ')}`}`,
    ...struck.map(
      ({ worker, point, nth, action }) => `  worker ${worker} ${deeds[action]} at ${point}, the ${ordinal(nth)} time`,
    ),
  ]
}

const deeds = { end: 'ended', fail: 'failed', wait: 'waited' } as const
const ordinal = (nth: number): string => `${nth}${{ 1: 'st', 2: 'nd', 3: 'rd' }[nth] ?? 'th'}`
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? ' was' : 's were'}`
