import { formatDate, formatTimestamp } from '../../data/civil.ts'
import { type Column, isValid, type LaneColumn } from '../../data/column.ts'
import type { Schema } from '../../data/type.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Encoder } from './encoder.ts'

/**
 * Rows as JSON lines: one object a row, keys in the order of the columns, nulls written.
 *
 * int64 beyond 2^53 and float64 that JSON cannot write are strings, bytes are base64, dates `YYYY-MM-DD`, timestamps
 * `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
 */
export function createJsonlEncoder(schema: Schema): Encoder {
  const out = new ByteWriter()
  const encodeRow = createRowEncoder(schema)
  return {
    start: () => out.take(),
    push({ columns, rowCount }) {
      for (let row = 0; row < rowCount; row++) {
        encodeRow(out, columns, row)
        out.bytes(objectEnd, 0, objectEnd.length)
      }
      return out.take()
    },
  }
}

const objectEnd = Buffer.from('}\n')

/** Writes a row as `{"a":1,"b":2`, without the end, so that more keys may follow. */
export function createRowEncoder(schema: Schema): (out: ByteWriter, columns: readonly Column[], row: number) => void {
  const keys = schema.map(({ name }, i) => Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`))
  return (out, columns, row) => {
    if (keys.length === 0) out.byte(123)
    for (let i = 0; i < keys.length; i++) {
      out.bytes(keys[i], 0, keys[i].length)
      writeJson(out, columns[i], row)
    }
  }
}

/** Writes the value of one row as JSON. */
export function writeJson(out: ByteWriter, column: Column, row: number): void {
  if (!isValid(column, row)) return out.ascii('null')
  switch (column.store) {
    case 'lane':
      return writeLane(out, column, row, '"')
    case 'bytes': {
      const { data, offsets } = column
      if (column.type.kind === 'bytes') return out.ascii(`"${base64(data, offsets[row], offsets[row + 1])}"`)
      return writeJsonString(out, data, offsets[row], offsets[row + 1])
    }
    case 'dictionary':
      return writeJson(out, column.values, column.codes[row])
    case 'list':
      out.byte(91)
      for (let i = column.offsets[row]; i < column.offsets[row + 1]; i++) {
        if (i > column.offsets[row]) out.byte(44)
        writeJson(out, column.items, i)
      }
      return out.byte(93)
    case 'struct': {
      const fields = column.type.kind === 'struct' ? column.type.fields : []
      out.byte(123)
      for (let i = 0; i < fields.length; i++) {
        out.text(`${i > 0 ? ',' : ''}${JSON.stringify(fields[i].name)}:`)
        writeJson(out, column.children[i], row)
      }
      return out.byte(125)
    }
    case 'js':
      return out.text(jsonOf(column.values[row]))
  }
}

/** Writes the value of a lane, with `around` before and after what is no JSON number or literal. */
export function writeLane(out: ByteWriter, column: LaneColumn, row: number, around: string): void {
  const value = column.values[row]
  switch (column.type.kind) {
    case 'bool':
      return out.ascii(value === 0 ? 'false' : 'true')
    case 'int64':
      if (typeof value === 'number') return out.integer(value)
      return isSafe(value) ? out.integer(Number(value)) : out.ascii(around + value + around)
    case 'date':
      return out.ascii(around + formatDate(Number(value)) + around)
    case 'timestamp':
      return out.ascii(around + formatTimestamp(value) + around)
    default:
      return out.ascii(Number.isFinite(value as number) ? String(value) : around + value + around)
  }
}

const isSafe = (value: bigint): boolean => value >= -9007199254740991n && value <= 9007199254740991n

/** Base64 with padding of `data[start .. end)`. */
export function base64(data: Uint8Array, start: number, end: number): string {
  return Buffer.from(data.buffer, data.byteOffset + start, end - start).toString('base64')
}

function writeJsonString(out: ByteWriter, source: Uint8Array, start: number, end: number): void {
  // At worst every byte becomes an escape of six.
  out.reserve((end - start) * 6 + 2)
  const { data } = out
  let at = out.length
  data[at++] = 34
  for (let i = start; i < end; i++) {
    const byte = source[i]
    if (byte >= 32 && byte !== 34 && byte !== 92) data[at++] = byte
    else {
      const sequence = escapes[byte === 34 || byte === 92 ? byte : byte & 31]
      for (let k = 0; k < sequence.length; k++) data[at++] = sequence.charCodeAt(k)
    }
  }
  data[at++] = 34
  out.length = at
}

/** JSON's escape of each control character, and of the quote and the backslash. */
const escapes = Array.from({ length: 93 }, (_, code) => JSON.stringify(String.fromCharCode(code)).slice(1, -1))

function jsonOf(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'null'
}
