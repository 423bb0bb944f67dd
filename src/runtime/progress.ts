import { runError } from '../base/errors.ts'
import { repeatAnnouncements } from './announce.ts'
import type { TaskProgress, WorkerId } from './orders.ts'
import { type Failure, failTask } from './retry.ts'
import type { AttemptState, RunCommand, RunState } from './run-state.ts'
import { nameOf } from './transitions.ts'

/** A worker that does not know of a task for so many signs, about a second apart, never got its order, or its answer got lost. */
const unseenLimit = 10

/** A worker has given a sign of life, and told how far its tasks are. */
export function noteProgress(
  state: RunState,
  id: WorkerId,
  tasks: readonly TaskProgress[],
  nowMs: number,
  commands: RunCommand[],
): Failure {
  const worker = state.workers.get(id)
  if (worker === undefined) return undefined
  worker.lastSeenMs = nowMs
  let unseen = 0
  for (const attempt of worker.running.keys()) unseen = Math.max(unseen, ++attempt.unseen)
  for (const { stage, task: number, attempt: name, rows, known } of tasks) {
    const task = state.stages.get(stage)?.tasks[number]
    for (const attempt of task?.attempts ?? none) {
      if (task === undefined || attempt.attempt !== name || attempt.worker !== id) continue
      attempt.unseen = 0
      attempt.rows = Math.max(attempt.rows, rows)
      if (known !== undefined) repeatAnnouncements(state, task, id, known, commands)
    }
  }
  // Most signs that a coordinator gets have nothing more to tell.
  if (unseen < unseenLimit) return undefined
  for (const [attempt, task] of [...worker.running]) {
    if (attempt.unseen < unseenLimit || !worker.running.has(attempt)) continue
    const why = `a worker does not know of task ${task.task} of stage ${task.stage.id}, or its answer got lost`
    const failure = failTask(state, nameOf(task, attempt.attempt), runError('RUN_WORKER_LOST', why), commands)
    if (failure !== undefined) return failure
  }
  return undefined
}

const none: readonly AttemptState[] = []
