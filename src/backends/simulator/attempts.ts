import { type MillraceError, runError, sourceError } from '../../base/errors.ts'
import type { SeededRandom } from '../../base/seeded-random.ts'
import type { PhysicalPlan } from '../../ir/physical.ts'
import {
  type Announcement,
  coordinatorHost,
  notYet,
  type TaskName,
  type TaskOrder,
  type TaskProgress,
  type TaskReport,
  type WorkerId,
} from '../../runtime/orders.ts'
import type { RunEvent } from '../../runtime/run-state.ts'
import { exchangeOf } from '../../runtime/stage-shape.ts'
import { type BlockPlaces, nearestCopy, nextCopy } from './blocks.ts'
import type { Cluster, MachineId } from './cluster.ts'
import type { Feed } from './feed.ts'
import { Feeds } from './feeds.ts'
import type { FlowNetwork } from './flow-network.ts'
import type { FlowId } from './flow-table.ts'
import type { Outputs, Sources } from './outputs.ts'
import {
  type Course,
  computeCourse,
  fetchCourse,
  type Phase,
  phasesOf,
  type Runner,
  readCourse,
  sendCourse,
  writeCourse,
} from './phases.ts'
import { type StageLoad, shareOf } from './stage-loads.ts'

/** A row of text, to turn bytes into the rows that the coordinator judges speed by. */
const rowBytes = 100

interface Attempt {
  order: TaskOrder
  worker: WorkerId
  runner: Runner
  phases: readonly Phase[]
  at: number
  flow: FlowId | undefined
  course: Course | undefined
  /** Bytes of the phase before this flow, where it had to find another machine. */
  passed: number
  takenBytes: number
  spills: boolean
  /** Of the blocking exchange that it is copying from. */
  sources: Sources | undefined
  /** Bytes that it has copied of a hybrid exchange, and that it is copying. */
  copied: number
  copying: number
  /** It began before all that it reads was there. */
  isEarly: boolean
}

/** What has come for a consumer is copied when it is so much of its partition, or all of the rest: else there were a flow for each producer. */
const leastRound = 0.05

export interface AttemptsContext {
  plan: PhysicalPlan
  cluster: Cluster
  loads: ReadonlyMap<number, StageLoad>
  blocks: BlockPlaces
  network: FlowNetwork
  outputs: Outputs
  random: SeededRandom
  /** Sends an answer to the coordinator. */
  answer(worker: WorkerId, event: RunEvent, nowMs: number): void
  /** The last bytes of an exchange have come in. */
  received(stage: number, nowMs: number): void
  /** A worker has begun (1) or ended (−1) an attempt. */
  busy(change: 1 | -1, nowMs: number): void
}

/** Where input was read from, in bytes. */
export interface ReadCounts {
  local: number
  rack: number
  remote: number
}

/** The attempts that run: each goes through its phases, one flow at a time. */
export class Attempts {
  readonly #context: AttemptsContext
  readonly #ofWorker = new Map<WorkerId, Set<Attempt>>()
  readonly #ofFlow: (Attempt | undefined)[] = []
  /** How many workers were lost, and how many were when all of those that have files of an exchange were seen to be there. */
  #losses = 0
  readonly #allThereAt = new WeakMap<Sources, number>()
  readonly #feeds: Feeds
  /** Consumers that have copied all that is there. */
  readonly #waiting = new Set<Attempt>()
  /** Which copy of its input a task has read last. */
  readonly #readFrom = new Map<string, MachineId>()
  readonly reads: ReadCounts = { local: 0, rack: 0, remote: 0 }
  running = 0

  constructor(context: AttemptsContext) {
    this.#context = context
    this.#feeds = new Feeds(context, (worker) => this.#ofWorker.has(worker))
  }

  begin(worker: WorkerId, machine: MachineId, order: TaskOrder, nowMs: number): void {
    const { cluster, loads, plan, random } = this.#context
    const mine = this.#ofWorker.get(worker) ?? new Set()
    // The order may come twice.
    if ([...mine].some((attempt) => isNamed(attempt, order))) return
    const load = loads.get(order.stage) as StageLoad
    const { spec } = cluster
    const luck = Math.exp(spec.taskSpread * random.normal())
    const phases = phasesOf(plan, load, order.task, spec.blockMB * 2 ** 20)
    const received = phases.reduce((sum, phase) => (phase.do === 'fetch' ? sum + phase.bytes : sum), 0)
    const attempt: Attempt = {
      order,
      worker,
      runner: { cluster, load, machine, luck },
      phases,
      at: -1,
      flow: undefined,
      course: undefined,
      passed: 0,
      takenBytes: 0,
      spills: received > spec.memoryMB * 1e6,
      sources: undefined,
      copied: 0,
      copying: 0,
      isEarly: order.inputs.some(({ attempts }) => attempts.includes(notYet)),
    }
    this.#feeds.learn(order)
    this.#ofWorker.set(worker, mine.add(attempt))
    this.running++
    if (worker !== coordinatorHost && mine.size === 1) this.#context.busy(1, nowMs)
    this.#next(attempt, nowMs)
  }

  /** The flow of an attempt has ended: its next phase begins. */
  flowEnded(flow: FlowId, nowMs: number): void {
    const attempt = this.#ofFlow[flow] as Attempt
    this.#stopFlow(attempt, nowMs)
    const phase = attempt.phases[attempt.at]
    if (phase.do === 'fetch' && attempt.sources === undefined) {
      attempt.copied += attempt.copying
      if (attempt.copied < phase.bytes * (1 - 1e-9)) return this.#start(attempt, phase, phase.bytes - attempt.copied, nowMs)
    }
    if (phase.do === 'read' || phase.do === 'fetch') attempt.takenBytes += phase.bytes
    if (phase.do === 'fetch') this.#context.received(attempt.order.stage, nowMs)
    this.#next(attempt, nowMs)
  }

  cancel(worker: WorkerId, name: TaskName, nowMs: number): void {
    for (const attempt of this.#ofWorker.get(worker) ?? []) if (isNamed(attempt, name)) this.#drop(attempt, nowMs)
  }

  /** A worker is gone: so is what it was doing, and whoever copies its files finds nobody there. */
  dropWorker(worker: WorkerId, nowMs: number): void {
    for (const attempt of [...(this.#ofWorker.get(worker) ?? [])]) this.#drop(attempt, nowMs)
    this.#ofWorker.delete(worker)
    this.#losses++
    this.#feeds.lose(worker)
    for (const attempts of [...this.#ofWorker.values()]) {
      for (const attempt of [...attempts]) {
        const task = attempt.sources?.taskOf.get(worker)
        if (task !== undefined) this.#failFetch(attempt, task, nowMs)
      }
    }
  }

  /** A machine is down: whoever reads a copy there or writes one goes on with another. */
  leaveMachine(machine: MachineId, nowMs: number): void {
    for (const attempts of [...this.#ofWorker.values()]) {
      for (const attempt of [...attempts]) {
        if (attempt.course?.peers.includes(machine) !== true || attempt.flow === undefined) continue
        const left = this.#context.network.bytesLeft(attempt.flow, nowMs)
        this.#stopFlow(attempt, nowMs)
        const phase = attempt.phases[attempt.at]
        attempt.passed = phase.bytes - left
        this.#start(attempt, phase, left, nowMs)
      }
    }
  }

  progressOf(worker: WorkerId, nowMs: number): TaskProgress[] {
    return [...(this.#ofWorker.get(worker) ?? [])].map((attempt) => {
      const { region, stage, task, attempt: number } = attempt.order
      const bytes = this.#takenBy(attempt, nowMs)
      const progress = { region, stage, task, attempt: number, rows: bytes / rowBytes, bytes }
      return attempt.isEarly ? { ...progress, known: this.#feeds.known(attempt.order) } : progress
    })
  }

  #takenBy({ takenBytes, phases, at, flow, copied, copying, sources }: Attempt, nowMs: number): number {
    const phase = phases[at]
    if (phase === undefined || (phase.do !== 'read' && phase.do !== 'fetch')) return takenBytes
    const before = takenBytes + copied
    if (flow === undefined) return before
    const bytes = phase.do === 'fetch' && sources === undefined ? copying : phase.bytes
    return before + bytes - this.#context.network.bytesLeft(flow, nowMs)
  }

  /** Workers are told what more there is to read of hybrid exchanges. */
  announce(made: readonly Announcement[], nowMs: number): void {
    if (!this.#feeds.tell(made)) return
    for (const attempt of [...this.#waiting]) {
      const phase = attempt.phases[attempt.at]
      this.#waiting.delete(attempt)
      this.#start(attempt, phase, phase.bytes - attempt.copied, nowMs)
    }
  }

  #next(attempt: Attempt, nowMs: number): void {
    attempt.at++
    attempt.passed = 0
    attempt.sources = undefined
    attempt.copied = 0
    const phase = attempt.phases[attempt.at]
    if (phase === undefined) this.#finish(attempt, nowMs)
    else this.#start(attempt, phase, phase.bytes, nowMs)
  }

  #start(attempt: Attempt, phase: Phase, bytes: number, nowMs: number): void {
    const course = this.#courseOf(attempt, phase, nowMs)
    if (course === undefined) return
    attempt.course = course
    const { path, cap, series: counted } = course
    const flow = this.#context.network.start(
      { bytes: course.bytes ?? bytes, cap, uses: path.uses, weights: path.weights, series: counted },
      nowMs,
    )
    attempt.flow = flow
    this.#ofFlow[flow] = attempt
  }

  /** Undefined when it cannot go on; the coordinator has been told then. */
  #courseOf(attempt: Attempt, phase: Phase, nowMs: number): Course | undefined {
    switch (phase.do) {
      case 'read':
        return this.#read(attempt, phase, nowMs)
      case 'fetch':
        return this.#fetch(attempt, phase, nowMs)
      case 'compute':
        return computeCourse(attempt.runner, attempt.spills)
      case 'send':
        return sendCourse(attempt.runner)
      case 'write':
        return writeCourse(attempt.runner, this.#copies(attempt.runner))
    }
  }

  #read(attempt: Attempt, { bytes }: Phase, nowMs: number): Course | undefined {
    const { cluster, blocks } = this.#context
    const { stage, task } = attempt.order
    const { machine } = attempt.runner
    const copies = blocks.get(stage)?.[task] ?? [machine]
    // Whoever tries again, or beside another, does not wait for the same disk.
    const name = `${stage}/${task}`
    const others = copies.filter((copy) => copy !== this.#readFrom.get(name))
    const from = nearestCopy(cluster, others, machine) ?? nearestCopy(cluster, copies, machine)
    if (from === undefined) {
      this.#fail(attempt, sourceError('SOURCE_UNREADABLE', `all machines with a copy of input block ${task} are down`), nowMs)
      return undefined
    }
    this.#readFrom.set(name, from)
    const where = from === machine ? 'local' : cluster.rackOf[from] === cluster.rackOf[machine] ? 'rack' : 'remote'
    this.reads[where] += bytes - attempt.passed
    return readCourse(attempt.runner, from)
  }

  #fetch(attempt: Attempt, { exchange, bytes }: Extract<Phase, { do: 'fetch' }>, nowMs: number): Course | undefined {
    const { outputs, plan } = this.#context
    const feed = this.#feeds.of(exchange)
    if (feed !== undefined) return this.#fetchMade(attempt, feed, bytes)
    const attempts = attempt.order.inputs.find((input) => input.exchange === exchange)?.attempts ?? []
    const sources = outputs.sourcesOf(exchange, exchangeOf(plan, exchange).from, attempts)
    attempt.sources = sources
    const gone = this.#goneTask(sources)
    if (gone !== undefined) {
      this.#failFetch(attempt, gone, nowMs)
      return undefined
    }
    const { machine, cluster } = attempt.runner
    const near = { onMachine: sources.onMachine[machine], inRack: sources.inRack[cluster.rackOf[machine]] }
    return fetchCourse(attempt.runner, bytes / Math.max(1, sources.files), near, attempt.spills)
  }

  /** Copies what is there of a hybrid exchange, or waits for more. */
  #fetchMade(attempt: Attempt, feed: Feed, bytes: number): Course | undefined {
    const there = bytes * feed.share - attempt.copied
    if (there < bytes - attempt.copied && there < bytes * leastRound) {
      this.#waiting.add(attempt)
      return undefined
    }
    attempt.copying = there
    const { runner, spills } = attempt
    const course = fetchCourse(runner, bytes / Math.max(1, feed.producers), feed.sharesNear(runner.machine), spills)
    return { ...course, bytes: there }
  }

  /** A producer whose worker is not there any more; looked for only after a loss, since all consumers share the list. */
  #goneTask(sources: Sources): number | undefined {
    if (this.#allThereAt.get(sources) === this.#losses) return undefined
    for (const [worker, task] of sources.taskOf) if (worker !== coordinatorHost && !this.#ofWorker.has(worker)) return task
    this.#allThereAt.set(sources, this.#losses)
    return undefined
  }

  /** Workers that may serve files: known from their start on. */
  welcome(worker: WorkerId): void {
    this.#ofWorker.set(worker, this.#ofWorker.get(worker) ?? new Set())
  }

  #copies({ cluster, machine }: Runner): MachineId[] {
    const copies: MachineId[] = []
    let from = machine
    while (copies.length < cluster.spec.outputCopies - 1) {
      from = nextCopy(cluster, this.#context.random, from)
      copies.push(from)
    }
    return copies
  }

  #failFetch(attempt: Attempt, task: number, nowMs: number): void {
    const phase = attempt.phases[attempt.at] as Extract<Phase, { do: 'fetch' }>
    const { exchange } = phase
    const made = attempt.order.inputs.find((input) => input.exchange === exchange)?.attempts[task] ?? 0
    const lostOutput = { exchange, task, attempt: made }
    this.#fail(
      attempt,
      runError('RUN_WORKER_LOST', `the machine with the output of task ${task} does not answer`, { lostOutput }),
      nowMs,
    )
  }

  #fail(attempt: Attempt, error: MillraceError, nowMs: number): void {
    this.#drop(attempt, nowMs)
    this.#context.answer(attempt.worker, { event: 'taskFailed', order: attempt.order, error }, nowMs)
  }

  #finish(attempt: Attempt, nowMs: number): void {
    const { worker, order, runner } = attempt
    this.#drop(attempt, nowMs)
    const { load, machine } = runner
    const { stage, task, attempt: number } = order
    const share = shareOf(load, task)
    const outputs = [...load.sent].map(([exchange, bytes]) => {
      return { exchange, rowCount: Math.ceil((bytes * share) / rowBytes), sizeBytes: Math.ceil(bytes * share), checksum: 'same' }
    })
    const sizeBytes = outputs.reduce((sum, output) => sum + output.sizeBytes, 0)
    if (outputs.length > 0) this.#context.outputs.keep(stage, task, number, worker, machine, sizeBytes)
    this.#context.answer(worker, { event: 'taskDone', order, report: reportOf(attempt, outputs) }, nowMs)
  }

  #drop(attempt: Attempt, nowMs: number): void {
    this.#stopFlow(attempt, nowMs)
    const mine = this.#ofWorker.get(attempt.worker)
    mine?.delete(attempt)
    this.#waiting.delete(attempt)
    this.running--
    if (attempt.worker !== coordinatorHost && mine?.size === 0) this.#context.busy(-1, nowMs)
  }

  #stopFlow(attempt: Attempt, nowMs: number): void {
    if (attempt.flow === undefined) return
    this.#context.network.stop(attempt.flow, nowMs)
    this.#ofFlow[attempt.flow] = undefined
    attempt.flow = undefined
    attempt.course = undefined
  }
}

const isNamed = ({ order }: Attempt, name: TaskName): boolean =>
  order.stage === name.stage && order.task === name.task && order.attempt === name.attempt

function reportOf({ runner: { load }, order: { task }, phases }: Attempt, outputs: TaskReport['outputs']): TaskReport {
  const sum = (kind: Phase['do']): number => phases.reduce((total, phase) => (phase.do === kind ? total + phase.bytes : total), 0)
  const sizeBytes = Math.ceil(sum('write'))
  const part = { partition: task, path: `part-${task}`, rowCount: Math.ceil(sizeBytes / rowBytes), sizeBytes }
  const sinks = load.stage.nodes.flatMap((node) => (node.operator === 'sink' ? [{ sink: node.spec.sink, part }] : []))
  const bytesRead = sum('read')
  return {
    outputs,
    parts: sinks,
    nodes: [],
    rowsRead: bytesRead / rowBytes,
    bytesRead,
    rowsReceived: sum('fetch') / rowBytes,
    peakMemoryBytes: 0,
    cpuMs: 0,
  }
}
