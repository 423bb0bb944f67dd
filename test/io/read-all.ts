import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { nodeHost } from '../../src/base/node-host.ts'
import { noPlace } from '../../src/base/place.ts'
import { rowsOf } from '../../src/data/read.ts'
import type { Schema, Value } from '../../src/data/type.ts'
import type { ConnectorOptions, SourceConnector, SourceDescription } from '../../src/io/connector.ts'

/** A fresh folder for each test. */
export function tempFolder(): { readonly path: string } {
  const folder = { path: '' }
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'millrace-io-'))
  })
  afterEach(() => rmSync(folder.path, { recursive: true, force: true }))
  return folder
}

export const host = nodeHost()

export interface ReadOptions {
  cwd: string
  schema?: Schema
  incremental?: boolean
  /** Names of the columns to make. */
  columns?: readonly string[]
  limit?: number
  /** Cuts each file into ranges of this many bytes instead of the described splits. */
  splitBytes?: number
}

export function describeSource(
  source: SourceConnector,
  options: ConnectorOptions,
  { cwd, schema, incremental = false }: ReadOptions,
): Promise<SourceDescription> {
  return source.describe(options, { host, cwd, schema, incremental, at: noPlace })
}

/** Everything a source gives: batches and barriers, split after split. */
export async function readItems(source: SourceConnector, options: ConnectorOptions, read: ReadOptions) {
  const described = await describeSource(source, options, read)
  const { splitBytes, columns, limit } = read
  const splits =
    splitBytes === undefined
      ? described.splits
      : described.splits.flatMap((split) => {
          const end = split.offset + split.length
          const pieces = []
          for (let offset = split.offset; offset < end; offset += splitBytes)
            pieces.push({ ...split, offset, length: Math.min(splitBytes, end - offset) })
          return pieces
        })
  const fields = columns === undefined ? described.schema : described.schema.filter((field) => columns.includes(field.name))
  const { signal } = new AbortController()
  return splits.flatMap((split, splitIndex) => [
    ...source.read({ options, reader: described.reader, split, splitIndex, fields, limit, host, signal }),
  ])
}

/** All rows of a source, as plain values. */
export async function readRows(source: SourceConnector, options: ConnectorOptions, read: ReadOptions): Promise<Value[][]> {
  const items = await readItems(source, options, read)
  return items.flatMap((item) => ('barrier' in item ? [] : rowsOf(item)))
}
