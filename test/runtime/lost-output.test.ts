import { describe, expect, it } from 'vitest'
import { dataError } from '../../src/base/errors.ts'
import { step } from '../../src/runtime/coordinator.ts'
import type { RunCommand, RunState } from '../../src/runtime/run-state.ts'
import { begin, finish, print, sent, started } from './coordinator-harness.ts'

/** Stage 0 (3 tasks) has sent its rows to stage 1 (2 tasks), which runs on workers 0 and 1. */
function sumsRunning(outputs: 'shared' | 'worker'): RunState {
  const { state } = begin('serial', 2, 3, { backups: false, outputs })
  for (const task of [0, 1, 2]) finish(state, 0, task, sent(`rows ${task}`))
  return state
}

/** Task `task` of stage 1 finds that what task `producer` had sent is damaged. */
function loseInput(state: RunState, task: number, producer: number): RunCommand[] {
  const { attempt } = state.stages.get(1)!.tasks[task].attempts[0]
  const lostOutput = { exchange: 0, task: producer, attempt: state.stages.get(0)!.tasks[producer].made!.attempt }
  const error = dataError('DATA_CORRUPT', 'a block does not match its checksum', { lostOutput })
  return step(state, { event: 'taskFailed', order: { region: 1, stage: 1, task, attempt }, error }, 0)
}

describe('lost output', () => {
  it('is made again by its producer, then read by the task that missed it', () => {
    const state = sumsRunning('shared')
    expect(print(loseInput(state, 0, 1))).toEqual(['1: 0.1#2'])
    const again = finish(state, 0, 1, sent('rows 1'))
    expect(print(again)).toEqual(['journal', '1: 1.0#2'])
    expect(started(again)[0].order.inputs).toEqual([{ exchange: 0, attempts: [1, 2, 1] }])
    expect(state.counts).toMatchObject({ remade: 1, retries: 1 })
  })

  it('is made once when several tasks miss it', () => {
    const state = sumsRunning('shared')
    loseInput(state, 0, 1)
    const { attempt } = state.stages.get(1)!.tasks[1].attempts[0]
    const error = dataError('DATA_CORRUPT', 'gone', { lostOutput: { exchange: 0, task: 1, attempt: 1 } })
    expect(print(step(state, { event: 'taskFailed', order: { region: 1, stage: 1, task: 1, attempt }, error }, 0))).toEqual([])
    expect(print(finish(state, 0, 1, sent('rows 1')))).toEqual(['journal', '0: 1.0#2', '1: 1.1#2'])
    expect(state.counts.remade).toBe(1)
  })

  it('ends the run when it is lost over and over', () => {
    const state = sumsRunning('shared')
    for (let times = 0; times < 3; times++) {
      loseInput(state, 0, 1)
      finish(state, 0, 1, sent('rows 1'))
    }
    expect(loseInput(state, 0, 1).at(-1)).toMatchObject({ do: 'fail', error: { code: 'DATA_CORRUPT' } })
  })

  it('lies with workers: what a lost one had made is made again while somebody has to read it', () => {
    const state = sumsRunning('worker')
    // Worker 0 made tasks 0 and 2, worker 1 task 1.
    expect(print(step(state, { event: 'workerLost', worker: 0, why: 'gone' }, 0))).toEqual(['setTimer', 'spawnWorker'])
    expect(state.stages.get(0)!.tasks.map((task) => task.state)).toEqual(['idle', 'committed', 'idle'])
    expect(print(step(state, { event: 'workerReady', worker: 2 }, 0))).toEqual(['2: 0.0#2'])
  })

  it('lies with workers: nothing is made again once all have read it', () => {
    const state = sumsRunning('worker')
    finish(state, 1, 0)
    finish(state, 1, 1)
    step(state, { event: 'workerLost', worker: 0, why: 'gone' }, 0)
    expect(state.stages.get(0)!.committed).toBe(3)
    expect(state.counts.remade).toBe(0)
  })

  it('that comes out different invalidates those who read the first one, before it counts', () => {
    const state = sumsRunning('shared')
    finish(state, 1, 1)
    loseInput(state, 0, 1)
    const again = finish(state, 0, 1, sent('other rows'))
    expect(print(again)).toEqual(['journal undo', 'warn', 'journal', '1: 1.0#2', '0: 1.1#2'])
    expect(again.find((command) => command.do === 'warn')).toMatchObject({ warning: { stage: 0, task: 1, redone: 1 } })
  })

  it('of an interrupted run is made again first', () => {
    const reusable = new Map([
      ['0/0', { attempt: 1, report: sent('rows 0'), lost: false }],
      ['0/1', { attempt: 1, report: sent('rows 1'), lost: true }],
      ['0/2', { attempt: 1, report: sent('rows 2'), lost: false }],
      ['1/0', { attempt: 1, report: sent(''), lost: false }],
    ])
    const { state, commands } = begin('serial', 2, 3, { backups: false, firstAttempt: 1000, reusable })
    expect(print(commands)).toEqual(['0: 0.1#1001'])
    expect(print(finish(state, 0, 1, sent('rows 1')))).toEqual(['journal', '1: 1.1#1001'])
  })
})

describe('answers that come too late', () => {
  it('leave no files', () => {
    const { state, commands } = begin('serial')
    const [, second] = started(commands)
    step(state, { event: 'workerLost', worker: 1, why: 'silent' }, 0)
    expect(print(step(state, { event: 'taskDone', order: second.order, report: sent('rows') }, 0))).toEqual(['discardOutput'])
  })

  it('do not count when they come twice', () => {
    const { state, commands } = begin('serial')
    const [first] = started(commands)
    step(state, { event: 'taskDone', order: first.order, report: sent('rows') }, 0)
    expect(print(step(state, { event: 'taskDone', order: first.order, report: sent('rows') }, 0))).toEqual([])
  })
})
