import { expect, it } from 'vitest'
import { runError } from '../../src/base/errors.ts'
import { step } from '../../src/runtime/coordinator.ts'
import { createRun, type Reusable } from '../../src/runtime/create-run.ts'
import type { AdoptedWorker, TaskOrder } from '../../src/runtime/orders.ts'
import type { RunCommand } from '../../src/runtime/run-state.ts'
import { begin, finishAll, print, sent, started } from './coordinator-harness.ts'
import { sumPlan } from './plans.ts'

/** The orders of the first process, and those of them that it has journaled. */
function killedAfter(done: number): { orders: readonly TaskOrder[]; reusable: Reusable } {
  const { commands } = begin('serial', 4, 4)
  const orders = started(commands).map(({ order }) => order)
  const committed = orders.slice(0, done)
  return {
    orders: orders.slice(done),
    reusable: new Map(
      committed.map(({ stage, task, attempt }) => [`${stage}/${task}`, { attempt, report: sent('a'), lost: false }]),
    ),
  }
}

function resume(adopted: readonly AdoptedWorker[], reusable: Reusable, workers = 2) {
  const state = createRun(sumPlan('serial', { tasks: 4, partitions: 2 }), {
    workers,
    backups: false,
    firstAttempt: 1000,
    reusable,
  })
  return { state, commands: step(state, { event: 'start', adopted }, 0) }
}

it('goes on with what the workers of an earlier process do, and starts nothing of it again', () => {
  const { orders, reusable } = killedAfter(2)
  const adopted = orders.map((order, i) => ({ worker: i + 3, orders: [order] }))
  const { state, commands } = resume(adopted, reusable)
  expect(print(commands)).toEqual([])
  const done = orders.flatMap((order) => step(state, { event: 'taskDone', order, report: sent('a') }, 0))
  expect(print(done)).toEqual(['journal', 'journal', '3: 1.0#1001', '4: 1.1#1001'])
  expect(print(finishAll(state, done))).toEqual(['journal', 'journal', '-1: 2.0#1001', 'journal commit', 'commitSinks'])
})

it('spawns the workers that are missing, under new numbers', () => {
  const { orders, reusable } = killedAfter(3)
  const { commands } = resume([{ worker: 5, orders }], reusable, 3)
  expect(commands.filter(({ do: what }) => what === 'spawnWorker')).toEqual([
    { do: 'spawnWorker', worker: 6 },
    { do: 'spawnWorker', worker: 7 },
  ])
})

it('gives work to adopted workers that have none', () => {
  const { reusable } = killedAfter(2)
  const { commands } = resume(
    [
      { worker: 0, orders: [] },
      { worker: 1, orders: [] },
    ],
    reusable,
  )
  expect(print(commands)).toEqual(['0: 0.2#1001', '1: 0.3#1001'])
})

it('runs a task again whose adopted worker ends', () => {
  const { orders, reusable } = killedAfter(3)
  const { state } = resume(
    [
      { worker: 0, orders },
      { worker: 1, orders: [] },
    ],
    reusable,
  )
  const lost = step(state, { event: 'workerLost', worker: 0, why: 'gone' }, 0)
  expect(print(lost)).toEqual(['setTimer', 'spawnWorker'])
  const [{ timer }] = lost.filter((command): command is Extract<RunCommand, { do: 'setTimer' }> => command.do === 'setTimer')
  expect(print(step(state, { event: 'timer', timer }, 0))).toEqual(['1: 0.3#1001'])
})

it('cancels what does not count any more: other inputs, work that is done, and pipelined regions', () => {
  const { orders, reusable } = killedAfter(3)
  const stale: TaskOrder = { ...orders[0], stage: 1, task: 0, region: 1, inputs: [{ exchange: 0, attempts: [1, 1, 1, 1] }] }
  const done: TaskOrder = { ...orders[0], task: 0, attempt: 7 }
  const { commands } = resume([{ worker: 0, orders: [stale, done, orders[0]] }], reusable, 1)
  expect(print(commands)).toEqual(['cancel 0: 1.0#1', 'cancel 0: 0.0#7'])

  const pipelined = createRun(sumPlan('pipelined', { tasks: 4, partitions: 2 }), { workers: 1, backups: false })
  expect(print(step(pipelined, { event: 'start', adopted: [{ worker: 0, orders }] }, 0))[0]).toBe('cancel 0: 0.3#1')
})

it('counts a failure of an adopted task like any other', () => {
  const { orders, reusable } = killedAfter(3)
  const { state } = resume([{ worker: 0, orders }], reusable, 1)
  const error = runError('RUN_FUNCTION_FAILED', 'no')
  expect(print(step(state, { event: 'taskFailed', order: orders[0], error }, 0))).toEqual(['fail'])
})
