import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { PhysicalPlan } from '../../src/ir/physical.ts'
import { step } from '../../src/runtime/coordinator.ts'
import { createRun } from '../../src/runtime/create-run.ts'
import type { TaskOrder } from '../../src/runtime/orders.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of the coordinator's state for each task, when a run whose tasks all end at once is about to commit. */
export function coordinatorBytesPerTask(plan: PhysicalPlan, machines: number): number {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const state = createRun(plan, { workers: machines, outputs: 'worker' })
  let tasks = 0
  const open = step(state, { event: 'start' }, 0)
  for (const command of open.splice(0))
    if (command.do === 'spawnWorker') open.push(...step(state, { event: 'workerReady', worker: command.worker }, 0))
  for (let command = open.pop(); command !== undefined; command = open.pop()) {
    if (command.do !== 'startTask') continue
    tasks++
    open.push(...step(state, { event: 'taskDone', order: command.order, report: reportOf(plan, command.order) }, tasks))
  }
  collectGarbage()
  const bytes = process.memoryUsage().heapUsed - before
  // Named after the measurement, so that it is not collected before.
  if (state.open > 0) throw new Error(`${state.open} tasks were not done`)
  return bytes / tasks
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
