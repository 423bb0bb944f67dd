import type { WorkerId } from './orders.ts'
import type { RegionState, RunCommand, RunState, StageState, TaskState } from './run-state.ts'
import { exchangeOf } from './stage-shape.ts'
import { endAttempt, makeIdle, nameOf, reopen } from './transitions.ts'

/**
 * The files of a committed task are gone. It is done again only while somebody still has to read them (MapReduce §3.3: completed map tasks are
 * re-executed when their machine fails, completed reduce tasks are not, since their output is in the global file system).
 */
export function loseOutput(state: RunState, task: TaskState, commands: RunCommand[]): void {
  markLost(task)
  if (isNeeded(state, task)) remake(state, task, commands)
}

function markLost(task: TaskState): void {
  if (task.made === undefined || task.made.lost) return
  task.made.lost = true
  task.stage.lost++
}

/** All files that lay with a worker. */
export function loseOutputsOn(state: RunState, worker: WorkerId, commands: RunCommand[]): void {
  const tasks = state.outputsOn.get(worker) ?? []
  state.outputsOn.delete(worker)
  // Marked first: a task that is done again must not count on the files of another one that is gone too.
  const lost = [...tasks].filter(({ made }) => made?.worker === worker)
  for (const task of lost) markLost(task)
  for (const task of lost) if (isNeeded(state, task)) remake(state, task, commands)
}

/** Files that were gone before this process took the run over. */
export function remakeLost(state: RunState, commands: RunCommand[]): void {
  for (const { tasks, lost } of state.stages.values()) {
    if (lost === 0) continue
    for (const task of tasks) if (task.made?.lost && isNeeded(state, task)) remake(state, task, commands)
  }
}

function isNeeded(state: RunState, task: TaskState): boolean {
  return (task.made?.outputs ?? []).some(({ exchange }) =>
    readersOf(state, task, exchange).some((reader) => reader.state !== 'committed'),
  )
}

/** The tasks to which the rows of a task go through an exchange. */
function readersOf(state: RunState, task: TaskState, id: number): readonly TaskState[] {
  const exchange = exchangeOf(state.plan, id)
  const { tasks } = state.stages.get(exchange.to) as StageState
  return exchange.partitioning.by === 'forward' ? [tasks[task.task]] : tasks
}

function remake(state: RunState, task: TaskState, commands: RunCommand[]): void {
  const { region } = task.stage
  if (task.state !== 'committed' || task.pending !== undefined) return
  state.counts.remade++
  if (region.pipelined) redoRegion(state, region, commands)
  else redoTask(state, task, commands)
}

/** Tasks that read what is gone need those who made it again. */
export function needInputs(state: RunState, { stage }: StageState, commands: RunCommand[]): void {
  for (const id of stage.inputs) {
    const producer = state.stages.get(exchangeOf(state.plan, id).from) as StageState
    if (producer.lost === 0) continue
    for (const task of producer.tasks) if (task.made?.lost) remake(state, task, commands)
  }
}

function redoTask(state: RunState, task: TaskState, commands: RunCommand[]): void {
  const { stage } = task
  reopen(state, task)
  stage.region.state = 'running'
  needInputs(state, stage, commands)
}

/** Runs a whole pipelined region again. */
function redoRegion(state: RunState, region: RegionState, commands: RunCommand[]): void {
  endRegion(state, region, commands)
  region.state = 'waiting'
  for (const stage of region.stages) needInputs(state, stage, commands)
}

/** Gives up the attempt of a pipelined region; all of its tasks are idle then. */
export function endRegion(state: RunState, region: RegionState, commands: RunCommand[]): void {
  commands.push({ do: 'endAttempt', region: region.id, attempt: region.attempt })
  for (const { tasks } of region.stages) {
    for (const task of tasks) {
      task.pending = undefined
      for (const attempt of [...task.attempts]) endAttempt(state, task, attempt)
      if (task.state === 'committed') reopen(state, task)
      else if (task.state !== 'idle') makeIdle(task)
    }
  }
}

/**
 * Does all tasks again that have read, or read now, what `task` had sent through an exchange before.
 *
 * @returns how many there were.
 */
export function redoReaders(state: RunState, task: TaskState, exchange: number, commands: RunCommand[]): number {
  let redone = 0
  const regions = new Set<RegionState>()
  for (const reader of readersOf(state, task, exchange)) {
    if (reader.state === 'idle' || reader.state === 'backoff') continue
    redone++
    if (!reader.stage.local)
      commands.push({ do: 'journal', record: { record: 'undo', stage: reader.stage.id, task: reader.task } })
    if (reader.stage.region.pipelined) regions.add(reader.stage.region)
    else if (reader.state === 'committed') redoTask(state, reader, commands)
    else cancel(state, reader, commands)
  }
  for (const region of regions) redoRegion(state, region, commands)
  return redone
}

/** Gives up the attempts of a task that runs. */
function cancel(state: RunState, task: TaskState, commands: RunCommand[]): void {
  for (const attempt of [...task.attempts]) {
    commands.push({ do: 'cancelTask', worker: attempt.worker, order: nameOf(task, attempt.attempt) })
    endAttempt(state, task, attempt)
  }
  makeIdle(task)
}
