import type { Column } from '../../data/column.ts'
import type { Schema } from '../../data/type.ts'
import { ByteWriter } from './byte-writer.ts'
import { createRowEncoder } from './json-encode.ts'

/** Makes a function that gives equal rows one text and different rows different ones: the row as a JSON object without its closing brace. */
export function createRowKeys(fields: Schema): (columns: readonly Column[], row: number) => string {
  const out = new ByteWriter()
  const encodeRow = createRowEncoder(fields)
  return (columns, row) => {
    out.length = 0
    encodeRow(out, columns, row)
    return Buffer.from(out.data.buffer, 0, out.length).toString('utf8')
  }
}
