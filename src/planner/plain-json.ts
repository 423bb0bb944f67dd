import { Buffer } from 'node:buffer'

/**
 * A value that `JSON.stringify` takes as it is: an int64 beyond the safe integers and a float64 that is no number as strings, bytes as
 * base64, sets as lists, undefined left out.
 */
export function plainJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plainJson)
  if (value instanceof Set) return [...value].map(plainJson)
  // Field names come from users, `__proto__` among them.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => [name, plainJson(part)]),
  )
}
