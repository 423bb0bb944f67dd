import type { Batch } from '../../src/data/batch.ts'
import { targetBatchRows } from '../../src/data/batch.ts'
import { createBuilder } from '../../src/data/builder.ts'
import { makeBatch } from '../../src/data/read.ts'
import type { Schema } from '../../src/data/type.ts'
import { types } from '../../src/data/type.ts'

/** Number of partitions, as a plan has by default. */
export const partitions = 8

export const fields: Schema = [
  { name: 'user', type: types.string, nullable: false },
  { name: 'amount', type: types.float64, nullable: false },
  { name: 'at', type: types.timestamp, nullable: false },
]

export interface Row {
  user: string
  amount: number
  /** Microseconds. */
  at: number
}

/** Rows in no order of their key, which takes about 11 bytes; the same for all contenders. */
export function* makeRows(rowCount: number): Generator<Row, void> {
  let state = 20260101
  for (let i = 0; i < rowCount; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    yield { user: `user${(state >>> 0) % 10_000_000}`, amount: (state >>> 0) / 1000, at: 1.7e15 + i * 1000 }
  }
}

export function makeBatches(rowCount: number): Batch[] {
  const builders = fields.map(({ type }) => createBuilder(type, targetBatchRows))
  const batches: Batch[] = []
  const flush = (): void => {
    const length = builders[0].length
    const columns = builders.map((builder) => builder.finish())
    if (length > 0) batches.push(makeBatch(columns, length))
  }
  for (const { user, amount, at } of makeRows(rowCount)) {
    builders[0].appendValue(user)
    builders[1].appendValue(amount)
    builders[2].appendValue(at)
    if (builders[0].length === targetBatchRows) flush()
  }
  flush()
  return batches
}

/** What arrived: rows, bytes of texts, sums. All contenders must agree. */
export class Arrived {
  rows = 0
  bytes = 0
  amount = 0
  at = 0
  toString(): string {
    return `${this.rows} ${this.bytes} ${this.amount.toPrecision(6)} ${this.at.toPrecision(6)}`
  }
}
