import { describe, expect, it } from 'vitest'
import type { ErrorPolicy } from '../../src/ir/on-error.ts'
import { step } from '../../src/runtime/coordinator.ts'
import { createRun } from '../../src/runtime/create-run.ts'
import type { LastBatch, TaskOrder, WorkerId } from '../../src/runtime/orders.ts'
import type { RunCommand } from '../../src/runtime/run-state.ts'
import { started } from './coordinator-harness.ts'
import { sumPlan } from './plans.ts'

/** One task over and over: it loses its worker while it is at these rows. */
function losing(policy: ErrorPolicy, mode: 'serial' | 'pipelined' = 'serial') {
  const plan = { ...sumPlan(mode, { tasks: 1 }), onError: { policy } }
  const state = createRun(plan, { workers: 1, backups: false })
  let worker: WorkerId = 0
  let commands: RunCommand[] = []
  const order = (): TaskOrder | undefined => started(commands).find(({ order: { stage } }) => stage === 0)?.order
  const spawn = (): void => {
    commands = [...commands, ...step(state, { event: 'workerReady', worker }, 0)]
  }
  commands = step(state, { event: 'start' }, 0)
  spawn()
  const lose = (...last: Partial<LastBatch>[]): { order?: TaskOrder; error?: string } => {
    const { region, stage, task, attempt } = order() as TaskOrder
    const batches = last.map((rows) => ({ region, stage, task, attempt, firstRow: 0, rows: 1, isWaiting: false, ...rows }))
    const told = last.length === 0 ? [] : step(state, { event: 'lastBatches', last: batches, why: 'exit code 3' }, 0)
    commands = [...told, ...step(state, { event: 'workerLost', worker: worker++, why: 'exit code 3' }, 0)]
    const timers = commands.flatMap((command) =>
      command.do === 'setTimer' && command.timer.kind !== 'watch' ? [command.timer] : [],
    )
    const end = commands.find((command) => command.do === 'fail')
    spawn()
    for (const timer of timers) commands.push(...step(state, { event: 'timer', timer }, 0))
    return { order: order(), error: end?.error.code }
  }
  return { first: order(), lose }
}

describe.each(['serial', 'pipelined'] as const)('a task that loses its worker again and again, %s', (mode) => {
  it('is run with care from the second time on, its batch row by row, and then without the row', () => {
    const { first, lose } = losing('skip', mode)
    expect(first?.care).toBeUndefined()
    expect(lose().order?.care).toEqual({ leftOut: [] })
    expect(lose({ firstRow: 800, rows: 100 }).order?.care).toMatchObject({ suspect: { firstRow: 800, rows: 100 }, leftOut: [] })
    const { care } = lose({ firstRow: 817 }).order as TaskOrder
    expect(care).toMatchObject({ suspect: { firstRow: 800 }, leftOut: [{ firstRow: 817, rows: 1 }] })
  })

  it('ends the run where rows that fail do', () => {
    const { lose } = losing('fail', mode)
    lose()
    lose({ firstRow: 800, rows: 100 })
    expect(lose({ firstRow: 817 }).error).toBe('RUN_POISON_BATCH')
  })

  it('accuses no row that waited for others, and gives up', () => {
    const { lose } = losing('skip', mode)
    lose()
    lose({ firstRow: 800, rows: 100 })
    const errors = Array.from({ length: 3 }, () => lose({ firstRow: 817, isWaiting: true }).error)
    expect(errors.filter((error) => error !== undefined)).toEqual(['RUN_WORKER_LOST'])
  })

  it('may lose it for many rows, but not for ever', () => {
    const { lose } = losing('skip', mode)
    lose()
    let rows = 0
    for (let error: string | undefined; error === undefined; rows++) {
      lose({ firstRow: rows * 100, rows: 100 })
      error = lose({ firstRow: rows * 100 }).error
      if (error !== undefined) expect(error).toBe('RUN_POISON_BATCH')
    }
    expect(rows).toBe(101)
  })

  it('gives up where every loss is in another batch', () => {
    const { lose } = losing('skip', mode)
    let losses = 0
    for (let error: string | undefined; error === undefined; losses++) error = lose({ firstRow: losses * 100, rows: 100 }).error
    expect(losses).toBeLessThan(400)
  })
})
