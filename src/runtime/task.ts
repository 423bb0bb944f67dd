import { asMillraceError, bug } from '../base/errors.ts'
import { reclaimArrays } from '../base/reclaim.ts'
import type { Batch } from '../data/batch.ts'
import type { PhysicalNode, PhysicalNodeOf, Stage } from '../ir/physical.ts'
import type { InputAttempts } from './exchange/input-attempts.ts'
import { rangeLeaf } from './exchange/range-receive.ts'
import { rangeRoot } from './exchange/range-send.ts'
import { FailedRows } from './failed-rows.ts'
import { type Leaf, type LeafOutput, scanLeaf, valuesLeaf } from './leaf.ts'
import type { MemoryAccount } from './memory.ts'
import type { TaskTime, ThreadMeter, Turn } from './metrics/thread-meter.ts'
import { newOperatorMetrics, type Operator, type OperatorContext, type OperatorMetrics } from './operator.ts'
import { createOperator } from './operators/registry.ts'
import type { PartitionFile, TaskOrder, TaskReport } from './orders.ts'
import { paced } from './paced.ts'
import { receiveLeaf } from './receive.ts'
import { collectRoot, type Root, sendRoot, sinkRoot } from './root.ts'
import type { StagePeers } from './stage-peers.ts'
import { exchangeOf, isLeaf, isRange, leavesInOrder, stageOf } from './stage-shape.ts'
import { cancelled, type TaskContext, type TaskCounts, type TaskEnvironment } from './task-context.ts'

/** A node of the stage in this attempt. Leaves have a driver, all others an operator. */
interface Running extends Turn {
  node: PhysicalNode
  operator?: Operator
  leaf?: Leaf
  consumers: Edge[]
  producers: Running[]
  openInputs: number
  /** It wants no more input. */
  done: boolean
  metrics: OperatorMetrics
  account: MemoryAccount
}
interface Edge {
  to: Running
  input: number
}

/**
 * Runs one attempt of a task: the operators of a stage on one partition, wired by direct calls.
 *
 * Leaves run one after the other, build sides first. A batch goes through all operators in one chain of calls; only a full channel, or a turn of the
 * event loop that is due, puts a promise in between.
 *
 * @throws MillraceError whatever failed; everything that was staged has been taken back then. `RUN_CANCELLED` when `signal` said so.
 */
export async function runTask(
  order: TaskOrder,
  env: TaskEnvironment,
  inputs: InputAttempts,
  peers: StagePeers,
  counts: TaskCounts,
  signal: AbortSignal,
): Promise<TaskReport> {
  const spills: string[] = []
  const task: TaskContext = {
    env,
    order,
    inputs,
    peers,
    signal,
    counts,
    failedRows: new FailedRows(env, order),
    checkCancelled() {
      if (signal.aborted) throw cancelled()
    },
    spillPath() {
      const path = env.files.spill(order.stage, order.task, order.attempt, spills.length)
      spills.push(path)
      return path
    },
  }
  const running: Running[] = []
  const time: TaskTime = { cpuMs: 0 }
  const wake = (): void => {
    for (const { leaf, operator } of running) {
      leaf?.wake()
      ;(operator as Partial<Root> | undefined)?.wake?.()
    }
  }
  signal.addEventListener('abort', wake)
  try {
    task.checkCancelled()
    wire(stageOf(env.plan, order.stage), task, time, running)
    await drive(task, running)
    task.checkCancelled()
    return report(task, time, running)
  } catch (thrown) {
    for (const { operator } of running) quietly(() => (operator as Partial<Root> | undefined)?.abort?.())
    quietly(() => task.failedRows.abort())
    // Readers and operators may have noticed the signal themselves, each in its own words.
    if (signal.aborted) throw cancelled()
    throw asMillraceError(thrown, (message, cause) =>
      bug(`task ${order.task} of stage ${order.stage} failed: ${message}`, { cause }),
    )
  } finally {
    signal.removeEventListener('abort', wake)
    env.meter.turn(undefined)
    for (const { leaf, operator, account } of running) {
      quietly(() => leaf?.close())
      quietly(() => operator?.close())
      account.release()
    }
    quietly(() => task.failedRows.close())
    for (const path of spills) quietly(() => env.host.disk.remove(path))
  }
}

/** Cleaning up must go on to the end, and must not hide the error that led to it. */
function quietly(action: () => void): void {
  try {
    action()
  } catch {}
}

function wire(stage: Stage, task: TaskContext, time: TaskTime, running: Running[]): void {
  const byId = new Map<number, Running>()
  for (const node of stage.nodes) {
    const producers = node.inputs.map((input) => byId.get(input) as Running)
    const account = task.env.memory.open()
    const run: Running = {
      node,
      consumers: [],
      producers,
      openInputs: producers.length,
      done: false,
      time,
      metrics: newOperatorMetrics(),
      account,
    }
    for (const [input, producer] of producers.entries()) producer.consumers.push({ to: run, input })
    byId.set(node.id, run)
    running.push(run)
    if (isLeaf(node)) run.leaf = createLeaf(run, task)
    else run.operator = createRunning(run, task)
  }
}

function createLeaf({ node, metrics }: Running, task: TaskContext): Leaf {
  if (node.operator === 'scan') return scanLeaf(node, task)
  if (node.operator === 'values') return valuesLeaf(node, task)
  const receive = node as PhysicalNodeOf<'receive'>
  const isSorted = isRange(exchangeOf(task.env.plan, receive.spec.exchanges[0]))
  return isSorted ? rangeLeaf(receive, task, metrics) : receiveLeaf(receive, task, metrics)
}

function createRunning(run: Running, task: TaskContext): Operator {
  const { node } = run
  const ctx = contextOf(run, task)
  if (node.operator === 'send')
    return isRange(exchangeOf(task.env.plan, node.spec.exchange)) ? rangeRoot(node, task, ctx) : sendRoot(node, task, ctx)
  if (node.operator === 'sink') return sinkRoot(node, task)
  if (node.operator === 'collect') return collectRoot(node, task)
  const operator = createOperator(node, ctx)
  const callsFunctions = task.env.plan.fns.length > 0 && (node.operator === 'segment' || node.operator === 'aggregate')
  return callsFunctions ? paced(operator, task, () => run.done) : operator
}

function contextOf(run: Running, task: TaskContext): OperatorContext {
  const { env } = task
  const { account, metrics } = run
  const policy = env.plan.onError?.policy ?? 'fail'
  return {
    emit: (batch) => emit(run, batch, env.meter),
    emitBarrier: (epoch) => emitBarrier(run, epoch, env.meter),
    pause: () => env.pace.tick(),
    done: () => markDone(run),
    isDone: () => run.done,
    grant(bytes) {
      const answer = account.grant(bytes)
      if (answer === 'ok' && bytes > metrics.peakMemoryBytes) metrics.peakMemoryBytes = bytes
      return answer
    },
    share: (make) => task.peers.share(run.node.id, make),
    lends: () => lends(run),
    textNumbering: () => (run.consumers.length === 1 ? run.consumers[0].to.operator?.textNumbering : undefined),
    host: env.host,
    spillPath: () => task.spillPath(),
    signal: task.signal,
    fn(ref) {
      const found = env.functions.get(ref.id)
      if (found === undefined) throw bug(`function ${ref.id} (${ref.label}) is not in the function table`)
      return found
    },
    ...(policy === 'fail' ? {} : { leaveOut: (row) => task.failedRows.add(row, policy) }),
    metrics,
    hashSeed: env.plan.hashSeed,
    interpreted: env.interpreted,
    inputs: run.producers.map((producer) => producer.node.fields),
    fields: run.node.fields,
  }
}

const lends = (run: Running): boolean => run.consumers.every(({ to }) => to.operator?.borrows === true)

function emit(run: Running, batch: Batch, meter: ThreadMeter): undefined | Promise<void> {
  if (batch.rowCount === 0 && batch.groupStarts === undefined) return undefined
  const { metrics, consumers } = run
  reclaimArrays()
  // Another task may have had the turn since this one waited.
  meter.turn(run)
  metrics.rowsOut += batch.rowCount
  metrics.batchesOut++
  metrics.bytesOut += batch.sizeBytes
  const wait = consumers.length === 1 ? deliver(consumers[0], batch, meter) : deliverFrom(consumers, 0, batch, meter)
  meter.turn(run)
  return wait === undefined ? undefined : meter.suspend(wait)
}

function deliver({ to, input }: Edge, batch: Batch, meter: ThreadMeter): undefined | Promise<void> {
  if (to.done) return undefined
  to.metrics.rowsIn += batch.rowCount
  meter.turn(to)
  return (to.operator as Operator).push(input, batch) as undefined | Promise<void>
}

/** To several consumers one after the other: two of them may feed the same operator further on. */
function deliverFrom(consumers: readonly Edge[], first: number, batch: Batch, meter: ThreadMeter): undefined | Promise<void> {
  for (let i = first; i < consumers.length; i++) {
    const wait = deliver(consumers[i], batch, meter)
    if (wait !== undefined) return wait.then(() => deliverFrom(consumers, i + 1, batch, meter))
  }
  return undefined
}

async function emitBarrier(run: Running, epoch: number, meter: ThreadMeter): Promise<void> {
  for (const { to } of run.consumers) {
    if (to.done) continue
    meter.turn(to)
    if (to.operator?.barrier === undefined) await emitBarrier(to, epoch, meter)
    else await to.operator.barrier(epoch)
    meter.turn(run)
  }
}

/** An operator wants no more input; so do those whose consumers all want no more. */
function markDone(run: Running): void {
  if (run.done) return
  run.done = true
  run.leaf?.stop()
  for (const producer of run.producers) {
    if (producer.consumers.length > 0 && producer.consumers.every(({ to }) => to.done)) markDone(producer)
  }
}

async function drive(task: TaskContext, running: readonly Running[]): Promise<void> {
  const { meter } = task.env
  const byId = new Map(running.map((run) => [run.node.id, run]))
  const leaves = leavesInOrder(stageOf(task.env.plan, task.order.stage))
  for (const { node, leaf, operator } of running) {
    leaf?.open(node.id === leaves[0].id)
    ;(operator as Partial<Root> | undefined)?.open?.()
  }
  for (const node of leaves) {
    const run = byId.get(node.id) as Running
    const output: LeafOutput = {
      emit: (batch) => emit(run, batch, meter),
      barrier: (epoch) => emitBarrier(run, epoch, meter),
      stopped: () => run.done,
      lends: lends(run),
    }
    meter.turn(run)
    if (!run.done) await run.leaf?.run(output)
    task.checkCancelled()
    await finishConsumers(run, meter)
  }
}

/** The node has given all it has. */
async function finishConsumers(run: Running, meter: ThreadMeter): Promise<void> {
  for (const { to, input } of run.consumers) {
    meter.turn(to)
    if (!to.done) await to.operator?.finish(input)
    to.openInputs--
    if (to.openInputs === 0) await finishConsumers(to, meter)
  }
}

function report(task: TaskContext, time: TaskTime, running: readonly Running[]): TaskReport {
  const outputs: PartitionFile[] = []
  const parts: TaskReport['parts'][number][] = []
  for (const run of running) {
    task.env.meter.turn(run)
    const made = (run.operator as Partial<Root> | undefined)?.complete?.()
    outputs.push(...(made?.outputs ?? []))
    parts.push(...(made?.parts ?? []))
  }
  const leftOut = task.failedRows.complete()
  parts.push(...leftOut.parts)
  task.env.meter.turn(undefined)
  const nodes = running.map(({ node, metrics }) => {
    const peakMemoryBytes = Math.max(metrics.peakMemoryBytes, task.peers.peakBytes(node.id))
    return { node: node.id, ...metrics, peakMemoryBytes }
  })
  return { ...leftOut, outputs, parts, nodes, ...task.counts, cpuMs: time.cpuMs, peakMemoryBytes: task.env.memory.peakBytes }
}
