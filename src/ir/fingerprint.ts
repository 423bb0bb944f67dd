import { createHash } from 'node:crypto'
import type { FnRef } from './expr.ts'
import type { Plan } from './logical.ts'
import { encodeData } from './serde.ts'

/**
 * 16 hex digits over plain data. Two programs that say the same get the same digits: places are left out, keys are sorted, and a function counts
 * by where it is found and what its source is, not by the number it happened to get.
 */
export function fingerprintData(data: unknown): string {
  return createHash('sha256')
    .update(encodeData(canonical(data)))
    .digest('hex')
    .slice(0, 16)
}

/** What a program says before it is bound, in whatever form the front ends give it. */
export interface UnboundProgram {
  nodes: readonly unknown[]
  outputs: readonly unknown[]
  params: readonly unknown[]
  types: readonly unknown[]
  imports: readonly unknown[]
  options: unknown
}

/**
 * The fingerprint of a program before binding: operations, functions, options, and parameters with the values given to them. A worker that
 * builds the program again must come to the same one.
 */
export function fingerprintUnbound(program: UnboundProgram, params: ReadonlyMap<string, unknown> = new Map()): string {
  const { nodes, outputs, types, imports, options } = program
  const values = [...params].sort(([a], [b]) => (a < b ? -1 : 1))
  return fingerprintData({ nodes, outputs, params: program.params, types, imports, options, values })
}

/** The fingerprint of a bound plan: nodes, parameters with their values, parallelism. */
export function fingerprintPlan(plan: Plan): string {
  const { version, nodes, outputs, params, hashSeed, parallelism } = plan
  return fingerprintData({ version, nodes, outputs, params, hashSeed, parallelism })
}

const places: ReadonlySet<string> = new Set(['at', 'nameAt', 'fnAt', 'connectorAt'])

function canonical(data: unknown): unknown {
  if (data === null || typeof data !== 'object' || data instanceof Uint8Array) return data
  if (Array.isArray(data)) return data.map(canonical)
  if (data instanceof Map) return [...data].map(canonical)
  if (isFnRef(data)) return ['function', data.module, data.export ?? null, data.ordinal, data.sourceHash, data.kind]
  const entries = Object.entries(data).filter(([key, value]) => value !== undefined && !(places.has(key) && isPlace(value)))
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([key, value]) => [key, canonical(value)]),
  )
}

const isFnRef = (data: object): data is FnRef => 'sourceHash' in data && 'ordinal' in data

/** A column of the user may be called `at` too. */
const isPlace = (data: unknown): boolean => typeof data === 'object' && data !== null && 'file' in data && 'line' in data
