import { invariant } from '../base/assert.ts'
import { asMillraceError, bug, type MillraceError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { commitSinks, discardStaged } from './commit-sinks.ts'
import { step } from './coordinator.ts'
import { createRun } from './create-run.ts'
import type { DriveResult } from './driver.ts'
import { RunObserver } from './metrics/run-observer.ts'
import { type OpenRunRequest, openRun } from './open-run.ts'
import { coordinatorHost, type TaskName, type TaskOrder, type WorkerId } from './orders.ts'
import type { RunCommand, RunEvent } from './run-state.ts'

/** What goes wrong in a virtual run; all of it is drawn from `seed`. */
export interface VirtualOptions {
  seed: number
  /** How many workers die at some moment of their life. */
  deaths: number
  /** Most messages take 1 to 5 ms; every `lateEvery`-th or so takes up to a second. 0: none. */
  lateEvery: number
}

interface Scheduled {
  atMs: number
  order: number
  happen(): void | Promise<void>
}

/**
 * Runs a serial plan with the real coordinator and real tasks on a real disk, but with workers, messages and time that are only imagined:
 * delays, durations and deaths come from a seed, so that a run which went wrong can be had again.
 *
 * A worker that dies is noticed late; what it had sent before still arrives, be it after its work was given to another one.
 *
 * @returns the result, and the log of everything that happened: the same seed gives the same lines.
 */
export async function runVirtually(
  request: OpenRunRequest,
  options: VirtualOptions,
): Promise<DriveResult & { log: readonly string[] }> {
  const { plan } = request
  invariant(
    plan.regions.every(({ stages }) => stages.length === 1),
    'a virtual run takes serial plans only',
  )
  const random = randomFrom(options.seed)
  let nowMs = 0
  const host: Host = { ...request.host, clock: { nowMs: () => nowMs, wallTimeUs: () => Math.round(nowMs * 1000) } }
  const { record, results, local } = openRun({ ...request, host }, {})
  const state = createRun(plan, { workers: request.workers, firstAttempt: record.firstAttempt, reusable: record.reusable })
  const observer = new RunObserver(plan, host.clock, record.reusable)
  const agenda: Scheduled[] = []
  const dead = new Set<WorkerId>()
  const log: string[] = []
  let deaths = options.deaths
  let scheduled = 0
  let outcome: Extract<RunCommand, { do: 'succeed' | 'fail' }> | undefined

  tell({ event: 'start' })
  while (outcome === undefined) {
    const next = takeEarliest(agenda)
    invariant(next !== undefined, 'nothing is left to happen, and the run has not ended')
    nowMs = next.atMs
    await next.happen()
  }
  local.close()
  discardStaged(request, plan.sinks)
  record.remove()
  if (outcome.do === 'fail') throw outcome.error
  const run = { wallMs: nowMs, workers: state.wantedWorkers, warnings: [] }
  const metrics = observer.metrics(outcome.counts, run)
  return { outputs: results.outputs(), metrics, close: () => results.close(), log }

  function at(delayMs: number, happen: Scheduled['happen']): void {
    agenda.push({ atMs: nowMs + delayMs, order: scheduled++, happen })
  }

  function messageDelayMs(): number {
    const late = options.lateEvery > 0 && random() * options.lateEvery < 1
    return late ? 5 + random() * 1000 : 1 + random() * 4
  }

  function note(text: string): void {
    log.push(`${nowMs.toFixed(3)} ${text}`)
  }

  function tell(event: RunEvent): void {
    note(`event ${describe(event)}`)
    const commands = step(state, event, nowMs)
    observer.saw(event, commands)
    for (const command of commands) carryOut(command)
  }

  function carryOut(command: RunCommand): void {
    switch (command.do) {
      case 'spawnWorker':
        note(`spawn worker ${command.worker}`)
        return spawn(command.worker)
      case 'startTask':
        note(`start ${nameOf(command.order)} on ${command.worker}`)
        return at(messageDelayMs(), () => work(command.worker, command.order))
      case 'endAttempt':
        return local.endAttempt(command.region, command.attempt)
      case 'setTimer':
        return at(command.afterMs, () => tell({ event: 'timer', timer: command.timer }))
      case 'acceptReport':
        return
      case 'cancelTask':
        return at(messageDelayMs(), () => local.cancel(command.order))
      case 'killWorker':
        return void dead.add(command.worker)
      case 'discardOutput':
        for (const { exchange } of command.report.outputs)
          host.disk.remove(record.files.partition(exchange, command.order.task, command.order.attempt))
        return
      case 'warn':
        return note(`warn ${command.warning.code}`)
      case 'journal':
        note(`journal ${command.record.record}`)
        return record.append(command.record)
      case 'commitSinks':
        commitSinks({ ...request, host }, plan.sinks, command.parts)
        return at(0, () => tell({ event: 'sinksCommitted' }))
      case 'succeed':
      case 'fail':
        note(command.do)
        outcome = command
    }
  }

  function spawn(worker: WorkerId): void {
    at(messageDelayMs(), () => tell({ event: 'workerReady', worker }))
    if (deaths === 0) return
    deaths--
    at(5 + random() * 100, () => {
      note(`worker ${worker} dies`)
      dead.add(worker)
      at(messageDelayMs(), () => tell({ event: 'workerLost', worker, why: 'it died' }))
    })
  }

  async function work(worker: WorkerId, order: TaskOrder): Promise<void> {
    if (dead.has(worker)) return
    let answer: RunEvent
    try {
      answer = { event: 'taskDone', order, report: await local.run(order) }
    } catch (thrown) {
      const error: MillraceError = asMillraceError(thrown, (message, cause) => bug(message, { cause }))
      answer = { event: 'taskFailed', order, error }
    }
    at(1 + random() * 20, () => {
      if (worker === coordinatorHost || !dead.has(worker)) at(messageDelayMs(), () => tell(answer))
    })
  }
}

const nameOf = ({ stage, task, attempt }: TaskName): string => `stage ${stage} task ${task} attempt ${attempt}`

function describe(event: RunEvent): string {
  switch (event.event) {
    case 'workerReady':
    case 'workerLost':
      return `${event.event} ${event.worker}`
    case 'taskDone':
      return `${event.event} ${nameOf(event.order)}`
    case 'taskFailed':
      return `${event.event} ${nameOf(event.order)} ${event.error.code}`
    case 'timer':
      return `timer ${event.timer.kind}`
    default:
      return event.event
  }
}

function takeEarliest(agenda: Scheduled[]): Scheduled | undefined {
  let best = 0
  for (let i = 1; i < agenda.length; i++) {
    const { atMs, order } = agenda[i]
    if (atMs < agenda[best].atMs || (atMs === agenda[best].atMs && order < agenda[best].order)) best = i
  }
  return agenda.splice(best, 1)[0]
}

/** SplitMix32: any seed will do, neighbouring ones too. Gives numbers from 0 up to 1. */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
