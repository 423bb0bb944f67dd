import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MillraceError } from '../../src/base/errors.ts'
import { rowsOf } from '../../src/data/read.ts'
import { type Schema, types, type Value } from '../../src/data/type.ts'
import type { ConnectorOptions, SourceConnector } from '../../src/io/connector.ts'
import { csvSource } from '../../src/io/csv.ts'
import { jsonlSource } from '../../src/io/jsonl.ts'
import { RowPlaces } from '../../src/io/row-places.ts'
import { describeSource, host, tempFolder } from './read-all.ts'

const folder = tempFolder()
const everyType = [
  types.int64,
  types.float64,
  types.bool,
  types.date,
  types.timestamp,
  types.bytes,
  { kind: 'array', item: types.int64, nullableItems: true } as const,
  types.string,
]
const schema: Schema = everyType.map((type, i) => ({ name: `c${i}`, type, nullable: i > 0 }))
const good = ['7', '1.5', 'true', '2026-01-02', '2026-01-02T03:04:05Z', 'AAE=', '[1]', 'ab']
const goodJson = ['7', '1.5', 'true', '"2026-01-02"', '"2026-01-02T03:04:05Z"', '"AAE="', '[1]', '"ab"']
/** A record, and the column in which it is bad; −1 for none, −2 when it is no record at all. */
const record = fc.integer({ min: -2, max: everyType.length - 2 })

interface Format {
  name: string
  source: SourceConnector
  header: string
  line(bad: number): string
}
const formats: readonly Format[] = [
  {
    name: 'csv',
    source: csvSource,
    header: `${schema.map(({ name }) => name).join(',')}\n`,
    line: (bad) => (bad === -2 ? 'one,two' : good.map((text, i) => (i === bad ? '?' : text)).join(',')),
  },
  {
    name: 'jsonl',
    source: jsonlSource,
    header: '',
    line: (bad) => (bad === -2 ? '{"c0":' : `{${goodJson.map((text, i) => `"c${i}":${i === bad ? '"?"' : text}`).join(',')}}`),
  },
]

interface Read {
  rows: Value[][]
  errors: MillraceError[]
  /** Line of each row. */
  lines: (number | undefined)[]
}

async function read(format: Format, records: readonly number[], wanted = schema, splitBytes?: number): Promise<Read> {
  const path = join(folder.path, 'in')
  writeFileSync(path, format.header + records.map((bad) => `${format.line(bad)}\n`).join(''))
  const options: ConnectorOptions = format.name === 'csv' && splitBytes !== undefined ? { path, quote: '' } : { path }
  const described = await describeSource(format.source, options, { cwd: folder.path, schema })
  const result: Read = { rows: [], errors: [], lines: [] }
  const places = new RowPlaces(host)
  const whole = described.splits[0]
  const step = splitBytes ?? whole.length
  for (let offset = 0; offset < whole.length; offset += step) {
    const split = { ...whole, offset, length: Math.min(step, whole.length - offset) }
    const { signal } = new AbortController()
    const onBadRecord = (error: MillraceError): void => void result.errors.push(error)
    for (const batch of format.source.read({
      options,
      reader: described.reader,
      split,
      splitIndex: 0,
      fields: wanted,
      host,
      signal,
      onBadRecord,
    })) {
      if ('barrier' in batch) continue
      result.rows.push(...rowsOf(batch))
      const { origin, firstRow = 0 } = batch.header.source ?? {}
      for (let row = 0; row < batch.rowCount; row++) result.lines.push(origin && places.placeOf(origin, firstRow + row).line)
    }
  }
  places.close()
  return result
}

describe.each(formats)('bad records of $name', (format) => {
  const firstLine = format.header === '' ? 1 : 2

  it('are told and left out, and the others are as if they were alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 20 }), async (records) => {
        const { rows, errors, lines } = await read(format, records)
        const isGood = (bad: number): boolean => bad === -1
        expect(rows).toEqual((await read(format, records.filter(isGood))).rows)
        const lineOf = (i: number): number => i + firstLine
        expect(lines).toEqual(records.flatMap((bad, i) => (isGood(bad) ? [lineOf(i)] : [])))
        const bad = records.flatMap((column, i) => (isGood(column) ? [] : [{ line: lineOf(i), text: format.line(column) }]))
        expect(errors.map(({ details: { line, text } }) => ({ line, text }))).toEqual(expect.arrayContaining(bad))
        expect(errors).toHaveLength(bad.length)
      }),
      { numRuns: 40 },
    )
  })

  it('are each told by the split in which they start', async () => {
    const numbers = schema.slice(0, 1)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(-2, -1, 0), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 60 }),
        async (records, bytes) => {
          const whole = await read(format, records, numbers)
          const split = await read(format, records, numbers, bytes)
          expect(split.rows).toEqual(whole.rows)
          expect(split.lines).toEqual(whole.lines)
          expect(split.errors.map(({ details }) => details.line).sort()).toEqual(
            whole.errors.map(({ details }) => details.line).sort(),
          )
        },
      ),
      { numRuns: 30 },
    )
  })

  it('may be many in every batch', async () => {
    const records = Array.from({ length: 30_000 }, (_, i) => (i % 3) - 1)
    const { rows, errors } = await read(format, records)
    expect(rows).toHaveLength(10_000)
    expect(errors).toHaveLength(20_000)
  })
})
