import type { PhysicalPlan } from '../../src/ir/physical.ts'
import { step } from '../../src/runtime/coordinator.ts'
import { createRun, type RunOptions } from '../../src/runtime/create-run.ts'
import type { TaskOrder, TaskReport } from '../../src/runtime/orders.ts'
import type { RunCommand, RunState } from '../../src/runtime/run-state.ts'
import { sumPlan } from './plans.ts'

export const report: TaskReport = {
  outputs: [],
  parts: [],
  nodes: [],
  rowsRead: 0,
  bytesRead: 0,
  rowsReceived: 0,
  cpuMs: 0,
  peakMemoryBytes: 0,
}
export const started = (commands: readonly RunCommand[]) =>
  commands.flatMap((command) => (command.do === 'startTask' ? [command] : []))

/** `worker: stage.task#attempt`, or the name of the command. */
export const print = (commands: readonly RunCommand[]): string[] =>
  commands.flatMap((command) => {
    if (command.do === 'acceptReport') return []
    if (command.do === 'journal') return [command.record.record === 'task' ? 'journal' : `journal ${command.record.record}`]
    if (command.do !== 'startTask' && command.do !== 'cancelTask') return [command.do]
    const { stage, task, attempt } = command.order
    return [`${command.do === 'cancelTask' ? 'cancel ' : ''}${command.worker}: ${stage}.${task}#${attempt}`]
  })

export function begin(
  mode: PhysicalPlan['mode'],
  workers = 2,
  tasks = 3,
  options: RunOptions = { backups: false },
): { state: RunState; commands: RunCommand[] } {
  const state = createRun(sumPlan(mode, { tasks, partitions: 2 }), { workers, ...options })
  step(state, { event: 'start' }, 0)
  const commands: RunCommand[] = []
  for (let worker = 0; worker < workers; worker++) commands.push(...step(state, { event: 'workerReady', worker }, 0))
  return { state, commands }
}

/** Answers every order with success until nothing more is started. */
export function finishAll(state: RunState, commands: readonly RunCommand[]): RunCommand[] {
  const seen: RunCommand[] = []
  const open: TaskOrder[] = started(commands).map(({ order }) => order)
  for (let order = open.shift(); order !== undefined; order = open.shift()) {
    const more = step(state, { event: 'taskDone', order, report }, 0)
    seen.push(...more)
    open.push(...started(more).map((command) => command.order))
  }
  return seen
}

/** What a task of the first stage has sent through exchange 0; `checksum` stands for its rows. */
export const sent = (checksum: string): TaskReport => ({
  ...report,
  outputs: [{ exchange: 0, rowCount: 1, sizeBytes: 1, checksum }],
})

/** Ends the running attempt of a task well, `nowMs` after the start of the run. */
export function finish(state: RunState, stage: number, task: number, answer = report, nowMs = 0): RunCommand[] {
  const { attempts } = state.stages.get(stage)!.tasks[task]
  const region = state.stages.get(stage)!.region.id
  const order = { region, stage, task, attempt: attempts[0].attempt }
  return step(state, { event: 'taskDone', order, report: answer }, nowMs)
}
