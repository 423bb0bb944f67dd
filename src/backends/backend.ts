import type { Value } from '../data/type.ts'
import type { BackendTraits } from '../ir/traits.ts'
import type { DriveResult } from '../runtime/driver.ts'
import type { OpenRunRequest } from '../runtime/open-run.ts'
import type { RunFolder } from '../runtime/run-folder.ts'

/** What a backend is given to run. */
export interface RunRequest extends OpenRunRequest {
  /** Plain data by which a worker finds the same functions; its own loader understands it. */
  program: Value
  /** May user code keep a thread from its event loop for ever? */
  mayBlock: boolean
  /** Made when it is first needed. */
  run: RunFolder
}

/** What a run gives; rows are held in memory or in a spool file until it is closed. */
export type RunResult = DriveResult
export type ResultRows = RunResult['outputs'][number]

export interface Backend {
  traits: BackendTraits
  run(request: RunRequest): Promise<RunResult>
}
