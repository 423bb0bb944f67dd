import { maxBatchRows } from '../data/batch.ts'
import { sliceBatch } from '../data/read.ts'
import type { Operator } from './operator.ts'
import type { TaskContext } from './task-context.ts'

const firstRows = 1
/** A piece that takes less may be larger next time, one that takes more must be smaller. */
const quickMs = 5
const slowMs = 50
const step = 4

/**
 * An operator that calls user functions, fed in pieces: a batch of thousands of rows is nothing for built-in functions, but with one that takes a
 * millisecond a row nobody could stop the run for seconds. Pieces grow while they are quick, and the event loop is served between them.
 *
 * @param isDone - does the operator want no more rows?
 */
export function paced(operator: Operator, task: TaskContext, isDone: () => boolean): Operator {
  const { host, pace } = task.env
  let rows = firstRows
  return {
    ...operator,
    push: (input, batch) => (batch.groupStarts === undefined ? pushFrom(input, batch, 0) : operator.push(input, batch)),
  }

  function pushFrom(input: number, batch: Parameters<Operator['push']>[1], from: number): undefined | Promise<void> {
    for (let at = from; at < batch.rowCount && !isDone(); ) {
      const to = Math.min(batch.rowCount, at + rows)
      const startMs = host.clock.nowMs()
      const wait = operator.push(input, to - at === batch.rowCount ? batch : sliceBatch(batch, at, to))
      const tookMs = host.clock.nowMs() - startMs
      if (tookMs < quickMs) rows = Math.min(maxBatchRows, rows * step)
      else if (tookMs > slowMs) rows = Math.max(1, Math.floor(rows / step))
      at = to
      const pause = wait ?? pace.tick()
      if (pause === undefined) continue
      return pause.then(() => {
        task.checkCancelled()
        return pushFrom(input, batch, at)
      })
    }
    return undefined
  }
}
