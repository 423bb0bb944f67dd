import { describe, expect, it } from 'vitest'
import { step } from '../../src/runtime/coordinator.ts'
import type { TaskProgress } from '../../src/runtime/orders.ts'
import type { RunCommand, RunState } from '../../src/runtime/run-state.ts'
import { begin, finish, print, sent, started } from './coordinator-harness.ts'

/** Stage 0 has 3 tasks and stage 1, which reads them, 2; there are 2 workers. */
const hybrid = (): RunState => begin('hybrid').state
const attemptsIn = (commands: readonly RunCommand[]) =>
  started(commands).flatMap(({ order }) => order.inputs.map(({ attempts }) => attempts))
const told = (commands: readonly RunCommand[]) => commands.flatMap((command) => (command.do === 'announce' ? [command] : []))
const tick = (state: RunState) => step(state, { event: 'timer', timer: { kind: 'announce' } }, 200)

function sign(state: RunState, worker: number, task: number, known: number): RunCommand[] {
  const progress: TaskProgress = { region: 1, stage: 1, task, attempt: 1, rows: 0, bytes: 0, known }
  return step(state, { event: 'progress', worker, tasks: [progress] }, 1000)
}

describe('a stage that reads hybrid exchanges', () => {
  it('begins when something is there, beside the tasks that it waits for', () => {
    const state = hybrid()
    const commands = finish(state, 0, 0, sent('a'))
    expect(print(commands)).toEqual(['journal', '0: 0.2#1', '0: 1.0#1', '1: 1.1#1'])
    expect(attemptsIn(commands)).toEqual([
      [1, -1, -1],
      [1, -1, -1],
    ])
  })

  it('is told of the others together, and at once of the last', () => {
    const state = hybrid()
    finish(state, 0, 0, sent('a'))
    expect(print(finish(state, 0, 1))).toEqual(['journal', 'setTimer'])
    expect(told(tick(state))).toEqual([{ do: 'announce', made: [{ exchange: 0, task: 1, attempt: 0 }] }])
    expect(told(finish(state, 0, 2, sent('c')))).toEqual([{ do: 'announce', made: [{ exchange: 0, task: 2, attempt: 1 }] }])
    expect(told(tick(state))).toEqual([])
  })

  it('is told again when it does not know what it was told', () => {
    const state = hybrid()
    finish(state, 0, 0, sent('a'))
    finish(state, 0, 1, sent('b'))
    expect(told(sign(state, 1, 1, 1))).toEqual([])
    tick(state)
    const made = [0, 1].map((task) => ({ exchange: 0, task, attempt: 1 }))
    expect(told(sign(state, 1, 1, 1))).toEqual([{ do: 'announce', worker: 1, made }])
    expect(told(sign(state, 1, 1, 2))).toEqual([])
  })

  it('takes a place like any other once all is there', () => {
    const state = hybrid()
    for (const task of [0, 1, 2]) finish(state, 0, task, sent('a'))
    expect([...state.workers.values()].map(({ alone, early }) => [alone, early])).toEqual([
      [1, 0],
      [1, 0],
    ])
  })

  it('does not wait for a stage that waits itself', () => {
    const state = hybrid()
    finish(state, 0, 0, sent('a'))
    finish(state, 0, 1, sent('b'))
    expect(state.regions.map((region) => region.state)).toEqual(['running', 'running', 'waiting'])
    finish(state, 0, 2, sent('c'))
    const commands = finish(state, 1, 0)
    expect(print(commands)).toEqual(['journal', '-1: 2.0#1'])
    expect(attemptsIn(commands)).toEqual([[0, -1]])
  })

  it('reads what is made again by the number of the later attempt', () => {
    const { state } = begin('hybrid', 2, 3, { backups: false, outputs: 'worker' })
    finish(state, 0, 0, sent('a'))
    step(state, { event: 'workerLost', worker: 0, why: 'gone' }, 0)
    expect(state.counts.remade).toBe(1)
    const again = step(state, { event: 'workerReady', worker: 2 }, 0)
    expect(print(again)).toContain('2: 0.0#2')
    expect(state.stages.get(1)!.tasks[1].state).toBe('running')
    finish(state, 0, 0, sent('a'))
    expect(told(tick(state))[0].made).toContainEqual({ exchange: 0, task: 0, attempt: 2 })
  })
})
