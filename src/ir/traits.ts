import type { PhysicalOp } from './physical.ts'

/** What a backend can do, as plain data: the planner knows backends by this alone. */
export interface BackendTraits {
  name: string
  /** Operators it runs, and which of them take batches with weights. */
  operators: Readonly<Partial<Record<PhysicalOp, { weights: boolean }>>>
  /** Catalogue functions that have a kernel; the others run by their reference evaluator (tier A*). */
  functions: ReadonlySet<string>
  /** Can it run user functions? */
  userFunctions: boolean
  maxWorkers: number
}
