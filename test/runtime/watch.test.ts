import { describe, expect, it } from 'vitest'
import { step } from '../../src/runtime/coordinator.ts'
import type { RunState } from '../../src/runtime/run-state.ts'
import { begin, finish, print, report } from './coordinator-harness.ts'

const tick = (state: RunState, nowMs: number) => step(state, { event: 'timer', timer: { kind: 'watch' } }, nowMs)
const tell = (state: RunState, worker: number, task: number, rows: number, nowMs: number) =>
  step(state, { event: 'progress', worker, tasks: [{ region: 0, stage: 0, task, attempt: 1, rows, bytes: 0 }] }, nowMs)

/** 4 tasks on 4 workers; all but task 3 read 1,000 rows in a second. */
function oneLeft(): RunState {
  const { state } = begin('serial', 4, 4, { backups: true })
  for (const task of [0, 1, 2]) finish(state, 0, task, { ...report, rowsRead: 1000 }, 1000)
  return state
}

describe('backup attempts', () => {
  it('are given to a slow task; the first to end counts and the other is stopped', () => {
    const state = oneLeft()
    tell(state, 3, 3, 1000, 5900)
    expect(print(tick(state, 6000))).toEqual(['setTimer', '0: 0.3#2'])
    const order = { region: 0, stage: 0, task: 3, attempt: 2 }
    expect(print(step(state, { event: 'taskDone', order, report }, 7000))).toEqual([
      'cancel 3: 0.3#1',
      'journal',
      '1: 1.0#1',
      '2: 1.1#1',
    ])
    expect(state.counts).toMatchObject({ backups: 1, backupsWon: 1, retries: 0 })
  })

  it('are not given to a task that has more rows and is as fast as others', () => {
    const state = oneLeft()
    tell(state, 3, 3, 5900, 5900)
    expect(print(tick(state, 6000))).toEqual(['setTimer'])
  })

  it('go on when the worker of the first attempt is lost', () => {
    const state = oneLeft()
    tick(state, 6000)
    expect(print(step(state, { event: 'workerLost', worker: 3, why: 'gone' }, 6500))).toEqual(['spawnWorker'])
    expect(state.stages.get(0)!.tasks[3]).toMatchObject({ state: 'running', attempts: [{ attempt: 2 }] })
  })

  it('are not given while tasks wait for a worker', () => {
    const { state } = begin('serial', 1, 2, { backups: true })
    expect(print(tick(state, 60_000))).toEqual(['setTimer'])
  })
})

describe('silent workers', () => {
  it('are ended, and their tasks run elsewhere', () => {
    const { state } = begin('serial', 2, 2, { backups: false, hangAfterMs: 30_000 })
    tell(state, 0, 0, 1, 29_000)
    expect(print(tick(state, 30_000))).toEqual(['setTimer'])
    tell(state, 0, 0, 1, 31_000)
    expect(print(tick(state, 31_000))).toEqual(['killWorker', 'setTimer', 'spawnWorker', 'setTimer'])
    expect(state.stages.get(0)!.tasks.map((task) => task.state)).toEqual(['running', 'backoff'])
  })

  it('are ended too when others may still wait for rows that they have sent', () => {
    const { state } = begin('pipelined', 2, 2, { backups: false, hangAfterMs: 30_000 })
    finish(state, 0, 1)
    finish(state, 1, 1)
    tell(state, 0, 0, 1, 31_000)
    expect(state.workers.get(1)!.running.size).toBe(0)
    expect(print(tick(state, 31_000))).toContain('killWorker')
    expect(state.counts.retries).toBeGreaterThan(0)
  })

  it('may be silent while they have nothing to do', () => {
    const { state } = begin('serial', 2, 1, { backups: false, hangAfterMs: 30_000 })
    tell(state, 0, 0, 1, 99_000)
    expect(print(tick(state, 100_000))).toEqual(['setTimer'])
  })
})
