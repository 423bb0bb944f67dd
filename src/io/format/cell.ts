import { formatDate, formatTimestamp } from '../../data/civil.ts'
import type { Type, Value } from '../../data/type.ts'

/**
 * A value in the JSON form of results: int64 beyond 2^53 and floats that JSON has no number for as text, bytes as base64, dates
 * `YYYY-MM-DD`, timestamps `YYYY-MM-DDTHH:MM:SS.ffffffZ`, structs as objects.
 */
export function jsonCell(type: Type, value: Value): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'int64':
      return typeof value === 'bigint' ? String(value) : value
    case 'float64':
      return Number.isFinite(value) ? value : String(value)
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'date':
      return formatDate(value as number)
    case 'timestamp':
      return formatTimestamp(value as number | bigint)
    case 'array':
      return (value as readonly Value[]).map((item) => jsonCell(type.item, item))
    case 'struct': {
      const record = value as { readonly [name: string]: Value }
      return Object.fromEntries(type.fields.map((field) => [field.name, jsonCell(field.type, record[field.name])]))
    }
    default:
      return value
  }
}

/** A value as people read it in a table: null is `NULL`, nested values are JSON. */
export function displayCell(type: Type, value: Value): string {
  if (value === null) return 'NULL'
  if (type.kind === 'array' || type.kind === 'struct') return JSON.stringify(jsonCell(type, value))
  if (type.kind === 'js') return typeof value === 'object' ? JSON.stringify(value) : String(value)
  return String(jsonCell(type, value))
}
