import { bug } from '../base/errors.ts'
import type { Collection } from './collection.ts'

/** The rows of an output, as `run` hands them out. */
export interface OutputHandle<T = unknown> {
  readonly rowCount: number
  /** Rows one by one; can be read again. */
  rows(): Iterable<T>
  toArray(): T[]
  /** Prints the first rows as a table on standard output. */
  show(rows?: number): void
}

type Runner = (collection: Collection<unknown>) => Promise<OutputHandle>
let runner: Runner | undefined

/** Gives collections the way to run: the front end must not know planner and engines, so the package's entry puts it in. */
export function setRunner(run: Runner): void {
  runner = run
}

export function runCollection(collection: Collection<unknown>): Promise<OutputHandle> {
  if (runner === undefined) throw bug('no runner is set')
  return runner(collection)
}
