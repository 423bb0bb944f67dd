import { type Announcement, notYet, type WorkerId } from './orders.ts'
import type { RunCommand, RunState, StageState, TaskState } from './run-state.ts'
import { exchangeOf, hybridInputs } from './stage-shape.ts'

/** Announcements wait so long for others: on a wide cluster each of them goes to all workers. */
const announceAfterMs = 200

/** The attempt of a producer that is to be read of an exchange through files; 0: it has sent nothing. */
export function attemptSent({ state, made }: TaskState, exchange: number): number {
  if (made === undefined || state !== 'committed') return notYet
  return made.outputs.some((output) => output.exchange === exchange) ? made.attempt : 0
}

/** A producer is committed: tasks that read a hybrid exchange from it and run already are to be told, soon. */
export function announceMade(state: RunState, task: TaskState, commands: RunCommand[]): void {
  const { stage } = task
  if (stage.region.pipelined) return
  for (const id of stage.stage.outputs) {
    const { mode, to } = exchangeOf(state.plan, id)
    const reader = state.stages.get(to) as StageState
    if (mode !== 'hybrid' || reader.running.size === 0) continue
    if (state.news.length === 0) commands.push({ do: 'setTimer', timer: { kind: 'announce' }, afterMs: announceAfterMs })
    state.news.push({ exchange: id, task: task.task, attempt: attemptSent(task, id) })
  }
}

export function tellNews(state: RunState, commands: RunCommand[]): void {
  if (state.news.length === 0) return
  commands.push({ do: 'announce', made: state.news })
  state.news = []
}

/** A task that began early knows of so many of its producers: announcements that have not come to it are made again. */
export function repeatAnnouncements(
  state: RunState,
  { stage: { stage } }: TaskState,
  worker: WorkerId,
  known: number,
  commands: RunCommand[],
): void {
  const inputs = hybridInputs(state.plan, stage)
  const producers = inputs.map(({ from }) => state.stages.get(from) as StageState)
  const untold = state.news.filter(({ exchange }) => inputs.some(({ id }) => id === exchange)).length
  if (known + untold >= producers.reduce((sum, { committed }) => sum + committed, 0)) return
  const made = inputs.flatMap(({ id }, i) => producers[i].tasks.flatMap((task) => madeBy(task, id)))
  commands.push({ do: 'announce', worker, made })
}

function madeBy(task: TaskState, exchange: number): Announcement[] {
  const attempt = attemptSent(task, exchange)
  return attempt === notYet ? [] : [{ exchange, task: task.task, attempt }]
}
