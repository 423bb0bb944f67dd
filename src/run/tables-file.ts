import { readFileSync } from 'node:fs'
import { suggest } from '../base/did-you-mean.ts'
import { type MillraceError, sourceError, usageError } from '../base/errors.ts'
import type { Schema, Type, Value } from '../data/type.ts'
import type { GivenTable } from '../dsl/bind/context.ts'
import { parseTypeText } from '../dsl/schema.ts'
import { defaultConnectors } from '../io/index.ts'
import { type Json, parseJson, tryValueFromJson } from '../io/json-value.ts'

/**
 * Reads the file of `--tables`: names to rows with column types, or to a file with the options of its connector and a schema.
 * Values are JSON: int64 beyond 2^53 as text, dates and timestamps as text, bytes as base64.
 */
export function readTablesFile(path: string): ReadonlyMap<string, GivenTable> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw sourceError('SOURCE_NOT_FOUND', `the file '${path}' of --tables cannot be read`, { cause })
  }
  return parseTables(path, text)
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

const tablesError = (path: string, message: string): MillraceError => usageError('USAGE_TABLES', `${path}: ${message}`)
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function tableOf(path: string, name: string, table: unknown): GivenTable {
  if (!isRecord(table)) throw tablesError(path, `table '${name}' must be an object`)
  if (Array.isArray(table.columns)) return rowsTable(path, name, table)
  const kinds = [...defaultConnectors.sources.keys()]
  const kind = Object.keys(table).find((key) => kinds.includes(key))
  if (kind === undefined) {
    const found = Object.keys(table)[0] ?? ''
    const problem = `table '${name}' needs columns and rows, or one of ${kinds.join(', ')}`
    throw usageError('USAGE_TABLES', `${path}: ${problem}`, { hint: suggest(found, ['columns', ...kinds]) })
  }
  const { [kind]: source, schema, ...options } = table
  if (typeof source !== 'string') throw tablesError(path, `'${kind}' of table '${name}' must be a path`)
  return {
    connector: kind,
    options: { path: source, ...(options as Record<string, Value>) },
    schema: schema === undefined ? undefined : schemaOf(path, name, schema),
  }
}

function rowsTable(path: string, name: string, { columns, rows, ...others }: Record<string, unknown>): GivenTable {
  const extra = Object.keys(others)[0]
  if (extra !== undefined) throw tablesError(path, `table '${name}' has an unknown entry '${extra}'`)
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
