import { dataError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { isInt64 } from '../data/int64.ts'
import { textAt } from '../data/read.ts'
import { type Schema, type Type, types } from '../data/type.ts'
import type { SourceFile } from '../ir/logical.ts'
import { sampleRows } from './csv-infer.ts'
import { LineBlocks } from './lines.ts'

/**
 * Column types of JSON lines from the first rows: objects are structs, arrays are arrays, a number written without point and exponent is int64
 * until another is not, and what is always null is string. Columns come in the order in which their keys were first seen.
 *
 * @throws {@link MillraceError} `DATA_BAD_VALUE` when values of one key are of several kinds, `DATA_BAD_JSON`.
 */
export function inferJson(files: readonly SourceFile[], host: Host, leaveOut: ReadonlySet<string> = new Set()): Schema {
  const root: Guess = {}
  for (const file of files) {
    if (sampleFile(file, host, root) === 0) continue
    const fields = fieldsOf(root).filter((field) => !leaveOut.has(field.name))
    if (fields.length > 0) return fields
  }
  throw dataError('DATA_BAD_JSON', 'expected rows to infer the columns from, found none', {
    file: files[0].path,
    hint: 'declare the columns: schema (name type, ...)',
  })
}

/** What is known of the values at one place; the empty guess has seen null only. */
interface Guess {
  kind?: 'bool' | 'int64' | 'float64' | 'string' | 'array' | 'struct'
  fields?: Map<string, Guess>
  item?: Guess
}

function sampleFile(file: SourceFile, host: Host, root: Guess): number {
  const blocks = new LineBlocks({ file, offset: 0, length: file.sizeBytes }, host)
  let rows = 0
  try {
    while (rows < sampleRows && blocks.next()) {
      for (let at = 0; at < blocks.end && rows < sampleRows; ) {
        const lineEnd = blocks.data.indexOf(10, at)
        const line = textAt(blocks.data, at, lineEnd)
        if (line.trim() !== '') {
          sampleLine(line, root, blocks, at)
          rows++
        }
        at = lineEnd + 1
      }
    }
    return rows
  } finally {
    blocks.close()
  }
}

function sampleLine(line: string, root: Guess, blocks: LineBlocks, at: number): void {
  let value: unknown
  try {
    value = JSON.parse(line, markIntegers)
  } catch (error) {
    throw blocks.error('DATA_BAD_JSON', `expected a JSON object, found text that is none: ${(error as Error).message}`, at)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw blocks.error('DATA_BAD_JSON', 'expected a JSON object, found another value', at)
  narrow(root, value, [], (path, kinds) => {
    const hint = 'declare the columns: schema (name type, ...)'
    return blocks.error('DATA_BAD_VALUE', `expected values of one type at '${path.join('.')}', found ${kinds}`, at, hint)
  })
}

/** Integers become bigints, so that they can be told from `1.0`. */
function markIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || !/^-?[0-9]+$/.test(context?.source ?? String(value))) return value
  const exact = BigInt(context?.source ?? value)
  return isInt64(exact) ? exact : value
}

function narrow(
  guess: Guess,
  value: unknown,
  path: readonly string[],
  mixed: (path: readonly string[], kinds: string) => Error,
): void {
  if (value === null) return
  const kind = kindOf(value)
  if (guess.kind === undefined) guess.kind = kind
  else if (guess.kind !== kind) {
    const isNumber = (other: string) => other === 'int64' || other === 'float64'
    if (!isNumber(kind) || !isNumber(guess.kind)) throw mixed(path, `${guess.kind} and ${kind}`)
    guess.kind = 'float64'
  }
  if (kind === 'array') {
    guess.item ??= {}
    for (const item of value as readonly unknown[]) narrow(guess.item, item, [...path, '[]'], mixed)
  } else if (kind === 'struct') {
    guess.fields ??= new Map()
    for (const [name, item] of Object.entries(value as object)) {
      const field = guess.fields.get(name) ?? {}
      guess.fields.set(name, field)
      narrow(field, item, [...path, name], mixed)
    }
  }
}

function kindOf(value: unknown): NonNullable<Guess['kind']> {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int64'
    case 'number':
      return 'float64'
    case 'string':
      return 'string'
    default:
      return Array.isArray(value) ? 'array' : 'struct'
  }
}

const fieldsOf = (guess: Guess): Schema =>
  [...(guess.fields ?? [])].map(([name, field]) => ({ name, type: typeOf(field), nullable: true }))

function typeOf(guess: Guess): Type {
  switch (guess.kind) {
    case undefined:
      return types.string
    case 'array':
      return types.array(typeOf(guess.item ?? {}))
    case 'struct':
      return types.struct(fieldsOf(guess))
    default:
      return types[guess.kind]
  }
}
