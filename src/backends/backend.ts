import type { Host } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import type { Schema, Value } from '../data/type.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { BackendTraits } from '../ir/traits.ts'
import type { FunctionTable } from '../ir/user-function.ts'
import type { RunMetrics, RunProgress } from '../runtime/metrics.ts'

/** What a backend is given to run. */
export interface RunRequest {
  plan: PhysicalPlan
  /** Live functions of this process. */
  functions: FunctionTable
  connectors: ConnectorRegistry
  /** Plain data by which a worker finds the same functions; its own loader understands it. */
  program: Value
  workers: number
  memoryBytes: number
  cwd: string
  run: RunFolder
  host: Host
  signal: AbortSignal
  onProgress?(progress: RunProgress): void
}

/** Where a run keeps its journal, partition files and spilled rows. The folder is made when it is first needed. */
export interface RunFolder {
  id: string
  directory: string
  /** Go on from the journal that is there. */
  resume: boolean
  /** Write a journal and keep partition files, so that a killed run can go on. */
  recoverable: boolean
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
