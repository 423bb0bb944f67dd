import type { Batch } from '../../data/batch.ts'
import { targetBatchRows } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { gatherColumn } from '../../data/gather.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import { joinBatches } from './external-sorter.ts'
import { GroupTable } from './group-table.ts'

/** Says for rows of the output which of them satisfy the rest of the join condition. */
export type ResidualFilter = (columns: readonly Column[], rowCount: number) => Uint8Array

export interface JoinShape {
  kind: 'inner' | 'left'
  probeKeys: readonly number[]
  buildKeys: readonly number[]
  residual: ResidualFilter | undefined
}

/**
 * The build side of a hash join: its rows by the group of their key.
 *
 * Probing goes in two passes over a batch: first pairs of row numbers are found, then columns are gathered. A null or NaN in a key equals nothing.
 */
export class JoinTable {
  readonly #shape: JoinShape
  readonly #schema: Schema
  readonly #keys: GroupTable
  #batches: Batch[] = []
  #groups: Int32Array[] = []
  #rowCount = 0
  #bytes = 0
  #columns: readonly Column[] = []
  /** Rows of group g: `rows[starts[g] .. starts[g + 1])`. */
  #rows = new Int32Array(0)
  #starts = new Int32Array(1)

  constructor(shape: JoinShape, schema: Schema, hashSeed: number) {
    this.#shape = shape
    this.#schema = schema
    this.#keys = new GroupTable(
      shape.buildKeys.map((key) => schema[key].type),
      hashSeed,
    )
  }

  get sizeBytes(): number {
    return this.#keys.sizeBytes + this.#bytes * 2 + this.#rowCount * 12
  }

  get keyCount(): number {
    return this.#keys.count
  }

  /** Adds build rows. */
  add(batch: Batch): void {
    const kept = withoutUnequalKeys(batch, this.#shape.buildKeys)
    if (kept.rowCount === 0) return
    const groups = new Int32Array(kept.rowCount)
    this.#keys.assign(
      this.#shape.buildKeys.map((key) => kept.columns[key]),
      kept.rowCount,
      groups,
    )
    this.#batches.push(kept)
    this.#groups.push(groups)
    this.#rowCount += kept.rowCount
    this.#bytes += kept.sizeBytes
  }

  /** Gives the rows added so far away, for spilling. */
  takeBatches(): readonly Batch[] {
    const batches = this.#batches
    this.#batches = []
    this.#groups = []
    this.#rowCount = 0
    this.#bytes = 0
    this.#keys.clear()
    return batches
  }

  /** The build side is complete. */
  seal(): void {
    const starts = new Int32Array(this.#keys.count + 1)
    for (const groups of this.#groups) for (let i = 0; i < groups.length; i++) starts[groups[i] + 1]++
    for (let group = 0; group < this.#keys.count; group++) starts[group + 1] += starts[group]
    const next = starts.slice()
    this.#rows = new Int32Array(this.#rowCount)
    let row = 0
    for (const groups of this.#groups) for (let i = 0; i < groups.length; i++) this.#rows[next[groups[i]]++] = row++
    this.#starts = starts
    this.#columns = joinBatches(this.#batches, this.#schema)
    this.#batches = []
    this.#groups = []
  }

  /** The output rows of a probe batch, in batches. */
  *probe(batch: Batch): Generator<Batch, void> {
    const { kind, probeKeys } = this.#shape
    const { rowCount } = batch
    const keys = probeKeys.map((key) => batch.columns[key])
    const groups = new Int32Array(rowCount)
    this.#keys.find(keys, rowCount, groups)
    for (const key of keys) {
      for (let row = 0; row < rowCount; row++) if (isUnequal(key, row)) groups[row] = -1
    }
    const matched = kind === 'left' ? new Uint8Array(rowCount) : undefined
    yield* this.#matches(batch, groups, matched)
    if (matched !== undefined) yield* this.#unmatched(batch, matched)
  }

  *#matches(batch: Batch, groups: Int32Array, matched: Uint8Array | undefined): Generator<Batch, void> {
    const starts = this.#starts
    const rows = this.#rows
    const probeRows = new Int32Array(targetBatchRows)
    const buildRows = new Int32Array(targetBatchRows)
    let count = 0
    for (let row = 0; row < batch.rowCount; row++) {
      const group = groups[row]
      if (group < 0) continue
      for (let i = starts[group]; i < starts[group + 1]; i++) {
        probeRows[count] = row
        buildRows[count] = rows[i]
        if (++count < targetBatchRows) continue
        yield* this.#pairs(batch, probeRows, buildRows, count, matched)
        count = 0
      }
    }
    yield* this.#pairs(batch, probeRows, buildRows, count, matched)
  }

  *#pairs(
    batch: Batch,
    probeRows: Int32Array,
    buildRows: Int32Array,
    count: number,
    matched: Uint8Array | undefined,
  ): Generator<Batch, void> {
    if (count === 0) return
    let columns = this.#gather(batch, probeRows, buildRows, count)
    const { residual } = this.#shape
    if (residual !== undefined) {
      const passes = residual(columns, count)
      const kept = new Int32Array(count)
      let some = 0
      for (let i = 0; i < count; i++) {
        if (passes[i] === 0) continue
        probeRows[some] = probeRows[i]
        kept[some++] = i
      }
      if (some < count) columns = columns.map((column) => gatherColumn(column, kept, some))
      count = some
    }
    if (matched !== undefined) for (let i = 0; i < count; i++) matched[probeRows[i]] = 1
    if (count > 0) yield makeBatch(columns, count, { header: batch.header })
  }

  *#unmatched(batch: Batch, matched: Uint8Array): Generator<Batch, void> {
    const rows = new Int32Array(batch.rowCount)
    let count = 0
    for (let row = 0; row < batch.rowCount; row++) if (matched[row] === 0) rows[count++] = row
    if (count === 0) return
    yield makeBatch(this.#gather(batch, rows, new Int32Array(count).fill(-1), count), count, { header: batch.header })
  }

  #gather(batch: Batch, probeRows: Int32Array, buildRows: Int32Array, count: number): Column[] {
    const left = batch.columns.map((column) => gatherColumn(column, probeRows, count))
    return left.concat(this.#columns.map((column) => gatherColumn(column, buildRows, count)))
  }
}

/** A key value that equals no other, itself included: null and NaN, and whatever holds one. */
function isUnequal(column: Column, row: number): boolean {
  if (column.nulls !== undefined && (column.nulls[row >> 3] & (1 << (row & 7))) === 0) return true
  switch (column.store) {
    case 'lane':
      return column.values instanceof Float64Array && Number.isNaN(column.values[row])
    case 'dictionary':
      return isUnequal(column.values, column.codes[row])
    case 'list':
      for (let item = column.offsets[row]; item < column.offsets[row + 1]; item++) if (isUnequal(column.items, item)) return true
      return false
    case 'struct':
      return column.children.some((child) => isUnequal(child, row))
    default:
      return false
  }
}

function withoutUnequalKeys(batch: Batch, keys: readonly number[]): Batch {
  const rows = new Int32Array(batch.rowCount)
  let count = 0
  for (let row = 0; row < batch.rowCount; row++) {
    let isEqual = true
    for (const key of keys) isEqual &&= !isUnequal(batch.columns[key], row)
    if (isEqual) rows[count++] = row
  }
  if (count === batch.rowCount) return batch
  return makeBatch(
    batch.columns.map((column) => gatherColumn(column, rows, count)),
    count,
  )
}
