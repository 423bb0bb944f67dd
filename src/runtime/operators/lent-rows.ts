import type { Batch } from '../../data/batch.ts'
import { type BytesColumn, type Column, checkTextBytes, type Lane, type LaneColumn } from '../../data/column.ts'
import { copyBytes, viewOf } from '../../data/copy-bytes.ts'
import { gatherColumn } from '../../data/gather.ts'
import { makeBatch } from '../../data/read.ts'

/** Gathers rows of some columns into batches that are valid until the next one is made: their arrays are used again. */
export class LentRows {
  readonly #columns: readonly Column[]
  readonly #gather: readonly ((rows: Int32Array, count: number) => Column)[]

  constructor(columns: readonly Column[]) {
    this.#columns = columns
    this.#gather = columns.map((column) => {
      if (column.nulls === undefined && column.store === 'bytes') return bytesGatherer(column)
      if (column.nulls === undefined && column.store === 'lane') return laneGatherer(column)
      return (rows, count) => gatherColumn(column, rows, count)
    })
  }

  batch(rows: Int32Array): Batch {
    const columns = this.#columns.map((_, i) => this.#gather[i](rows, rows.length))
    return makeBatch(columns, rows.length)
  }
}

function bytesGatherer(column: BytesColumn): (rows: Int32Array, count: number) => Column {
  const { offsets: from, type } = column
  const source = viewOf(column.data)
  let offsets = new Int32Array(0)
  let data = new Uint8Array(0)
  return (rows, count) => {
    if (offsets.length <= count) offsets = new Int32Array(count + 1)
    let total = 0
    for (let i = 0; i < count; i++) {
      total += from[rows[i] + 1] - from[rows[i]]
      offsets[i + 1] = total
    }
    checkTextBytes(total)
    if (data.length < total) data = new Uint8Array(total + (total >> 3))
    const target = viewOf(data)
    for (let i = 0; i < count; i++) copyBytes(source, from[rows[i]], from[rows[i] + 1], target, offsets[i])
    return { store: 'bytes', type, length: count, offsets: offsets.subarray(0, count + 1), data: data.subarray(0, total) }
  }
}

function laneGatherer({ values, type }: LaneColumn): (rows: Int32Array, count: number) => Column {
  const Class = values.constructor as new (length: number) => Lane
  let out = new Class(0)
  return (rows, count) => {
    if (out.length < count) out = new Class(count)
    pick(values as Float64Array, rows, count, out as Float64Array)
    return { store: 'lane', type, length: count, values: out.subarray(0, count) as Lane }
  }
}

function pick(values: Float64Array, rows: Int32Array, count: number, out: Float64Array): void {
  for (let i = 0; i < count; i++) out[i] = values[rows[i]]
}
