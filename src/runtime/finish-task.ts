import { announceMade, tellNews } from './announce.ts'
import type { TaskName, TaskReport, WorkerId } from './orders.ts'
import { redoReaders } from './redo.ts'
import type { AttemptState, Made, Pending, RunCommand, RunState, StageState, TaskState } from './run-state.ts'
import { endAttempt, makeCommitted, nameOf } from './transitions.ts'

/** The attempt that an answer is of, while it still counts. */
export function findAttempt(state: RunState, name: TaskName): { task: TaskState; attempt: AttemptState } | undefined {
  const task = state.stages.get(name.stage)?.tasks[name.task]
  const attempt = task?.attempts.find((candidate) => candidate.attempt === name.attempt)
  return task === undefined || attempt === undefined ? undefined : { task, attempt }
}

/**
 * An attempt has ended well. The first of a task that does counts; all that comes later leaves nothing, and neither does what was given up.
 * A task of a pipelined region counts with its region.
 */
export function finishTask(state: RunState, name: TaskName, report: TaskReport, nowMs: number, commands: RunCommand[]): void {
  const found = findAttempt(state, name)
  if (found === undefined) return discard(state, name, report, commands)
  const { task, attempt } = found
  const { stage } = task
  state.lostWhileIdle = 0
  recordSpeed(stage, attempt, report, nowMs)
  endAttempt(state, task, attempt)
  if (attempt.isBackup) state.counts.backupsWon++
  for (const other of [...task.attempts]) {
    commands.push({ do: 'cancelTask', worker: other.worker, order: nameOf(task, other.attempt) })
    endAttempt(state, task, other)
  }
  makeCommitted(state, task)
  commands.push({ do: 'acceptReport', order: name, report })
  const { outputs, parts } = report
  const made: Made = { attempt: attempt.attempt, worker: attempt.worker, outputs, parts, lost: false }
  const { region } = stage
  if (region.pipelined) {
    task.pending = { made, report }
    if (region.open > 0) return
    for (const { tasks } of region.stages) for (const done of tasks) settlePending(state, done, commands)
    commands.push({ do: 'endAttempt', region: region.id, attempt: region.attempt })
  } else settle(state, task, made, report, commands)
  if (region.open > 0) return
  region.state = 'committed'
  tellNews(state, commands)
}

function settlePending(state: RunState, task: TaskState, commands: RunCommand[]): void {
  const { made, report } = task.pending as Pending
  task.pending = undefined
  settle(state, task, made, report, commands)
}

/** From here on others may read what the task has made. */
function settle(state: RunState, task: TaskState, made: Made, report: TaskReport, commands: RunCommand[]): void {
  const earlier = task.made
  if (earlier?.lost) task.stage.lost--
  task.made = made
  task.stage.attemptsSent.clear()
  if (state.settings.outputs === 'worker' && made.outputs.length > 0) keepOn(state, made.worker, task)
  // Before the new rows are announced: whoever goes on from the journal must not find readers of the old ones beside them.
  if (earlier !== undefined) checkSame(state, task, earlier, made, commands)
  journalTask(task, made.attempt, report, commands)
  announceMade(state, task, commands)
}

function keepOn(state: RunState, worker: WorkerId | undefined, task: TaskState): void {
  if (worker === undefined) return
  const tasks = state.outputsOn.get(worker) ?? new Set()
  state.outputsOn.set(worker, tasks.add(task))
}

/**
 * A task that was done again may have given other rows, where its functions are not deterministic. Tasks that have read the first ones are done
 * again then, so that no result is made of both.
 */
function checkSame(state: RunState, task: TaskState, earlier: Made, made: Made, commands: RunCommand[]): void {
  let redone = 0
  for (const exchange of task.stage.stage.outputs) {
    const checksumOf = ({ outputs }: Made) => outputs.find((output) => output.exchange === exchange)?.checksum
    if (checksumOf(earlier) !== checksumOf(made)) redone += redoReaders(state, task, exchange, commands)
  }
  if (redone === 0) return
  const { stage } = task
  const warning = { code: 'W-NONDETERMINISTIC', stage: stage.id, task: task.task, functions: stage.functions, redone } as const
  commands.push({ do: 'warn', warning })
}

function journalTask(task: TaskState, attempt: number, report: TaskReport, commands: RunCommand[]): void {
  // Rows for the caller are in this process only, so they cannot be taken over by another one.
  if (task.stage.local) return
  commands.push({ do: 'journal', record: { record: 'task', stage: task.stage.id, task: task.task, attempt, report } })
}

function discard(state: RunState, name: TaskName, report: TaskReport, commands: RunCommand[]): void {
  const task = state.stages.get(name.stage)?.tasks[name.task]
  // The same answer, twice.
  if (task?.made?.attempt === name.attempt || task?.pending?.made.attempt === name.attempt) return
  if (report.outputs.length > 0 || report.parts.length > 0) commands.push({ do: 'discardOutput', order: name, report })
}

function recordSpeed(stage: StageState, attempt: AttemptState, report: TaskReport, nowMs: number): void {
  const durationMs = Math.max(1e-3, nowMs - attempt.startedMs)
  stage.durationsMs.push(durationMs)
  stage.rates.push((report.rowsRead + report.rowsReceived - attempt.rowsBefore) / durationMs)
}
