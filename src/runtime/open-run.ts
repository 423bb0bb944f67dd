import type { FunctionTable } from '../ir/user-function.ts'
import { withDiskBudget } from './disk-budget.ts'
import type { DriveRequest } from './driver.ts'
import type { CreditLimits } from './exchange/credit.ts'
import { MemoryBudget } from './memory.ts'
import { coordinatorHost } from './orders.ts'
import { Pace } from './pace.ts'
import { ResultStore } from './results.ts'
import { openRunRecord, type RecordRequest, type RunRecord } from './run-record.ts'
import { TaskHost } from './task-host.ts'

/** What tests of exchanges may set. */
export interface RunLimits {
  credit?: CreditLimits
}

export interface OpenRunRequest extends RecordRequest, DriveRequest {
  run: RecordRequest['run'] & DriveRequest['run']
  functions: FunctionTable
  memoryBytes: number
  /** Most that the files of the run may take. */
  diskBytes?: number
}

/** Opens the folder of a run and the place in the coordinator's process where some or all of its tasks run. */
export function openRun(
  request: OpenRunRequest,
  { credit }: RunLimits,
): { record: RunRecord; results: ResultStore; local: TaskHost } {
  const { plan, functions, connectors, cwd, memoryBytes, diskBytes, run } = request
  const { directory } = run
  const disk = diskBytes === undefined ? request.host.disk : withDiskBudget(request.host.disk, directory, diskBytes, 1)
  const host = { ...request.host, disk }
  const record = openRunRecord({ ...request, host })
  const results = new ResultStore(host, record.files, plan.outputs)
  const env = {
    plan,
    functions,
    connectors,
    host,
    cwd,
    files: record.files,
    runId: run.id,
    memory: new MemoryBudget(memoryBytes),
    pace: new Pace(() => host.clock.nowMs()),
    interpreted: false,
    collect: results.collect.bind(results),
  }
  return { record, results, local: new TaskHost(coordinatorHost, env, credit) }
}
