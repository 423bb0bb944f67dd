import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valueAt } from '../../src/data/read.ts'
import { type Schema, types } from '../../src/data/type.ts'
import { csvText } from '../../src/io/csv-header.ts'
import { scanCsv } from '../../src/io/csv-scan.ts'
import { absent, createFieldTable, type FieldTable } from '../../src/io/field-table.ts'
import { createFiller, type DecodeText } from '../../src/io/fill-column.ts'
import { createKeyOrder, scanJson } from '../../src/io/json-scan.ts'
import { plainBytes } from '../../src/io/lines.ts'
import type { CsvShape, ScanResult } from '../../src/io/scan-shape.ts'
import { ScanMemory } from '../../src/io/wasm/scan-memory.ts'

const capacity = 64
const column = (name: string, type: Schema[number]['type']) => ({ name, type, nullable: true })
const schema = [
  column('id', types.int64),
  column('price', types.float64),
  column('name', types.string),
  column('a key that is longer than sixteen bytes', types.string),
]
const names = schema.map(({ name }) => name)

/** So many texts that they are numbered no more but copied. */
const before = Array.from({ length: 300 }, (_, i) => [`${i}`, `${i}.5`, `"n${i}"`, `"k${i}"`])
const linesBefore = before.map((values) => `{${values.map((item, i) => `"${names[i]}":${item}`).join(',')}}\n`).join('')
const recordsBefore = before.map((values) => `${values.join(',')}\n`).join('')

/** All batches of a text: where fields stand, what is wrong, and the columns made of it. Bad records are passed over. */
function scanAll(
  text: string,
  hasKernels: boolean,
  scan: (data: Uint8Array, at: number, end: number, table: FieldTable) => ScanResult,
  decode: DecodeText,
  quote: number,
) {
  const bytes = Buffer.from(text)
  const data = plainBytes(bytes.length + 64)
  data.set(bytes)
  const table = createFieldTable(schema.length, capacity, hasKernels ? Number.POSITIVE_INFINITY : 0)
  expect(table.memory !== undefined).toBe(hasKernels)
  const fill = createFiller(schema, decode, quote === 0, true, quote)
  const seen: unknown[] = []
  for (let at = 0; at < bytes.length; ) {
    const { next, problem, incomplete } = scan(data, at, bytes.length, table)
    for (let row = 0; row < table.rowCount; row++) {
      for (let slot = 0; slot < schema.length; slot++) {
        const i = slot * table.capacity + row
        const kind = table.kinds[i]
        seen.push(kind === absent ? kind : [kind, table.starts[i], table.ends[i]])
      }
      seen.push(table.rowStarts[row])
    }
    const filled = fill(table)
    if ('bad' in filled) seen.push(filled.bad)
    else for (let row = 0; row < table.rowCount; row++) seen.push(filled.columns.map((made) => valueAt(made, row)))
    seen.push(next, problem, incomplete)
    if (incomplete) break
    at = problem?.end ?? next
  }
  return seen
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', 'open', 'paid', '"', '\\', '\n', '\r\n', 'a "b" c', '\u0000', '🎉', 'x'.repeat(100), "it's\ttab", '\ud800'),
)
const digits = fc.integer({ min: 1, max: 15 }).chain((size) => fc.integer({ min: 0, max: 10 ** size - 1 }))
/** Those that a kernel reads: one that it leaves to others leaves it the rest of the column too. */
const shortNumeral = fc.tuple(digits, fc.nat({ max: 16 }), fc.boolean()).map(([value, point, isNegative]) => {
  const text = String(value)
  const whole = text.slice(0, point) || '0'
  return `${isNegative ? '-' : ''}${point < text.length ? `${whole}.${text.slice(point)}` : text}`
})
const integer = digits.map(String)
const oddNumeral = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer({ min: -99_999_999, max: 99_999_999 }).map((value) => (value / 100).toFixed(2)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom(
    '0',
    '-0',
    '-0.0',
    '0.5',
    '123456789012345',
    '1234567890123456',
    '1.23456789012345678',
    '1e5',
    '1E-7',
    '0.1234567890123456',
  ),
)
const numeral = fc.oneof({ weight: 200, arbitrary: shortNumeral }, oddNumeral)
/** Some bytes of a text taken out, put in twice or replaced, so that it is not well formed in many ways. */
const broken = (content: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      content,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('', '"', '\\', ',', '\n', '\r', '}', '{', '1', '.', ' ', 'c', 'u'))),
      fc.boolean(),
    )
    .map(([whole, changes, isBroken]) => {
      let changed = whole
      for (const [place, put] of isBroken ? changes.slice(0, 3) : []) {
        const at = place % (changed.length + 1)
        changed = changed.slice(0, at) + put + changed.slice(at + 1)
      }
      return `${changed.toWellFormed()}\n`
    })

describe('kernels that scan', () => {
  it('run here', () => {
    expect(ScanMemory.open(1, 16)).toBeDefined()
  })

  it('find what scanning JSON in TypeScript finds, in lines of any kind', () => {
    const escaped = fc.tuple(text, fc.boolean()).map(([value, all]) =>
      // Each unit as an escape, or as JSON.stringify writes it.
      all
        ? `"${[...Array(value.length).keys()].map((i) => `\\u${value.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
        : JSON.stringify(value),
    )
    const badText = fc.constantFrom('"\\c"', '"\\x"', '"\\u12g4"', '"\\ud800\\ud900"', '"\\udc00"', '"\\ud800\\n"', '"\t"')
    const usualText = fc.oneof({ weight: 60, arbitrary: escaped }, badText)
    const value = fc.oneof(
      usualText,
      numeral,
      fc.constantFrom('true', 'false', 'null', '[1,[2,"]"]]', '{"x":{"y":"}\\""}}', '[', 'nul', '01', '-', '1.'),
    )
    const space = fc.constantFrom('', '', '', ' ', '  ', '\t')
    const member = fc.tuple(fc.constantFrom(...names, 'other', 'na\\u006de', 'name'), space, space, value)
    const usual = fc
      .tuple(numeral, numeral, usualText, usualText)
      .map((values) => `{${values.map((item, i) => `${JSON.stringify(names[i])}:${item}`).join(',')}}`)
    const odd = fc
      .tuple(fc.array(member, { maxLength: 5 }), space)
      .map(
        ([members, end]) =>
          `{${members.map(([key, before, behind, item]) => `"${key}"${before}:${behind}${item}${end}`).join(',')}}${end}`,
      )
    const lines = fc.array(fc.oneof({ weight: 30, arbitrary: usual }, odd, fc.constantFrom('', ' ', '{}', '{}\r')), {
      maxLength: 90,
      size: 'max',
    })
    fc.assert(
      fc.property(broken(lines.map((all) => all.join('\n'))), (content) => {
        const scan = (hasKernels: boolean) => {
          const order = createKeyOrder(names)
          return scanAll(
            linesBefore + content,
            hasKernels,
            (data, at, end, table) => scanJson(data, at, end, order, table, capacity),
            (data, start, end) => JSON.parse(`"${Buffer.from(data.subarray(start, end)).toString()}"`),
            0,
          )
        }
        expect(scan(true)).toEqual(scan(false))
      }),
      { numRuns: 200, endOnFailure: true },
    )
  })

  it('find what scanning csv in TypeScript finds, in records of any kind', () => {
    const quoted = text.map((value) => `"${value.replaceAll('"', '""')}"`)
    const field = fc.oneof(
      numeral,
      quoted,
      text.map((value) => value.replaceAll(/[\n\r,]/g, '')),
      fc.constantFrom('', 'NULL'),
    )
    const records = fc.array(
      fc.oneof(
        { weight: 30, arbitrary: fc.tuple(fc.oneof({ weight: 200, arbitrary: integer }, numeral), numeral, field, field) },
        fc.array(field, { maxLength: 6 }),
      ),
      { maxLength: 90, size: 'max' },
    )
    const content = fc
      .tuple(records, fc.constantFrom('\n', '\r\n'))
      .map(([all, end]) => all.map((fields) => fields.join(',')).join(end))
    fc.assert(
      fc.property(broken(content), fc.boolean(), fc.constantFrom('', 'NULL'), (bytes, tolerateTail, nullText) => {
        const shape: CsvShape = {
          delimiter: 44,
          quote: 34,
          nullText: Buffer.from(nullText),
          columnCount: schema.length,
          slots: Int32Array.from(schema.keys()),
          tolerateTail,
          hasReturns: bytes.includes('\r'),
        }
        const scan = (hasKernels: boolean) =>
          scanAll(
            recordsBefore + bytes,
            hasKernels,
            (data, at, end, table) => scanCsv(data, at, end, shape, table, capacity),
            csvText(34),
            34,
          )
        expect(scan(true)).toEqual(scan(false))
      }),
      { numRuns: 200, endOnFailure: true },
    )
  })

  it.each([0, 1, 2, 7, 63, 64, 65, 200])(
    'take a line that ends %d bytes behind the text that is copied in from the data',
    (behind) => {
      const copied = 2 ** 18 + 2 ** 16
      for (const end of ['\n', ' \n', '\r\n']) {
        const filler = `{"id":1,"price":1,"name":""}\n{"id":1,"price":1,"name":"${'x'.repeat(200_000)}"}\n`
        const open = '{"id":12345,"price":2.5,"name":"'
        const size = copied + behind - filler.length - open.length - 2 - end.length
        const content = `${filler}${open}${'y'.repeat(size)}"}${end}{"id":3}\n`
        const scan = (hasKernels: boolean) => {
          const order = createKeyOrder(names)
          const decode: DecodeText = () => ''
          return scanAll(
            linesBefore + content,
            hasKernels,
            (data, at, stop, table) => scanJson(data, at, stop, order, table, capacity),
            decode,
            0,
          )
        }
        expect(scan(true)).toEqual(scan(false))
      }
    },
  )

  it('cut text into lines, and make text of them', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', '\r', 'b'.repeat(20)), maxLength: 20 })
    const memory = ScanMemory.open(0, capacity) as ScanMemory
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 90, size: 'max' }),
        fc.integer({ min: 1, max: 90 }),
        fc.nat(20),
        (lines, most, before) => {
          const expected = lines.slice(0, Math.min(most, capacity)).map((text) => text.replace(/\r$/, ''))
          const bytes = Buffer.from(`${'x'.repeat(before)}${lines.join('\n')}\n`)
          const cut = memory.cutLines(bytes, before, bytes.length, most)
          if (cut === undefined) throw new Error('there is room')
          const { rowCount, offsets, bytes: texts, size, next } = cut
          const found = Array.from({ length: rowCount }, (_, row) =>
            Buffer.from(texts.subarray(offsets[row], offsets[row + 1])).toString(),
          )
          expect(found).toEqual(expected)
          expect([size, next]).toEqual([
            Buffer.byteLength(expected.join('')),
            before + lines.slice(0, rowCount).reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0),
          ])
          const kept = {
            store: 'bytes',
            type: types.string,
            length: rowCount,
            offsets: offsets.slice(),
            data: texts.slice(),
          } as const
          const joined = memory.joinLines(kept, rowCount)
          if (expected.some((text) => text.endsWith('\r'))) expect(joined).toBeUndefined()
          else expect(Buffer.from(joined as Uint8Array).toString()).toBe(`${expected.join('\n')}\n`)
        },
      ),
      { numRuns: 300 },
    )
    const long = new Uint8Array(2 ** 19).fill(10)
    expect(memory.cutLines(long, 0, long.length, 1)).toBeUndefined()
  })

  it('are missed by nobody where there is no WebAssembly', () => {
    const program = `
      const { createFieldTable } = await import('./src/io/field-table.ts')
      delete globalThis.WebAssembly
      const table = createFieldTable(1, 16, 2 ** 30)
      console.log(table.memory, table.starts.length)
    `
    const args = ['--input-type=module', '-e', program]
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('undefined 16\n')
  })
})
