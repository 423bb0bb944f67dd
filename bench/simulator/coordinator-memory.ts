import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { PhysicalPlan } from '../../src/ir/physical.ts'
import { step } from '../../src/runtime/coordinator.ts'
import { createRun } from '../../src/runtime/create-run.ts'
import type { TaskOrder } from '../../src/runtime/orders.ts'
import type { RunState } from '../../src/runtime/run-state.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A smaller number of tasks would be lost in what else is on the heap. */
const leastTasks = 30_000

/** Bytes of the coordinator's state for each task, when a run whose tasks all end at once is about to commit. */
export function coordinatorBytesPerTask(plan: PhysicalPlan, machines: number): number {
  const tasks = plan.stages.reduce((sum, stage) => sum + stage.tasks, 0)
  const runs = Math.ceil(leastTasks / tasks)
  finishedRun(plan, machines)
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const states = Array.from({ length: runs }, () => finishedRun(plan, machines))
  collectGarbage()
  const bytes = process.memoryUsage().heapUsed - before
  // Named after the measurement, so that they are not collected before.
  if (states.some(({ open }) => open > 0)) throw new Error('some tasks were not done')
  return bytes / (runs * tasks)
}

function finishedRun(plan: PhysicalPlan, machines: number): RunState {
  const state = createRun(plan, { workers: machines, outputs: 'worker' })
  const open = step(state, { event: 'start' }, 0)
  for (const command of open.splice(0))
    if (command.do === 'spawnWorker') open.push(...step(state, { event: 'workerReady', worker: command.worker }, 0))
  for (let nowMs = 1, command = open.pop(); command !== undefined; nowMs++, command = open.pop()) {
    if (command.do !== 'startTask') continue
    open.push(...step(state, { event: 'taskDone', order: command.order, report: reportOf(plan, command.order) }, nowMs))
  }
  return state
}

function reportOf(plan: PhysicalPlan, { stage, task }: TaskOrder) {
  const { outputs, nodes } = plan.stages[stage]
  const part = { partition: task, path: `part-${task}`, rowCount: 1, sizeBytes: 1 }
  return {
    outputs: outputs.map((exchange) => ({ exchange, rowCount: 1, sizeBytes: 1, checksum: `checksum of ${task}` })),
    parts: nodes.flatMap((node) => (node.operator === 'sink' ? [{ sink: node.spec.sink, part }] : [])),
    nodes: [],
    rowsRead: 1,
    bytesRead: 1,
    rowsReceived: 1,
    peakMemoryBytes: 0,
    cpuMs: 0,
  }
}
