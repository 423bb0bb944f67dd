import { bug } from '../base/errors.ts'
import type { PlanBuilder } from './plan-builder.ts'
import type { UnboundPort } from './syntax.ts'

/** The rows of an output, as `run` hands them out. */
export interface OutputHandle<T = unknown> {
  readonly rowCount: number
  /** Rows one by one; can be read again. */
  rows(): Iterable<T>
  /** All rows. */
  toArray(): T[]
  /** Prints the first rows as a table on standard output. */
  show(rows?: number): void
}

/** A node of a pipeline that is being built. */
export interface BuiltNode {
  readonly builder: PlanBuilder
  readonly port: UnboundPort
}

type Runner = (node: BuiltNode) => Promise<OutputHandle>
let runner: Runner | undefined

/** Gives collections the way to run: the front end must not know planner and engines, so the package's entry puts it in. */
export function setRunner(run: Runner): void {
  runner = run
}

export function runCollection(node: BuiltNode): Promise<OutputHandle> {
  if (runner === undefined) throw bug('no runner is set')
  return runner(node)
}
