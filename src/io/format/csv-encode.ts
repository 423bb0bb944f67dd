import { type Column, isValid } from '../../data/column.ts'
import type { Schema } from '../../data/type.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Encoder } from './encoder.ts'
import { base64, writeJson, writeLane } from './json-encode.ts'

/**
 * Rows as csv (RFC 4180) with `\n`: null is the empty field, the empty string `""`, bytes base64, arrays and structs JSON; dates
 * and timestamps as in JSON lines.
 *
 * @param options.header - write the names of the columns first; default true.
 * @param options.delimiter - code of the character between fields, none that numbers, dates or base64 hold; default the comma.
 */
export function createCsvEncoder(schema: Schema, options: { header?: boolean; delimiter?: number } = {}): Encoder {
  const { header = true, delimiter = 44 } = options
  const out = new ByteWriter()
  // Nested values are made here first, since they need quotes.
  const nested = new ByteWriter()
  return {
    start() {
      if (header) {
        schema.forEach(({ name }, i) => {
          const text = Buffer.from(name)
          writeText(out, text, 0, text.length, delimiter)
          out.byte(i === schema.length - 1 ? 10 : delimiter)
        })
      }
      return out.take()
    },
    push({ columns, rowCount }) {
      const last = columns.length - 1
      for (let row = 0; row < rowCount; row++) {
        for (let i = 0; i < last; i++) {
          writeCell(out, nested, columns[i], row, delimiter)
          out.byte(delimiter)
        }
        if (last >= 0) writeCell(out, nested, columns[last], row, delimiter)
        out.byte(10)
      }
      return out.take()
    },
  }
}

function writeCell(out: ByteWriter, nested: ByteWriter, column: Column, row: number, delimiter: number): void {
  if (!isValid(column, row)) return
  switch (column.store) {
    case 'lane':
      return writeLane(out, column, row, '')
    case 'bytes': {
      const { data, offsets } = column
      if (column.type.kind === 'string') return writeText(out, data, offsets[row], offsets[row + 1], delimiter)
      return offsets[row] === offsets[row + 1] ? out.ascii('""') : out.ascii(base64(data, offsets[row], offsets[row + 1]))
    }
    case 'dictionary':
      return writeCell(out, nested, column.values, column.codes[row], delimiter)
    default:
      nested.length = 0
      writeJson(nested, column, row)
      return writeText(out, nested.data, 0, nested.length, delimiter)
  }
}

function writeText(out: ByteWriter, source: Uint8Array, start: number, end: number, delimiter: number): void {
  out.reserve((end - start) * 2 + 2)
  const { data } = out
  let at = out.length
  let plain = end > start
  for (let i = start; i < end && plain; i++) {
    const byte = source[i]
    plain = byte !== delimiter && byte !== 34 && byte !== 10 && byte !== 13
    data[at++] = byte
  }
  if (!plain) {
    at = out.length
    data[at++] = 34
    for (let i = start; i < end; i++) {
      const byte = source[i]
      if (byte === 34) data[at++] = 34
      data[at++] = byte
    }
    data[at++] = 34
  }
  out.length = at
}
