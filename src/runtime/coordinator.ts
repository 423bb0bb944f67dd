import type { MillraceError } from '../base/errors.ts'
import { adoptWorkers } from './adopt.ts'
import { tellNews } from './announce.ts'
import { finishTask } from './finish-task.ts'
import type { WorkerId } from './orders.ts'
import { noteLast } from './poison.ts'
import { noteProgress } from './progress.ts'
import { remakeLost } from './redo.ts'
import { endBackoff, type Failure, failTask, loseItem, loseWorker, spawnMissing } from './retry.ts'
import type { PartsBySink, RunCommand, RunEvent, RunState } from './run-state.ts'
import { orderOf, placeTasks } from './schedule.ts'
import { endSilentWorkers, startBackups, watchEveryMs, watches } from './watch.ts'

/**
 * Runs a physical plan as a state machine: no clock, no I/O, no randomness. The same events always give the same commands.
 *
 * Regions run when everything they read is committed, or is being made and comes through hybrid exchanges. In a region of one stage every task commits by itself and is retried by itself: what it
 * left on disk outlives its worker. In a pipelined region rows are under way between tasks, so the whole region is tried again, under a new attempt
 * number; its results count only once all of it has ended, so nothing is doubled. Changes `state` in place; work and memory are bounded by the
 * number of tasks, not by its square.
 *
 * @param nowMs - of one clock for the whole run.
 */
export function step(state: RunState, event: RunEvent, nowMs: number): RunCommand[] {
  if (state.phase === 'ended' || (state.phase === 'committing' && !isOfCommit(event))) return []
  const commands: RunCommand[] = []
  const failure = take(state, event, nowMs, commands)
  if (failure !== undefined) fail(state, failure, commands)
  else if (state.phase === 'running') advance(state, event, nowMs, commands)
  return commands
}

/** All tasks are done: workers may come and go. */
const isOfCommit = ({ event }: RunEvent): boolean => event === 'sinksCommitted' || event === 'stop'

function take(state: RunState, event: RunEvent, nowMs: number, commands: RunCommand[]): Failure {
  switch (event.event) {
    case 'start':
      adoptWorkers(state, event.adopted ?? [], nowMs, commands)
      spawnMissing(state, nowMs, commands)
      remakeLost(state, commands)
      if (watches(state)) commands.push({ do: 'setTimer', timer: { kind: 'watch' }, afterMs: watchEveryMs })
      return undefined
    case 'workerReady':
      welcome(state, event.worker, event.host, nowMs)
      return undefined
    case 'workerLost':
      return loseWorker(state, event.worker, event.why, nowMs, commands)
    case 'lastBatches':
      return noteLast(state, event.last, event.why)
    case 'progress':
      return noteProgress(state, event.worker, event.tasks, nowMs, commands)
    case 'itemLost':
      return loseItem(state, event.item, commands)
    case 'taskDone':
      finishTask(state, event.order, event.report, nowMs, commands)
      return undefined
    case 'taskFailed':
      return failTask(state, event.order, event.error, commands)
    case 'timer':
      if (event.timer.kind === 'watch') return endSilentWorkers(state, nowMs, commands)
      if (event.timer.kind === 'announce') tellNews(state, commands)
      else endBackoff(state, event.timer, commands)
      return undefined
    case 'sinksCommitted':
      commands.push({ do: 'journal', record: { record: 'done' } }, { do: 'succeed', counts: { ...state.counts } })
      state.phase = 'ended'
      return undefined
    case 'stop':
      return event.error
  }
}

function welcome(state: RunState, id: WorkerId, host: string | undefined, nowMs: number): void {
  const worker = state.workers.get(id)
  if (worker?.state !== 'starting') return
  worker.state = 'ready'
  worker.host = host
  worker.lastSeenMs = nowMs
  state.starting--
  state.free.add(worker)
  state.freeEarly.add(worker)
  for (const { pipelined, state: life, loads } of state.regions) if (pipelined && life === 'running') loads[0].add(id)
}

function advance(state: RunState, event: RunEvent, nowMs: number, commands: RunCommand[]): void {
  const placed = placeTasks(state, nowMs)
  if (event.event === 'timer' && event.timer.kind === 'watch') {
    if (state.settings.backups) placed.push(...startBackups(state, nowMs))
    commands.push({ do: 'setTimer', timer: event.timer, afterMs: watchEveryMs })
  }
  // All are placed before any is ordered, since orders of producers name the workers of their consumers; readers go before the sources that feed
  // them, so that nothing piles up in front of closed doors.
  for (const slotted of [false, true]) {
    for (const { task, attempt } of placed) {
      if (task.stage.slotted !== slotted) continue
      commands.push({ do: 'startTask', worker: attempt.worker, order: orderOf(state, task, attempt) })
    }
  }
  if (state.open > 0) return
  state.phase = 'committing'
  const parts = partsBySink(state)
  commands.push({ do: 'journal', record: { record: 'commit', parts } }, { do: 'commitSinks', parts })
}

function partsBySink(state: RunState): PartsBySink {
  const staged = [...state.stages.values()].flatMap(({ tasks }) => tasks.flatMap(({ made }) => made?.parts ?? []))
  return state.plan.sinks.map((_, number) =>
    staged
      .filter(({ sink }) => sink === number)
      .map(({ part }) => part)
      .sort((a, b) => a.partition - b.partition),
  )
}

function fail(state: RunState, error: MillraceError, commands: RunCommand[]): void {
  for (const region of state.regions) {
    const attempts = new Set(
      region.stages.flatMap(({ tasks }) => tasks.flatMap((task) => task.attempts.map(({ attempt }) => attempt))),
    )
    for (const attempt of attempts) commands.push({ do: 'endAttempt', region: region.id, attempt })
  }
  commands.push({ do: 'fail', error })
  state.phase = 'ended'
}
