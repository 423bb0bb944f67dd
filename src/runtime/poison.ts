import { type MillraceError, runError } from '../base/errors.ts'
import type { LastBatch } from './orders.ts'

import type { RunState, TaskState } from './run-state.ts'

/** So many rows that end workers are left out of a run; each costs the lives of two workers. */
const poisonLimit = 100

/**
 * After the loss of its worker a task that reads a split is tried again with care; in a pipelined region all of them are, since whichever loses its
 * worker first ends the attempt of the others before they can show what is wrong with theirs.
 */
export function takeCare({ stage, task: number }: TaskState): void {
  const { region } = stage
  for (const { stage: each, tasks } of region.pipelined ? region.stages : [stage]) {
    if (!each.nodes.some((node) => node.operator === 'scan')) continue
    for (const task of region.pipelined ? tasks : [tasks[number]]) task.care ??= { leftOut: [] }
  }
}

/**
 * What careful tasks were at when their worker was lost. Of a batch the rows are fed one by one next time; a row that was fed alone has ended two
 * workers now, this one and the one of its batch: it ends the run, or is left out as rows that fail are. A run that learns something has come
 * nearer to its end, so that its failures are counted anew.
 */
export function noteLast(state: RunState, last: readonly LastBatch[], why: string): MillraceError | undefined {
  for (const batch of last) {
    const task = state.stages.get(batch.stage)?.tasks[batch.task]
    if (task?.care === undefined) continue
    const { suspect, leftOut } = task.care
    const { firstRow, rows, file, line, byteOffset, isWaiting } = batch
    const range = { firstRow, rows, file, line, byteOffset }
    if (rows > 1) {
      task.care = { suspect: range, leftOut }
      if (suspect?.firstRow !== firstRow) learn(state, task)
      // While it waited, another task of the worker may have had the turn.
    } else if (!isWaiting) {
      const isLast = ++state.poison.rows > poisonLimit
      if (isLast || (state.plan.onError?.policy ?? 'fail') === 'fail') return poisonError(task, batch, why, isLast)
      task.care = { suspect, leftOut: [...leftOut, range] }
      learn(state, task)
    }
  }
  return undefined
}

/** Batches that change with every loss tell nothing: then it is no row that ends the workers. */
function learn({ poison }: RunState, task: TaskState): void {
  if (++poison.lessons > poisonLimit * 3) return
  task.failures = 0
  task.stage.region.failures = 0
}

function poisonError(
  task: TaskState,
  { firstRow, file, line, byteOffset }: LastBatch,
  why: string,
  isLast: boolean,
): MillraceError {
  const count = isLast ? `, after ${poisonLimit} others of this run` : ''
  return runError('RUN_POISON_BATCH', `row ${firstRow + 1} of split ${task.task} has ended its worker twice${count}: ${why}`, {
    file,
    line,
    byteOffset,
    hint: isLast
      ? 'a function that ends the process or needs too much memory may be the cause'
      : 'a function that ends the process or needs too much memory may be the cause; --on-error skip leaves such rows out',
  })
}
