import { bug } from '../base/errors.ts'
import type { Plan } from './logical.ts'

/**
 * Plain data as JSON text that `decodeData` reads back unchanged: bigint, bytes, NaN, the infinities and −0 are tagged, and so are objects with
 * a key that looks like a tag or that assignment would treat specially.
 */
export function encodeData(data: unknown, indent?: number): string {
  return JSON.stringify(tag(data), undefined, indent)
}

/** Reads what `encodeData` wrote; everything it makes is frozen. */
export function decodeData(text: string): unknown {
  return untag(JSON.parse(text))
}

/** A logical plan as JSON text. */
export function encodePlan(plan: Plan): string {
  return encodeData(plan)
}

/** The plan of a JSON text; its nodes and expressions are frozen. */
export function decodePlan(text: string): Plan {
  const plan = decodeData(text) as Plan
  if (plan?.version !== 1) throw bug('the text holds no plan of version 1')
  return plan
}

function tag(data: unknown): unknown {
  if (typeof data === 'bigint') return { $bigint: data.toString() }
  if (typeof data === 'number')
    return Number.isFinite(data) && !Object.is(data, -0) ? data : { $number: Object.is(data, -0) ? '-0' : String(data) }
  if (data === null || typeof data !== 'object') return data
  if (data instanceof Uint8Array) return { $bytes: Buffer.from(data).toString('base64') }
  if (Array.isArray(data)) return data.map(tag)
  const entries = Object.entries(data).filter(([, value]) => value !== undefined)
  if (entries.some(([key]) => key.startsWith('$') || key === '__proto__'))
    return { $object: entries.map(([key, value]) => [key, tag(value)]) }
  return Object.fromEntries(entries.map(([key, value]) => [key, tag(value)]))
}

function untag(data: unknown): unknown {
  if (data === null || typeof data !== 'object') return data
  if (Array.isArray(data)) return Object.freeze(data.map(untag))
  const entries = Object.entries(data)
  if (entries.length === 1 && entries[0][0].startsWith('$')) {
    const [name, value] = entries[0]
    if (name === '$bigint') return BigInt(value)
    if (name === '$number') return Number(value)
    if (name === '$bytes') return new Uint8Array(Buffer.from(value, 'base64'))
    if (name === '$object')
      return Object.freeze(Object.fromEntries((value as [string, unknown][]).map(([key, item]) => [key, untag(item)])))
  }
  return Object.freeze(Object.fromEntries(entries.map(([key, value]) => [key, untag(value)])))
}
