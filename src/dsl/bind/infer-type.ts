import { type Type, types } from '../../data/type.ts'

/** What a list of JavaScript values looks like as columns. */
export type InferredRow =
  | { element: false; fields: readonly { name: string; type: Type; nullable: boolean }[] }
  | { element: true; type: Type; nullable: boolean }

/** Why no type could be found. */
export interface InferenceProblem {
  problem: string
}

/**
 * The row type of sampled values: objects have one column a property (in the order in which properties first occur; a property that some
 * lack is nullable), everything else is one element.
 *
 * number is float64, bigint int64, `Date` timestamp, `Uint8Array` bytes; null and undefined make it nullable.
 */
export function inferRow(values: readonly unknown[]): InferredRow | InferenceProblem {
  if (values.length === 0) return { problem: 'it returned no value for the rows that were tried' }
  const objects = values.filter(isRecord)
  if (objects.length > 0 && objects.length < values.length) {
    const other = values.find((value) => !isRecord(value))
    return { problem: `it returned objects and also ${kindOf(other)}` }
  }
  if (objects.length > 0) {
    const fields = inferFields(objects, '')
    return 'problem' in fields ? fields : { element: false, fields: fields.fields }
  }
  const inferred = inferType(values, '')
  return 'problem' in inferred ? inferred : { element: true, ...inferred }
}

/** A type ends somewhere; a value that holds itself does not. The language nests as deep. */
const mostLevels = 64

/** One type for all of these values. `path` names them in problems: `.a.b`. */
function inferType(values: readonly unknown[], path: string, depth = 0): { type: Type; nullable: boolean } | InferenceProblem {
  if (depth > mostLevels) return { problem: `it returned values nested deeper than ${mostLevels} levels, or in a circle` }
  const present = values.filter((value) => value !== null && value !== undefined)
  const nullable = present.length < values.length
  if (present.length === 0) return { problem: `it returned only null${at(path)}` }
  const kinds = [...new Set(present.map(kindOf))]
  if (kinds.length > 1) return { problem: `it returned ${kinds.join(' and also ')}${at(path)}` }
  const inferred = inferKind(kinds[0], present, path, depth)
  return 'problem' in inferred ? inferred : { type: inferred, nullable }
}

const scalars: ReadonlyMap<string, Type> = new Map([
  ['numbers', types.float64],
  ['bigints', types.int64],
  ['strings', types.string],
  ['booleans', types.bool],
  ['dates', types.timestamp],
  ['bytes', types.bytes],
])

function inferKind(kind: string, values: readonly unknown[], path: string, depth: number): Type | InferenceProblem {
  const scalar = scalars.get(kind)
  if (scalar !== undefined) return scalar
  if (kind === 'arrays') {
    const items = (values as readonly unknown[][]).flat()
    if (items.length === 0) return { problem: `it returned only empty arrays${at(path)}` }
    const item = inferType(items, `${path}[]`, depth + 1)
    return 'problem' in item ? item : types.array(item.type, item.nullable)
  }
  if (kind === 'objects') {
    const inferred = inferFields(values as readonly Readonly<Record<string, unknown>>[], path, depth)
    return 'problem' in inferred ? inferred : types.struct(inferred.fields)
  }
  return { problem: `it returned ${kind}${at(path)}, which no column can hold` }
}

function inferFields(
  objects: readonly Readonly<Record<string, unknown>>[],
  path: string,
  depth = 0,
): { fields: { name: string; type: Type; nullable: boolean }[] } | InferenceProblem {
  const byName = new Map<string, unknown[]>()
  for (const object of objects) {
    for (const [name, value] of Object.entries(object)) {
      const seen = byName.get(name)
      if (seen === undefined) byName.set(name, [value])
      else seen.push(value)
    }
  }
  if (byName.size === 0) return { problem: `it returned only empty objects${at(path)}` }
  const fields = []
  for (const [name, values] of byName) {
    const inferred = inferType(values, `${path}.${name}`, depth + 1)
    if ('problem' in inferred) return inferred
    fields.push({ name, type: inferred.type, nullable: inferred.nullable || values.length < objects.length })
  }
  return { fields }
}

/** Instances of classes are rows too, unless they have a meaning of their own or are collections. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return !(value instanceof Date || ArrayBuffer.isView(value) || Symbol.iterator in value || value instanceof Promise)
}

/** The kind of a value, in the plural. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value !== 'object') return `${typeof value}s`
  if (Array.isArray(value)) return 'arrays'
  if (value instanceof Date) return 'dates'
  if (value instanceof Uint8Array) return 'bytes'
  return isRecord(value) ? 'objects' : `objects of class ${className(value)}`
}

const className = (value: object): string => value.constructor?.name ?? '?'

const at = (path: string): string => (path === '' ? '' : ` in '${path.replace(/^\./, '')}'`)
