import { dataError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { isInt64, parseInt64 } from '../data/int64.ts'
import { textAt } from '../data/read.ts'
import { type Schema, type Type, types } from '../data/type.ts'
import type { SourceFile } from '../ir/logical.ts'
import { sampleRows } from './csv-infer.ts'
import { scanError } from './field-error.ts'
import { createFieldTable } from './field-table.ts'
import { createKeyOrder, scanJson } from './json-scan.ts'
import { floatWords } from './json-value.ts'
import { LineBlocks } from './lines.ts'

/**
 * Column types of JSON lines from the first rows: objects are structs, arrays are arrays, a number written without point and exponent is int64
 * until another is not, and what is always null is string. A text that stands for a number which JSON cannot write is one among numbers, as the
 * sinks write such columns, and a text elsewhere. Columns come in the order in which their keys were first seen.
 *
 * @throws {@link MillraceError} `DATA_BAD_VALUE` when values of one key are of several kinds, `DATA_BAD_JSON`.
 */
export function inferJson(files: readonly SourceFile[], host: Host, leaveOut: ReadonlySet<string> = new Set()): Schema {
  const root: Guess = {}
  let hasRows = false
  for (const file of files) {
    if (sampleFile(file, host, root) === 0) continue
    hasRows = true
    const fields = fieldsOf(root).filter((field) => !leaveOut.has(field.name))
    if (fields.length > 0) return fields
  }
  const found = hasRows ? 'only objects without any' : files.length === 1 ? 'an empty file' : `${files.length} empty files`
  throw dataError('DATA_BAD_JSON', `expected rows to infer the columns from, found ${found}`, {
    file: files[0].path,
    hint: 'declare the columns: schema (name type, ...)',
  })
}

/** `floatWord` and `wideInt` are texts that may stand for numbers: `"NaN"`, `"-Infinity"`, `"9007199254740993"`. */
type Kind = 'bool' | 'int64' | 'float64' | 'string' | 'floatWord' | 'wideInt' | 'array' | 'struct'

/** What is known of the values at one place; the empty guess has seen null only. */
interface Guess {
  kind?: Kind
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
        if (textAt(blocks.data, at, lineEnd).trim() !== '') {
          sampleLine(blocks, at, lineEnd, root)
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

function sampleLine(blocks: LineBlocks, at: number, lineEnd: number, root: Guess): void {
  // The reader's own checks come first, so that both say the same; what stands within arrays and objects is left to the parser.
  const { problem } = scanJson(blocks.data, at, lineEnd + 1, createKeyOrder([]), createFieldTable(0, 1), 1)
  if (problem !== undefined) throw scanError(blocks, problem)
  let value: unknown
  try {
    value = JSON.parse(textAt(blocks.data, at, lineEnd), markIntegers)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw blocks.error('DATA_BAD_JSON', 'expected well-formed JSON, found an array or object in this line that is not', at)
  }
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
  const joined = guess.kind === undefined ? kind : joinKinds(guess.kind, kind)
  if (joined === undefined) throw mixed(path, `${nameOf(guess.kind ?? kind)} and ${nameOf(kind)}`)
  guess.kind = joined
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

/** The kind that values of both have; undefined when there is none. */
function joinKinds(a: Kind, b: Kind): Kind | undefined {
  if (a === b) return a
  const of = (...kinds: readonly Kind[]): boolean => kinds.includes(a) && kinds.includes(b)
  if (of('int64', 'wideInt')) return 'int64'
  if (of('int64', 'float64') || of('int64', 'floatWord') || of('float64', 'floatWord')) return 'float64'
  return nameOf(a) === 'string' && nameOf(b) === 'string' ? 'string' : undefined
}

const nameOf = (kind: Kind): Exclude<Kind, 'floatWord' | 'wideInt'> =>
  kind === 'floatWord' || kind === 'wideInt' ? 'string' : kind

function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int64'
    case 'number':
      return 'float64'
    case 'string':
      return floatWords.has(value) ? 'floatWord' : typeof parseInt64(value) === 'bigint' ? 'wideInt' : 'string'
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
      return types[nameOf(guess.kind) as 'bool' | 'int64' | 'float64' | 'string']
  }
}
