import type { Batch } from '../data/batch.ts'
import type { Schema } from '../data/type.ts'
import { ByteWriter } from '../io/format/byte-writer.ts'
import { createRowEncoder } from '../io/format/json-encode.ts'

/** One for all rows: it starts with 64 KB. */
const out = new ByteWriter()

/** A row as the JSON of dead letters: a property a column. */
export function rowText(batch: Batch, fields: Schema, row: number): string {
  createRowEncoder(fields)(out, batch.columns, row)
  return `${Buffer.from(out.take()).toString('utf8')}}`
}
