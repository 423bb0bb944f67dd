/** What a backend can do, as plain data: the planner knows backends by this alone. */
export interface BackendTraits {
  name: string
  /** Catalogue functions that have a kernel; the others run by their reference evaluator (tier A*). */
  functions: ReadonlySet<string>
}
