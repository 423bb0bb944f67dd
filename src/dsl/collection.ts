import type { PlanBuilder } from './plan-builder.ts'
import { runCollection } from './runner.ts'
import type { UnboundPort } from './syntax.ts'

/** What every handle shares: a node of a pipeline that is being built, and the ways to its rows. Lazy: nothing runs until rows are asked for. */
export abstract class Collection<T> implements AsyncIterable<T> {
  declare readonly __element: T
  /** @internal */
  readonly builder: PlanBuilder
  /** @internal */
  readonly port: UnboundPort

  /** @internal */
  constructor(builder: PlanBuilder, port: UnboundPort) {
    this.builder = builder
    this.port = port
  }

  /** Runs the pipeline up to here and returns all rows. For small results. */
  async toArray(): Promise<T[]> {
    return (await runCollection(this)).toArray() as T[]
  }

  /** Runs the pipeline up to here and prints the first rows as a table on standard output. */
  async show(rows = 20): Promise<void> {
    ;(await runCollection(this)).show(rows)
  }

  /** Runs the pipeline up to here and reads the rows one by one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    yield* (await runCollection(this)).rows() as Iterable<T>
  }
}
