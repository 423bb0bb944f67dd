import type { Batch } from '../../src/data/batch.ts'
import { targetBatchRows } from '../../src/data/batch.ts'
import type { BytesColumn, LaneColumn } from '../../src/data/column.ts'
import { makeBatch } from '../../src/data/read.ts'
import type { Schema } from '../../src/data/type.ts'
import { types } from '../../src/data/type.ts'

export type KeyKind = 'int64' | 'string'

const keyCount = 1_000_000
/** Bytes of a text key. */
const textBytes = 11

export const schemaOf = (kind: KeyKind): Schema => [
  { name: 'key', type: kind === 'int64' ? types.int64 : types.string, nullable: false },
  { name: 'value', type: types.int64, nullable: false },
]

/** Rows of a key, one of a million in no order, and a value from 0 to 999; the same for all contenders. */
export function makeBatches(kind: KeyKind, rowCount: number): Batch[] {
  const batches: Batch[] = []
  let state = 20260101
  const random = (): number => {
    // xorshift32, whose period is long enough for these rows.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  for (let done = 0; done < rowCount; done += targetBatchRows) {
    const length = Math.min(targetBatchRows, rowCount - done)
    const keys = new Float64Array(length)
    const values = new Float64Array(length)
    for (let row = 0; row < length; row++) {
      keys[row] = random() % keyCount
      values[row] = random() % 1000
    }
    const value: LaneColumn = { store: 'lane', type: types.int64, length, values }
    const key: LaneColumn = { store: 'lane', type: types.int64, length, values: keys }
    batches.push(makeBatch([kind === 'int64' ? key : textsOf(keys), value], length))
  }
  return batches
}

/** Keys as texts like "user0012345". */
function textsOf(keys: Float64Array): BytesColumn {
  const length = keys.length
  const offsets = new Int32Array(length + 1)
  const data = new Uint8Array(length * textBytes)
  for (let row = 0; row < length; row++) {
    const start = row * textBytes
    data.set(prefix, start)
    let rest = keys[row]
    for (let at = start + textBytes - 1; at >= start + prefix.length; at--) {
      data[at] = 48 + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    offsets[row + 1] = start + textBytes
  }
  return { store: 'bytes', type: types.string, length, offsets, data }
}

const prefix = Buffer.from('user')

/** The texts of a column as strings of their own, as a program has them that read them from somewhere. */
export function stringsOf({ data, offsets, length }: BytesColumn): string[] {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Array.from({ length }, (_, row) => text.toString('latin1', offsets[row], offsets[row + 1]))
}

/** What the answers of all contenders must agree in: groups, rows, the sum of values, and counts times sums, in 32 bits. */
export class Digest {
  #groups = 0
  #rows = 0
  #sum = 0
  #mixed = 0
  add(count: number, sum: number): void {
    this.#groups++
    this.#rows += count
    this.#sum += sum
    this.#mixed = (this.#mixed + Math.imul(count, sum)) | 0
  }
  toString(): string {
    return `${this.#groups} ${this.#rows} ${this.#sum} ${this.#mixed}`
  }
}
