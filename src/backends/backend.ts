import type { Host } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import type { Schema, Value } from '../data/type.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { BackendTraits } from '../ir/traits.ts'
import type { FunctionTable } from '../ir/user-function.ts'
import type { Chaos } from '../runtime/chaos.ts'
import type { RunNotice } from '../runtime/metrics/notices.ts'
import type { RunMetrics, RunProgress } from '../runtime/metrics.ts'
import type { RunFolder } from '../runtime/run-folder.ts'
import type { RunSettings } from '../runtime/run-state.ts'

/** What a backend is given to run. */
export interface RunRequest {
  plan: PhysicalPlan
  /** Live functions of this process. */
  functions: FunctionTable
  connectors: ConnectorRegistry
  /** Plain data by which a worker finds the same functions; its own loader understands it. */
  program: Value
  workers: number
  /** How failures are dealt with, where not by default. */
  settings?: Partial<RunSettings>
  memoryBytes: number
  /** Most that partition files, spilled rows and results may take on the disk. */
  diskBytes?: number
  /** May user code keep a thread from its event loop for ever? */
  mayBlock: boolean
  cwd: string
  /** Made when it is first needed. */
  run: RunFolder
  host: Host
  signal: AbortSignal
  /** Sinks stage their rows, and in the end these are taken back. */
  keepsNothing?: boolean
  /** Faults for its workers. */
  chaos?: Chaos
  onProgress?(progress: RunProgress): void
  onNotice?(notice: RunNotice): void
  /** Called before a run ends with an error, with what its tasks have done. */
  onFailed?(metrics: RunMetrics): void
}

/** The rows of one output, held in memory or in a spool file until closed. */
export interface ResultRows {
  name: string
  fields: Schema
  rowCount: number
  batches(): Iterable<Batch>
}

export interface RunResult {
  outputs: readonly ResultRows[]
  metrics: RunMetrics
  /** Removes spool files; the outputs cannot be read afterwards. */
  close(): void
}

export interface Backend {
  traits: BackendTraits
  run(request: RunRequest): Promise<RunResult>
}
