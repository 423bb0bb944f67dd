import { parseDate, parseTimestamp } from '../data/civil.ts'
import type { Type, Value } from '../data/type.ts'

/** Reads a JSON value as a value of the type; undefined when it is none. The inverse of how results are printed as JSON. */
export function jsonToValue(json: unknown, type: Type): Value | undefined {
  if (json === null) return null
  switch (type.kind) {
    case 'bool':
      return typeof json === 'boolean' ? json : undefined
    case 'int64':
      return integerOf(json)
    case 'float64':
      return floatOf(json)
    case 'string':
      return typeof json === 'string' && json.isWellFormed() ? json : undefined
    case 'bytes':
      return typeof json === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(json)
        ? new Uint8Array(Buffer.from(json, 'base64'))
        : undefined
    case 'date':
      return typeof json === 'string' ? parseDate(json) : undefined
    case 'timestamp':
      return typeof json === 'string' ? parseTimestamp(json) : undefined
    case 'array':
      return Array.isArray(json) ? all(json.map((item) => jsonToValue(item, type.item))) : undefined
    case 'struct': {
      if (typeof json !== 'object' || Array.isArray(json)) return undefined
      const record = json as Record<string, unknown>
      const values = all(
        type.fields.map((field) => jsonToValue(Object.hasOwn(record, field.name) ? record[field.name] : null, field.type)),
      )
      return values && Object.fromEntries(type.fields.map((field, i) => [field.name, values[i]]))
    }
    case 'js':
      return undefined
  }
}

const all = (values: readonly (Value | undefined)[]): readonly Value[] | undefined =>
  values.includes(undefined) ? undefined : (values as readonly Value[])

const leastInt64 = -(2n ** 63n)
const mostInt64 = 2n ** 63n - 1n

// JSON.parse rounds integers beyond 2^53: those must come as text.
function integerOf(json: unknown): Value | undefined {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? json + 0 : undefined
  if (typeof json !== 'string' || !/^-?\d{1,19}$/.test(json)) return undefined
  const value = BigInt(json)
  if (value < leastInt64 || value > mostInt64) return undefined
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function floatOf(json: unknown): Value | undefined {
  if (typeof json === 'number') return json
  if (json === 'NaN') return Number.NaN
  if (json === 'Infinity') return Number.POSITIVE_INFINITY
  return json === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined
}
