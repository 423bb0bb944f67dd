import type { BytesBuilder, ColumnBuilder, LaneBuilder } from '../../data/builder.ts'
import { type BytesColumn, type Column, checkTextBytes, type LaneColumn } from '../../data/column.ts'
import { copyBytes, viewOf } from '../../data/copy-bytes.ts'

/** From here on a native call copies faster. */
const longPiece = 512

/** One column as several sources hold it at a time. */
export class PickedColumn {
  readonly #columns: Column[]
  readonly #views: DataView[]
  /** Sources whose column needs a call a row: nulls, nested values, integers of 64 bits. */
  readonly #isSlow: Uint8Array
  #slowCount = 0

  constructor(sourceCount: number) {
    this.#columns = new Array(sourceCount)
    this.#views = new Array(sourceCount)
    this.#isSlow = new Uint8Array(sourceCount)
  }

  /** From now on this is the column of a source; no dictionary. */
  set(source: number, column: Column): void {
    this.#columns[source] = column
    if (column.store === 'bytes') this.#views[source] = viewOf(column.data)
    const isSlow =
      column.nulls !== undefined ||
      (column.store !== 'bytes' && (column.store !== 'lane' || column.values instanceof BigInt64Array))
        ? 1
        : 0
    this.#slowCount += isSlow - this.#isSlow[source]
    this.#isSlow[source] = isSlow
  }

  /** Appends `count` rows, row `rows[i]` of source `sources[i]` each. */
  appendTo(builder: ColumnBuilder, sources: Int32Array, rows: Int32Array, count: number): void {
    if (this.#slowCount === 0 && builder.store === 'bytes') this.#appendBytes(builder, sources, rows, count)
    else if (this.#slowCount === 0 && builder.store === 'lane' && !(builder.values instanceof BigInt64Array)) {
      this.#appendLanes(builder, sources, rows, count)
    } else for (let i = 0; i < count; i++) builder.appendFrom(this.#columns[sources[i]], rows[i])
  }

  #appendBytes(builder: BytesBuilder, sources: Int32Array, rows: Int32Array, count: number): void {
    const columns = this.#columns as BytesColumn[]
    builder.reserve(count)
    const { offsets } = builder
    const first = builder.length
    let at = builder.dataLength
    for (let i = 0; i < count; i++) {
      const from = columns[sources[i]].offsets
      const row = rows[i]
      at += from[row + 1] - from[row]
      offsets[first + i + 1] = at
    }
    checkTextBytes(at)
    builder.reserveBytes(at - builder.dataLength)
    const target = viewOf(builder.data)
    const views = this.#views
    for (let i = 0; i < count; ) {
      const source = sources[i]
      const { offsets: from, data } = columns[source]
      const start = from[rows[i]]
      const place = offsets[first + i]
      // Rows that stand one behind the other are one piece.
      let last = i
      while (last + 1 < count && sources[last + 1] === source && rows[last + 1] === rows[last] + 1) last++
      const end = from[rows[last] + 1]
      if (end - start < longPiece) copyBytes(views[source], start, end, target, place)
      else builder.data.set(data.subarray(start, end), place)
      i = last + 1
    }
    builder.length += count
    builder.dataLength = at
  }

  /** One loop a class: a loop that sees several classes of typed arrays is three times slower. */
  #appendLanes(builder: LaneBuilder, sources: Int32Array, rows: Int32Array, count: number): void {
    const columns = this.#columns as LaneColumn[]
    builder.reserve(count)
    const { values, length } = builder
    if (values instanceof Float64Array) {
      for (let i = 0; i < count; i++) values[length + i] = (columns[sources[i]].values as Float64Array)[rows[i]]
    } else if (values instanceof Int32Array) {
      for (let i = 0; i < count; i++) values[length + i] = (columns[sources[i]].values as Int32Array)[rows[i]]
    } else {
      for (let i = 0; i < count; i++) (values as Uint8Array)[length + i] = (columns[sources[i]].values as Uint8Array)[rows[i]]
    }
    builder.length += count
  }
}
