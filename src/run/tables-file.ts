import { readFileSync, statSync } from 'node:fs'
import { suggest } from '../base/did-you-mean.ts'
import { type MillraceError, sourceError, usageError } from '../base/errors.ts'
import type { Schema, Type, Value } from '../data/type.ts'
import type { GivenTable } from '../dsl/bind/context.ts'
import { parseTypeText } from '../dsl/schema.ts'
import { defaultConnectors } from '../io/index.ts'
import { type Json, parseJson, tryValueFromJson } from '../io/json-value.ts'

/**
 * Reads the file of `--tables`: names to rows with column types, or to a file with the options of its connector and a schema.
 * Values are JSON: int64 beyond 2^53 as text, dates and timestamps as text, bytes as base64. A byte order mark is no part of it.
 */
export function readTablesFile(path: string): ReadonlyMap<string, GivenTable> {
  return parseTables(path, decode(path, readRegularFile(path)))
}

function readRegularFile(path: string): Uint8Array {
  try {
    if (statSync(path).isFile()) return readFileSync(path)
  } catch (cause) {
    throw sourceError('SOURCE_NOT_FOUND', `the file '${path}' of --tables cannot be read`, { cause })
  }
  // Opening a pipe that nobody writes to would wait for ever.
  throw sourceError('SOURCE_UNREADABLE', `'${path}' of --tables is a folder, a pipe or a device, expected a file`)
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw tablesError(path, 'the file is not valid UTF-8')
  }
}

export function parseTables(path: string, text: string): ReadonlyMap<string, GivenTable> {
  let json: unknown
  try {
    json = parseJson(text)
  } catch (cause) {
    throw tablesError(path, (cause as Error).message)
  }
  if (!isRecord(json)) throw tablesError(path, 'expected an object of tables by name')
  return new Map(Object.entries(json).map(([name, table]) => [name, tableOf(path, name, table)]))
}

const tablesError = (path: string, message: string, hint?: string): MillraceError =>
  usageError('USAGE_TABLES', `${path}: ${message}`, { hint })
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function tableOf(path: string, name: string, table: unknown): GivenTable {
  if (!isRecord(table)) throw tablesError(path, `table '${name}' must be an object`)
  const kinds = ['columns', ...defaultConnectors.sources.keys()]
  const given = Object.keys(table).filter((key) => kinds.includes(key))
  const [kind] = given
  if (kind === undefined) {
    const found = Object.keys(table)[0] ?? ''
    const problem = `table '${name}' needs columns and rows, or one of ${kinds.slice(1).join(', ')}`
    throw tablesError(path, problem, suggest(found, kinds))
  }
  if (given.length > 1) throw tablesError(path, `table '${name}' has both '${kind}' and '${given[1]}', expected one of them`)
  if (kind === 'columns') return rowsTable(path, name, table)
  const { [kind]: source, schema, ...options } = table
  refuseOtherEntries(path, name, options, optionNames(kind))
  if (typeof source !== 'string') throw tablesError(path, `'${kind}' of table '${name}' must be a path`)
  return {
    connector: kind,
    options: { path: source, ...(options as Record<string, Value>) },
    schema: schema === undefined ? undefined : schemaOf(path, name, schema),
  }
}

/** Options of a connector apart from the path, which stands under the connector's name, and from the schema. */
function optionNames(kind: string): string[] {
  const connector = defaultConnectors.sources.get(kind)
  const names = Object.keys(connector?.options ?? {}).filter((option) => option !== connector?.positional)
  return connector?.takesSchema === true ? [...names, 'schema'] : names
}

function refuseOtherEntries(path: string, name: string, entries: Record<string, unknown>, known: readonly string[]): void {
  const extra = Object.keys(entries).find((entry) => !known.includes(entry))
  if (extra === undefined) return
  const hint = suggest(extra, known, known.length === 0 ? undefined : `it may have ${known.join(', ')}`)
  throw tablesError(path, `table '${name}' has an unknown entry '${extra}'`, hint)
}

function rowsTable(path: string, name: string, { columns, rows, ...others }: Record<string, unknown>): GivenTable {
  refuseOtherEntries(path, name, others, ['rows'])
  const schema = schemaOf(path, name, columns)
  if (!Array.isArray(rows)) throw tablesError(path, `table '${name}' needs rows: an array of arrays`)
  const values = rows.map((row, index) => {
    if (!Array.isArray(row) || row.length !== schema.length) {
      throw tablesError(path, `row ${index + 1} of table '${name}' must be an array of ${schema.length} values`)
    }
    return row.map((value: Json, i) => {
      const { name: column, type } = schema[i]
      const read = tryValueFromJson(value, type)
      if (read === undefined)
        throw tablesError(path, `row ${index + 1}, column '${column}' of table '${name}': ${showJson(value)} is no ${type.kind}`)
      return read
    })
  })
  return { schema, rows: values }
}

const showJson = (json: unknown): string => JSON.stringify(json, (_, part) => (typeof part === 'bigint' ? String(part) : part))

function schemaOf(path: string, name: string, columns: unknown): Schema {
  if (!Array.isArray(columns)) throw tablesError(path, `the schema of table '${name}' must be an array of [name, type]`)
  return columns.map((column) => {
    if (!Array.isArray(column) || typeof column[0] !== 'string' || typeof column[1] !== 'string') {
      throw tablesError(path, `a column of table '${name}' must be [name, type], found ${showJson(column)}`)
    }
    return { name: column[0], type: typeOf(path, name, column), nullable: true }
  })
}

function typeOf(path: string, table: string, [column, text]: readonly string[]): Type {
  try {
    return parseTypeText(text)
  } catch (cause) {
    // The error knows places in programs only.
    throw usageError('USAGE_TABLES', `${path}: column '${column}' of table '${table}': ${(cause as MillraceError).message}`, {
      hint: (cause as MillraceError).details.hint,
    })
  }
}
