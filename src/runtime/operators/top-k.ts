import { resourceError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import { targetBatchRows } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { gatherColumn } from '../../data/gather.ts'
import { makeBatch, sliceBatch } from '../../data/read.ts'
import type { Operator, OperatorFactory } from '../operator.ts'
import { emitAll } from './emit.ts'
import { joinBatches } from './external-sorter.ts'
import { type KeyWords, newKeyWords } from './key-words.ts'
import { orderBySortKeys } from './row-order.ts'
import { sortRows } from './sort-rows.ts'

/**
 * The first `count` rows of a sort after leaving out `offset`. In: any batches. Out: sorted. Memory: O(count + offset), no spilling.
 * Keeps some times as many rows as it needs, then sorts and cuts; rows that sort after the last one kept are dropped as they come.
 */
export const createTopK: OperatorFactory<'topK'> = (node, ctx): Operator => {
  const { by, count, offset } = node.spec
  const [schema] = ctx.inputs
  const order = orderBySortKeys(by, schema.length)
  const needed = count + offset
  let kept: Batch[] = []
  let rowCount = 0
  let bytes = 0
  /** Words of the last row that is needed, the most there are until it is known. */
  let boundHi = 0xffffffff
  let boundLo = 0xffffffff

  return {
    name: 'topK',
    push(_input, batch) {
      const some = withinBound(batch)
      if (some.rowCount === 0) return
      kept.push(some)
      rowCount += some.rowCount
      bytes += some.sizeBytes
      if (rowCount > needed * 4 && rowCount > targetBatchRows * 2) cut()
      if (ctx.grant(bytes) === 'ok') return
      cut()
      if (ctx.grant(bytes) === 'ok') return
      throw resourceError('RESOURCE_MEMORY', `the first ${needed} rows of a sort need ${bytes} bytes`, {
        operator: `topK ${node.id}`,
        hint: 'raise --memory or lower the limit',
      })
    },
    finish() {
      cut()
      const [batch] = kept
      if (batch === undefined || batch.rowCount <= offset) return
      return emitAll(ctx, slices(sliceBatch(batch, offset, batch.rowCount)))
    },
    close() {
      kept = []
      ctx.grant(0)
    },
  }

  function cut(): void {
    if (rowCount === 0) return
    const columns = joinBatches(kept, schema)
    const rows = sortRows(order, columns, rowCount)
    rowCount = Math.min(rowCount, needed)
    const best = pick(columns, rows, rowCount)
    kept = [best]
    bytes = best.sizeBytes
    if (rowCount < needed || rowCount === 0) return
    const { hi, lo } = wordsOf(best)
    boundHi = hi[rowCount - 1] >>> 0
    boundLo = lo[rowCount - 1] >>> 0
  }

  function wordsOf({ columns, rowCount: count }: Batch): KeyWords {
    const words = newKeyWords(count)
    order.firstWords(
      columns,
      Int32Array.from({ length: count }, (_, row) => row),
      words,
    )
    return words
  }

  function withinBound(batch: Batch): Batch {
    if (boundHi === 0xffffffff) return batch
    const { hi, lo } = wordsOf(batch)
    const rows = new Int32Array(batch.rowCount)
    let some = 0
    for (let row = 0; row < batch.rowCount; row++) {
      const high = hi[row] >>> 0
      if (high < boundHi || (high === boundHi && lo[row] >>> 0 <= boundLo)) rows[some++] = row
    }
    return some === batch.rowCount ? batch : pick(batch.columns, rows, some)
  }
}

function pick(columns: readonly Column[], rows: Int32Array, count: number): Batch {
  return makeBatch(
    columns.map((column) => gatherColumn(column, rows, count)),
    count,
  )
}

function* slices(batch: Batch): Generator<Batch, void> {
  for (let from = 0; from < batch.rowCount; from += targetBatchRows) {
    yield sliceBatch(batch, from, Math.min(batch.rowCount, from + targetBatchRows))
  }
}
