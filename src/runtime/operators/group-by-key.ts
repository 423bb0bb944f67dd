import { resourceError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import { maxBatchBytes, targetBatchRows } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { concatColumns, gatherColumn } from '../../data/gather.ts'
import { makeBatch, sliceColumn } from '../../data/read.ts'
import type { Type } from '../../data/type.ts'
import type { Operator, OperatorContext, OperatorFactory } from '../operator.ts'
import { emitAll } from './emit.ts'
import { ExternalSorter } from './external-sorter.ts'
import { orderByKeyHash, type RowOrder } from './row-order.ts'

/**
 * Brings the rows of each key together. In: any batches. Out, groups by (hash, key), the order of values undefined:
 * clustered batches of key and value columns with `groupStarts`, a group that goes on in the next batch marked by `openGroup`; or one row a group,
 * key columns and the array of its values.
 * Memory: all rows, or sorted runs on disk. A group beyond the grant as one array is `RESOURCE_GROUP_TOO_LARGE`; clustered ones may be of any size.
 */
export const createGroupByKey: OperatorFactory<'groupByKey'> = (node, ctx): Operator => {
  const { keys, values, clustered } = node.spec
  const [input] = ctx.inputs
  // Sorted with the keys in front, so that its batches are the clustered output.
  const picked = [...keys, ...values]
  const schema = picked.map((column) => input[column])
  const order = orderByKeyHash(
    keys.map((_, i) => i),
    ctx.hashSeed,
  )
  const sorter = new ExternalSorter(order, schema, ctx)
  return {
    name: 'groupByKey',
    borrows: sorter.borrows,
    push(_input, batch) {
      sorter.add(
        makeBatch(
          picked.map((column, i) => (i < keys.length ? canonical(batch.columns[column]) : batch.columns[column])),
          batch.rowCount,
        ),
      )
    },
    finish() {
      const batches = sorter.sorted()
      return emitAll(
        ctx,
        clustered ? clusters(batches, order) : arrays(batches, order, { keyCount: keys.length, element: node.spec.element, ctx }),
      )
    },
    close: () => sorter.close(),
  }
}

/** Adds the group starts. A batch is held back until the next one shows whether its last group goes on. */
function* clusters(batches: Iterable<Batch>, order: RowOrder): Generator<Batch, void> {
  let held: Batch | undefined
  for (const batch of batches) {
    if (held !== undefined) yield marked(held, order, isSameKey(order, held, batch))
    held = batch
  }
  if (held !== undefined) yield marked(held, order, false)
}

function marked(batch: Batch, order: RowOrder, openGroup: boolean): Batch {
  const header = openGroup ? { ...batch.header, openGroup } : batch.header
  return { ...batch, header, groupStarts: groupStartsOf(batch, order) }
}

const isSameKey = (order: RowOrder, a: Batch, b: Batch): boolean => order.across(a.columns, a.rowCount - 1, b.columns, 0) === 0

function groupStartsOf(batch: Batch, order: RowOrder): Int32Array {
  const compare = order.comparator(batch.columns)
  const starts = new Int32Array(batch.rowCount)
  let count = batch.rowCount > 0 ? 1 : 0
  for (let row = 1; row < batch.rowCount; row++) if (compare(row - 1, row) !== 0) starts[count++] = row
  return starts.slice(0, count)
}

interface ArrayForm {
  keyCount: number
  /** A value is one column, not a row. */
  element: boolean
  ctx: OperatorContext
}

/** Rows of a group may stand in several batches: they are kept until the group has ended. */
function* arrays(batches: Iterable<Batch>, order: RowOrder, form: ArrayForm): Generator<Batch, void> {
  let open: Batch[] = []
  let openBytes = 0
  for (const batch of batches) {
    const before = open.at(-1)
    if (before !== undefined && !isSameKey(order, before, batch)) {
      yield* arrayRows(open, order, form)
      open = []
      openBytes = 0
    }
    // All groups but the last of a batch have ended.
    const lastStart = groupStartsOf(batch, order).at(-1) as number
    if (lastStart > 0) {
      yield* arrayRows([...open, sliced(batch, 0, lastStart)], order, form)
      open = []
      openBytes = 0
    }
    const rest = sliced(batch, lastStart, batch.rowCount)
    open.push(rest)
    openBytes += rest.sizeBytes
    if (openBytes > maxBatchBytes || (open.length > 1 && form.ctx.grant(openBytes) === 'spill')) throw tooLarge(openBytes)
  }
  if (open.length > 0) yield* arrayRows(open, order, form)
}

const sliced = (batch: Batch, from: number, to: number): Batch =>
  makeBatch(
    batch.columns.map((column) => sliceColumn(column, from, to)),
    to - from,
  )

function* arrayRows(batches: readonly Batch[], order: RowOrder, form: ArrayForm): Generator<Batch, void> {
  const { keyCount, element } = form
  const { type } = form.ctx.fields[keyCount]
  const columns = batches[0].columns.map((column, i) =>
    concatColumns(
      batches.map((batch) => batch.columns[i]),
      column.type,
    ),
  )
  const rowCount = batches.reduce((sum, batch) => sum + batch.rowCount, 0)
  const starts = groupStartsOf(makeBatch(columns, rowCount), order)
  const items = itemsOf(columns.slice(keyCount), type, element, rowCount)
  for (let from = 0; from < starts.length; from += targetBatchRows) {
    const to = Math.min(starts.length, from + targetBatchRows)
    const some = starts.subarray(from, to)
    const offsets = new Int32Array(to - from + 1)
    offsets.set(some)
    offsets[to - from] = to < starts.length ? starts[to] : rowCount
    const list: Column = { store: 'list', type, length: to - from, offsets, items }
    yield makeBatch([...columns.slice(0, keyCount).map((column) => gatherColumn(column, some, to - from)), list], to - from)
  }
}

/** Elements as they are, rows as structs. */
function itemsOf(values: readonly Column[], type: Type, element: boolean, rowCount: number): Column {
  if (element || type.kind !== 'array') return values[0]
  return { store: 'struct', type: type.item, length: rowCount, children: values }
}

/** Equal keys are to have equal bits: the key of a group is that of any of its rows. */
function canonical(column: Column): Column {
  if (column.store !== 'lane' || column.type.kind !== 'float64') return column
  return {
    ...column,
    values: Float64Array.from(column.values as Float64Array, (value) => (Number.isNaN(value) ? Number.NaN : value + 0)),
  }
}

function tooLarge(bytes: number) {
  return resourceError('RESOURCE_GROUP_TOO_LARGE', `one group has more than ${bytes} bytes`, {
    hint: 'read the values of the group in a function, which gets them one by one',
  })
}
