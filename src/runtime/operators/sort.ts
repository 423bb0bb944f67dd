import type { Operator, OperatorFactory } from '../operator.ts'
import { emitAll } from './emit.ts'
import { ExternalSorter } from './external-sorter.ts'
import { orderBySortKeys } from './row-order.ts'

/** External sort. In: any batches. Out: same rows by the sort keys, ties by all other columns ascending. Memory: all rows, or sorted runs on disk. */
export const createSort: OperatorFactory<'sort'> = (node, ctx): Operator => {
  const [schema] = ctx.inputs
  const sorter = new ExternalSorter(orderBySortKeys(node.spec.by, schema.length), schema, ctx)
  return {
    name: 'sort',
    borrows: sorter.borrows,
    push: (_input, batch) => sorter.add(batch),
    finish: () => emitAll(ctx, sorter.sorted()),
    close: () => sorter.close(),
  }
}
