import { sliceBatch } from '../../data/read.ts'
import type { Operator, OperatorFactory } from '../operator.ts'

/** Leaves out `offset` rows and keeps the next `count`. In: any batches. Out: same schema, same order. Memory: O(1). */
export const createLimit: OperatorFactory<'limit'> = (node, ctx): Operator => {
  let toSkip = node.spec.offset
  let remaining = node.spec.count

  return {
    name: 'limit',
    push(_input, batch) {
      const from = Math.min(toSkip, batch.rowCount)
      const to = Math.min(batch.rowCount, from + remaining)
      toSkip -= from
      remaining -= to - from
      if (remaining === 0) ctx.done()
      if (to > from) return ctx.emit(sliceBatch(batch, from, to))
    },
    finish() {},
    close() {},
  }
}
