import { describe, expect, it } from 'vitest'
import { runError } from '../../src/base/errors.ts'
import { step } from '../../src/runtime/coordinator.ts'
import { createRun } from '../../src/runtime/create-run.ts'
import type { RunCommand } from '../../src/runtime/run-state.ts'
import { begin, finish, finishAll, print, report, started } from './coordinator-harness.ts'
import { sumPlan } from './plans.ts'

describe('coordinator', () => {
  it('runs regions one after the other when exchanges are blocking', () => {
    const { state, commands } = begin('serial')
    expect(print(commands)).toEqual(['0: 0.0#1', '1: 0.1#1'])
    expect(print(finishAll(state, commands))).toEqual([
      'journal',
      '0: 0.2#1',
      'journal',
      'journal',
      '1: 1.0#1',
      '0: 1.1#1',
      'journal',
      'journal',
      '-1: 2.0#1',
      'journal commit',
      'commitSinks',
    ])
  })

  it('starts all tasks of a pipelined region, readers first, then sources as slots allow, once all workers are up', () => {
    const { commands } = begin('pipelined')
    expect(print(commands)).toEqual(['0: 1.0#1', '1: 1.1#1', '-1: 2.0#1', '0: 0.0#1', '1: 0.1#1', '0: 0.2#1'])
    expect(started(commands)[3].order.consumers).toEqual([{ exchange: 0, workers: [0, 1] }])
  })

  it('gives workers a source ahead while many are left, and none when that would keep others idle', () => {
    const sourcesOf = (commands: readonly RunCommand[]): string[] => print(commands).filter((text) => text.includes(': 0.'))
    const { state, commands } = begin('pipelined', 2, 8)
    expect(sourcesOf(commands)).toEqual(['0: 0.0#1', '1: 0.1#1', '0: 0.2#1', '1: 0.3#1', '0: 0.4#1', '1: 0.5#1'])
    const orders = started(commands).map(({ order }) => order)
    const finish = (task: number): string[] =>
      sourcesOf(
        step(state, { event: 'taskDone', order: orders.find((order) => order.stage === 0 && order.task === task)!, report }, 0),
      )
    expect([finish(0), finish(2), finish(1)]).toEqual([[], ['0: 0.6#1'], []])
  })

  it('restarts a pipelined region as a whole when one of its workers is lost', () => {
    const { state } = begin('pipelined')
    expect(print(step(state, { event: 'workerLost', worker: 1, why: 'exit code 1' }, 0))).toEqual([
      'endAttempt',
      'setTimer',
      'spawnWorker',
    ])
    expect(print(step(state, { event: 'timer', timer: { kind: 'retryRegion', region: 0 } }, 0))).toEqual([])
    const again = step(state, { event: 'workerReady', worker: 2 }, 0)
    expect(print(again)).toEqual(['0: 1.0#2', '2: 1.1#2', '-1: 2.0#2', '0: 0.0#2', '2: 0.1#2', '0: 0.2#2'])
  })

  it('runs only the lost task again when exchanges are blocking, and keeps committed output', () => {
    const { state, commands } = begin('serial')
    const [first] = started(commands)
    step(state, { event: 'taskDone', order: first.order, report }, 0)
    step(state, { event: 'workerLost', worker: 1, why: 'exit code 1' }, 0)
    expect(print(step(state, { event: 'timer', timer: { kind: 'retryTask', stage: 0, task: 1 } }, 0))).toEqual([])
    expect(print(step(state, { event: 'workerReady', worker: 2 }, 0))).toEqual(['2: 0.1#2'])
  })

  it('ignores the answer of an attempt that was given up', () => {
    const { state, commands } = begin('serial')
    const second = started(commands)[1]
    step(state, { event: 'workerLost', worker: 1, why: 'exit code 1' }, 0)
    expect(step(state, { event: 'taskDone', order: second.order, report }, 0)).toEqual([])
    // Also while another attempt of the task runs.
    step(state, { event: 'timer', timer: { kind: 'retryTask', stage: 0, task: 1 } }, 0)
    expect(print(step(state, { event: 'workerReady', worker: 2 }, 0))).toEqual(['2: 0.1#2'])
    expect(step(state, { event: 'taskDone', order: second.order, report }, 0)).toEqual([])
    expect(print(finish(state, 0, 1))).toContain('journal')
  })

  it('does not try a user error again', () => {
    const { state, commands } = begin('serial')
    const error = runError('RUN_FUNCTION_FAILED', 'boom')
    expect(print(step(state, { event: 'taskFailed', order: started(commands)[0].order, error }, 0))).toEqual([
      'endAttempt',
      'fail',
    ])
    expect(step(state, { event: 'timer', timer: { kind: 'retryTask', stage: 0, task: 0 } }, 0)).toEqual([])
  })

  it('tries a retryable error three times, each time later', () => {
    const { state, commands } = begin('serial', 1, 1)
    const error = runError('RUN_FUNCTION_FAILED', 'boom', { retryable: true })
    const delays: number[] = []
    let [{ order }] = started(commands)
    for (let failures = 0; failures < 3; failures++) {
      const answer = step(state, { event: 'taskFailed', order, error }, 0)
      delays.push(...answer.flatMap((command) => (command.do === 'setTimer' ? [command.afterMs] : [])))
      order = started(step(state, { event: 'timer', timer: { kind: 'retryTask', stage: 0, task: 0 } }, 0))[0].order
    }
    expect(step(state, { event: 'taskFailed', order, error }, 0).at(-1)).toEqual({ do: 'fail', error })
    expect(delays).toEqual([50, 100, 200])
  })

  it('gives up when workers end before they are of any use', () => {
    const state = createRun(sumPlan('serial'), { workers: 1 })
    step(state, { event: 'start' }, 0)
    const last = [0, 1, 2, 3].map((worker) => print(step(state, { event: 'workerLost', worker, why: 'exit code 1' }, 0))).at(-1)
    expect(last).toEqual(['fail'])
  })

  it('journals the commit before it commits, and the end after', () => {
    const { state, commands } = begin('pipelined')
    expect(print(finishAll(state, commands)).slice(-2)).toEqual(['journal commit', 'commitSinks'])
    expect(print(step(state, { event: 'sinksCommitted' }, 0))).toEqual(['journal done', 'succeed'])
  })
})
