import { reclaimEvery } from '../base/reclaim.ts'
import type { FunctionTable } from '../ir/user-function.ts'
import { withinDisk } from './disk-budget.ts'
import type { DriveRequest } from './driver.ts'
import type { CreditLimits } from './exchange/credit.ts'
import { divideMemory, MemoryBudget } from './memory.ts'
import { coordinatorHost } from './orders.ts'
import { endOrphans } from './orphans.ts'
import { Pace } from './pace.ts'
import { ResultStore } from './results.ts'
import { openRunRecord, type RecordRequest, type RunRecord } from './run-record.ts'
import { channelsOf } from './stage-shape.ts'
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

/**
 * Opens the folder of a run and the place in the coordinator's process where some or all of its tasks run.
 *
 * @param record - of the run, where it had to be opened before.
 */
export function openRun(
  request: OpenRunRequest,
  { credit }: RunLimits,
  record = openWithoutWorkers(request),
): { record: RunRecord; results: ResultStore; local: TaskHost } {
  const { plan, functions, connectors, cwd, memoryBytes, run } = request
  const limit = request.diskBytes === undefined ? undefined : { limitBytes: request.diskBytes, workers: 1 }
  const host = withinDisk(request.host, run.directory, limit)
  const results = new ResultStore(host, record.files, plan.outputs)
  const shares = divideMemory(memoryBytes, 1, channelsOf(plan, 1))
  if (shares.garbageBytes !== undefined) reclaimEvery(shares.garbageBytes)
  const env = {
    plan,
    functions,
    connectors,
    host,
    cwd,
    files: record.files,
    runId: run.id,
    memory: new MemoryBudget(shares.operatorBytes),
    pace: new Pace(() => host.clock.nowMs()),
    interpreted: false,
    collect: results.collect.bind(results),
  }
  return { record, results, local: new TaskHost(coordinatorHost, env, credit ?? shares.credit) }
}

/** The record of a run none of whose workers goes on. */
function openWithoutWorkers(request: RecordRequest): RunRecord {
  const record = openRunRecord(request)
  endOrphans(record.sockets)
  record.sweep([])
  return record
}
