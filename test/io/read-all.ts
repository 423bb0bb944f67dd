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
  /** Each batch is looked at before the next one is made. */
  lent?: boolean
}

export function describeSource(
  source: SourceConnector,
  options: ConnectorOptions,
  { cwd, schema, incremental = false }: ReadOptions,
): Promise<SourceDescription> {
  return source.describe(options, { host, cwd, schema, incremental, at: noPlace })
}

type Item = ReturnType<SourceConnector['read']> extends Iterable<infer T> ? T : never

/** Everything a source gives: batches and barriers, split after split. */
export function readItems(source: SourceConnector, options: ConnectorOptions, read: ReadOptions): Promise<Item[]> {
  return readEach(source, options, read, (item) => [item])
}

async function readEach<T>(
  source: SourceConnector,
  options: ConnectorOptions,
  read: ReadOptions,
  take: (item: Item) => readonly T[],
): Promise<T[]> {
  const described = await describeSource(source, options, read)
  const { splitBytes, columns, limit, lent } = read
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
  const taken: T[] = []
  splits.forEach((split, splitIndex) => {
    const request = { options, reader: described.reader, split, splitIndex, fields, limit, lent, host, signal }
    for (const item of source.read(request)) for (const part of take(item)) taken.push(part)
  })
  return taken
}

/** All rows of a source, as plain values. */
export function readRows(source: SourceConnector, options: ConnectorOptions, read: ReadOptions): Promise<Value[][]> {
  return readEach(source, options, read, (item) => ('barrier' in item ? [] : rowsOf(item)))
}
