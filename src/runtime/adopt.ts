import { isDeepStrictEqual } from 'node:util'
import type { AdoptedWorker, TaskOrder, WorkerId } from './orders.ts'
import type { RunCommand, RunState, TaskState } from './run-state.ts'
import { orderOf } from './schedule.ts'
import { beginAttempt, newWorker } from './transitions.ts'

/** Takes workers over with what they do, as far as that still counts; the rest is cancelled. */
export function adoptWorkers(state: RunState, adopted: readonly AdoptedWorker[], nowMs: number, commands: RunCommand[]): void {
  for (const { worker, orders } of adopted) {
    const member = newWorker(worker, 'ready', nowMs)
    state.workers.set(worker, member)
    state.free.add(member)
    state.freeEarly.add(member)
    state.nextWorker = Math.max(state.nextWorker, worker + 1)
    for (const order of orders) {
      const task = state.stages.get(order.stage)?.tasks[order.task]
      if (task === undefined || !stillCounts(state, task, order)) commands.push({ do: 'cancelTask', worker, order })
      else goOn(state, task, order, worker, nowMs)
    }
  }
}

/** Tasks of a pipelined region speak to others, not all of which may be there; other tasks must read what they would read if they began now. */
function stillCounts(state: RunState, task: TaskState, order: TaskOrder): boolean {
  const { region } = task.stage
  if (region.pipelined || task.state === 'committed' || task.attempts.length > 1) return false
  if (region.needs.some(({ state: life }) => life !== 'committed')) return false
  const { inputs, ranges } = orderOf(state, task, order)
  return isDeepStrictEqual({ inputs, ranges }, { inputs: order.inputs, ranges: order.ranges })
}

function goOn(state: RunState, task: TaskState, { attempt }: TaskOrder, worker: WorkerId, nowMs: number): void {
  const isBackup = task.attempts.length > 0
  if (!isBackup) task.stage.idle.skip()
  beginAttempt(state, task, worker, nowMs, { attempt, isBackup })
}
