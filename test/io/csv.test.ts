import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/base/errors.ts'
import { rowsOf } from '../../src/data/read.ts'
import { formatType, type Schema, types } from '../../src/data/type.ts'
import type { ConnectorOptions } from '../../src/io/connector.ts'
import { csvSource } from '../../src/io/csv.ts'
import { describeSource, type ReadOptions, readItems, readRows, tempFolder } from './read-all.ts'

const column = (name: string, type = types.string, nullable = true) => ({ name, type, nullable })

describe('csv source', () => {
  const folder = tempFolder()
  const write = (content: string | Uint8Array, name = 'a.csv') => writeFileSync(join(folder.path, name), content)
  const rows = (options: ConnectorOptions = {}, read: Partial<ReadOptions> = {}) =>
    readRows(csvSource, { path: 'a.csv', ...options }, { cwd: folder.path, ...read })
  const inferred = async (options: ConnectorOptions = {}) => {
    const { schema } = await describeSource(csvSource, { path: 'a.csv', ...options }, { cwd: folder.path })
    return schema.map(({ name, type }) => `${name} ${formatType(type)}`).join(', ')
  }

  it('reads every scalar type as it is inferred', async () => {
    write(`i,f,b,d,t,s,z,n
1,1.5,true,2026-01-31,2026-01-31T10:00:00Z,x,007,
-9007199254740993,-2e3,FALSE,1969-12-31,1970-01-01 00:00:00.000001,"a ""b"", c",010,
,,,,,,,
`)
    expect(await inferred()).toBe('i int64, f float64, b bool, d date, t timestamp, s string, z string, n string')
    expect(await rows()).toEqual([
      [1, 1.5, true, 20484, 1769853600000000, 'x', '007', null],
      [-9007199254740993n, -2000, false, -1, 1, 'a "b", c', '010', null],
      [null, null, null, null, null, null, null, null],
    ])
  })

  it.each<[string, string, ConnectorOptions, unknown[][]]>([
    [
      'CRLF',
      'a,b\r\n1,x\r\n2,\r\n',
      {},
      [
        [1, 'x'],
        [2, null],
      ],
    ],
    ['a byte order mark', '\ufeffa,b\n1,2', {}, [[1, 2]]],
    [
      'quotes over line breaks',
      'a,b\n"1\r\n2",x\n"",y',
      {},
      [
        ['1\r\n2', 'x'],
        ['', 'y'],
      ],
    ],
    [
      'quoted line ends',
      'a,b\r\n"x","y"\r\n"z","w"',
      {},
      [
        ['x', 'y'],
        ['z', 'w'],
      ],
    ],
    ['a quote within a field', 'a,b\nx"y,"z"\n', {}, [['x"y', 'z']]],
    ['quoted header names', '"a, b","c\n""d"""\n1,2', {}, [[1, 2]]],
    ['another delimiter and quote', "a;b\n'x;y';2\n", { delimiter: ';', quote: "'" }, [['x;y', 2]]],
    ['no quote', 'a,b\n"x,2\n', { quote: '' }, [['"x', 2]]],
    [
      'a text for null',
      'a,b\nNA,1\n"NA",NA',
      { null_text: 'NA' },
      [
        [null, 1],
        ['NA', null],
      ],
    ],
    [
      'empty lines between rows',
      'a,b\n\n1,2\n\r\n3,4\n\n',
      {},
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['empty lines as nulls of one column', 'a\n1\n\n2\n', {}, [[1], [null], [2]]],
    ['a header alone', 'a,b', {}, []],
    [
      'no header',
      '1,x\n2,y\n',
      { header: false },
      [
        [1, 'x'],
        [2, 'y'],
      ],
    ],
    ['a header whose only name is empty', '""\n1\n', {}, [[1]]],
    ['one name twice', 'a,a\n1,2\n', {}, [[1, 2]]],
    ['wide characters', 'ä,🎉\nö,"ü,"\n', {}, [['ö', 'ü,']]],
  ])('reads %s', async (_, content, options, expected) => {
    write(content)
    expect(await rows(options)).toEqual(expected)
    expect(await rows(options, { columns: [] })).toEqual(expected.map(() => []))
  })

  it('finds declared columns by name, whatever their order, and leaves out the others', async () => {
    write('xyz,B,a\n1,2,3\n')
    expect(await rows({}, { schema: [column('a', types.float64), column('b', types.int64)] })).toEqual([[3, 2]])
    await expect(rows({}, { schema: [column('xy')] })).rejects.toMatchObject({
      code: 'DATA_MISSING_COLUMN',
      details: { hint: "did you mean 'xyz'?" },
    })
  })

  it.each([
    ['a;b', ';'],
    ['a\tb', '\\t'],
    ['a|b', '|'],
  ])('suggests the delimiter when the whole header %j is one name', async (header, mark) => {
    write(`${header}\n1,2\n`)
    await expect(rows({}, { schema: [column('a'), column('b')] })).rejects.toMatchObject({
      code: 'DATA_MISSING_COLUMN',
      details: { hint: `if '${mark}' stands between the columns, write delimiter => '${mark}'` },
    })
  })

  it('finds declared columns by position without a header, and takes an empty field at the end of a line', async () => {
    write('1|x|\n2|y|\n')
    const schema = [column('k', types.int64), column('v')]
    expect(await rows({ header: false, delimiter: '|' }, { schema })).toEqual([
      [1, 'x'],
      [2, 'y'],
    ])
    expect(await rows({ header: false, delimiter: '|' }, { schema, columns: ['v'] })).toEqual([['x'], ['y']])
    write('1|x|z\n')
    await expect(rows({ header: false, delimiter: '|' }, { schema })).rejects.toMatchObject({ code: 'DATA_ROW_SHAPE' })
  })

  it('reads files whose headers differ in order', async () => {
    write('a,b\n1,2\n', '1.csv')
    write('b,a\n2,1\n', '2.csv')
    expect(await rows({ path: '*.csv' })).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('reads bytes and nested values', async () => {
    write('b,l,s\naGk=,"[1,9007199254740993]","{""x"":[null],""__proto__"":1}"\n,,\n')
    const schema: Schema = [
      column('b', types.bytes),
      column('l', types.array(types.int64)),
      column('s', types.struct([column('x', types.array(types.string)), column('y')])),
    ]
    expect(await rows({}, { schema })).toEqual([
      [new Uint8Array([104, 105]), [1, 9007199254740993n], { x: [null], y: null }],
      [null, null, null],
    ])
  })

  it.each<[string, string, object]>([
    [
      'a short row',
      'a,b\n1,2\n3\n',
      {
        code: 'DATA_ROW_SHAPE',
        message: 'expected 2 fields, found 1',
        details: { line: 3, byteOffset: 8, text: '3', hint: "',' stands between all fields, empty ones too" },
      },
    ],
    [
      'a long row',
      'a,b\n1,2,3\n',
      {
        code: 'DATA_ROW_SHAPE',
        message: 'expected 2 fields, found 3',
        details: { line: 2, hint: "a field with ',' in it must be in quotes" },
      },
    ],
    ['text behind a quote', 'a,b\n"1"x,2\n', { code: 'DATA_BAD_QUOTE', details: { line: 2 } }],
    [
      'an open quote',
      'a,b\n1,2\n"3,4\n5,6\n',
      { code: 'DATA_UNCLOSED_QUOTE', details: { line: 3, hint: expect.stringContaining("quote => ''") } },
    ],
    ['an open quote in the header', 'a,"b\n1,2\n', { code: 'DATA_UNCLOSED_QUOTE' }],
    [
      'carriage returns as line ends',
      'a,b\r1,2\r3,4\r',
      {
        code: 'DATA_CARRIAGE_RETURN',
        message: 'found a carriage return without a line feed behind it, outside of quotes',
        details: { line: 1, byteOffset: 3, hint: expect.stringContaining('tr ') },
      },
    ],
    ['a carriage return in a field', 'a,b\n1,2\nx\ry,z\n', { code: 'DATA_CARRIAGE_RETURN', details: { line: 3, byteOffset: 9 } }],
    ['a carriage return behind a quote', 'a,b\n"1"\r"2",3\n', { code: 'DATA_CARRIAGE_RETURN', details: { line: 2 } }],
    ['a carriage return at the very end', 'a,b\n1,2\r', { code: 'DATA_CARRIAGE_RETURN', details: { line: 2 } }],
    ['an empty file', '', { code: 'DATA_NO_HEADER' }],
    ['an empty first line', '\na,b\n', { code: 'DATA_NO_HEADER' }],
    ['bytes that are not UTF-8', 'a,b\n1,\u0001', { code: 'DATA_INVALID_UTF8', details: { line: 2, byteOffset: 6 } }],
  ])('refuses %s', async (_, content, expected) => {
    write(Buffer.from(content, 'utf8').map((byte) => (byte === 1 ? 0xff : byte)))
    await expect(rows()).rejects.toMatchObject(expected)
  })

  it('refuses an open quote that would swallow a large file', async () => {
    write(`a,b\n1,2\n"3,${'x\n'.repeat(9 * 2 ** 20)}`)
    const schema = [column('a'), column('b')]
    await expect(rows({}, { schema })).rejects.toMatchObject({ code: 'DATA_UNCLOSED_QUOTE', details: { line: 3 } })
  })

  it('names line, column and type of a value that does not fit, and the schema to paste', async () => {
    write(`id,my age\n${'1,2\n'.repeat(1500)}1,old\nx,2\n`)
    await expect(rows()).rejects.toMatchObject({
      code: 'DATA_BAD_VALUE',
      message: "expected int64 in column 'my age', found 'old'",
      details: {
        line: 1502,
        text: '1,old',
        hint: 'int64 was inferred from the first rows; declare the type: schema (id int64, `my age` string)',
      },
    })
    write('a,b\n"1\n",2\n1,9223372036854775808\n')
    await expect(rows({}, { schema: [column('b', types.int64)] })).rejects.toMatchObject({
      code: 'DATA_BAD_VALUE',
      details: { line: 4 },
    })
  })

  it('refuses a null in a column declared not null', async () => {
    write('a\n1\n\n')
    await expect(rows({}, { schema: [column('a', types.int64, false)] })).rejects.toMatchObject({
      code: 'DATA_NULL',
      details: { line: 3 },
    })
  })

  it('reads a file in several splits only when it holds no quote', async () => {
    const body = Array.from({ length: 400_000 }, (_, i) => `${i},name ${i},${i / 8}\n`).join('')
    write(`id,name,x\n${body}`)
    const described = await describeSource(csvSource, { path: 'a.csv' }, { cwd: folder.path })
    expect(described.splits.length).toBeGreaterThan(1)
    const all = await rows()
    expect(all).toHaveLength(400_000)
    for (const i of [0, 1, 65_535, 399_999]) expect(all[i]).toEqual([i, `name ${i}`, i / 8])
    write(`id,name,x\n${body}1,"q",2\n`)
    expect((await describeSource(csvSource, { path: 'a.csv' }, { cwd: folder.path })).splits).toHaveLength(1)
    expect(await rows({}, { columns: ['id'] })).toHaveLength(400_001)
  })

  it('gives every row once, however a file without quotes is cut, with any columns', async () => {
    const cell = fc.oneof(fc.integer().map(String), fc.string({ unit: fc.constantFrom('a', 'ü', ' ', '.'), maxLength: 5 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell)),
        fc.integer({ min: 1, max: 30 }),
        fc.subarray(['a', 'b', 'c']),
        async (cells, splitBytes, columns) => {
          write(`a,b,c\n${cells.map((row) => row.join(',')).join('\n')}`)
          const schema = [column('a'), column('b'), column('c')]
          const expected = cells.map((row) => row.map((value) => (value === '' ? null : value)))
          expect(await rows({}, { schema, splitBytes })).toEqual(expected)
          const wanted = schema.flatMap(({ name }, i) => (columns.includes(name) ? [i] : []))
          expect(await rows({}, { schema, splitBytes, columns })).toEqual(expected.map((row) => wanted.map((i) => row[i])))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('reads lent batches like others: nulls, wide integers and long texts come and go', async () => {
    const patterns: Record<string, string[]> = {
      i: ['1', '', '-12345678', '123456789012', '9223372036854775807'],
      f: ['0.5', '', '-1234.5678', '1e300', 'nan'],
      d: ['2024-02-29', ''],
      b: ['true', '', 'false'],
      t: ['2024-02-29T10:00:00Z', '', '0001-01-01'],
      s: ['x', '', '""', 'a longer text than others', '"with ""quotes"""'],
    }
    const rowCount = 30_000
    // Rare values are in some batches only.
    const cell = (values: string[], row: number) => values[row % 9973 === 0 ? (row / 9973) % values.length : row % 2]
    const body = Array.from({ length: rowCount }, (_, row) =>
      Object.values(patterns)
        .map((values) => cell(values, row))
        .join(','),
    )
    write(`${Object.keys(patterns).join(',')}\n${body.join('\n')}\n`)
    const schema = [
      column('i', types.int64),
      column('f', types.float64),
      column('d', types.date),
      column('b', types.bool),
      column('t', types.timestamp),
      column('s'),
    ]
    const lent = await rows({}, { schema, lent: true })
    expect(lent).toHaveLength(rowCount)
    expect(lent).toEqual(await rows({}, { schema }))
  })

  it('numbers the texts of a column while they are few, in every batch alike', async () => {
    const few = [
      '',
      '""',
      'a',
      'é',
      'abcd',
      'abcde',
      'abcdefgh',
      'abcdefghi',
      'abcd-fghi',
      '"x ""y"""',
      '"x,\ny"',
      'a text of 20 letters',
    ]
    const rowCount = 20_000
    const body = Array.from(
      { length: rowCount },
      (_, row) => `${few[(row * 7) % few.length]},${row % 3000},${row < 15_000 ? 'x' : row}`,
    )
    write(`few,many,later\n${body.join('\n')}\n`)
    const schema = [column('few'), column('many'), column('later')]
    const items = await readItems(csvSource, { path: 'a.csv' }, { cwd: folder.path, schema })
    const batches = items.flatMap((item) => ('barrier' in item ? [] : [item]))
    const stores = batches.map(({ columns }) => columns.map(({ store }) => store).join(' '))
    expect(new Set(stores)).toEqual(new Set(['dictionary bytes dictionary', 'dictionary bytes bytes']))
    expect(new Set(batches.flatMap(({ columns: [first] }) => (first.store === 'dictionary' ? [first.owner] : []))).size).toBe(1)
    const unquoted = few.map((text) =>
      text === '' ? null : text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text,
    )
    const expected = body.map((_, row) => [unquoted[(row * 7) % few.length], `${row % 3000}`, row < 15_000 ? 'x' : `${row}`])
    expect(batches.flatMap(rowsOf)).toEqual(expected)
    expect(await rows({}, { schema, lent: true })).toEqual(expected)
  })

  it('takes the null text for null also where a record goes on in the next block', async () => {
    const body = Array.from({ length: 60_000 }, (_, i) => `${i % 3 === 0 ? 'NULL' : i},"a ""${i}"""`)
    const expected = body.map((_, i) => [i % 3 === 0 ? null : i, `a "${i}"`])
    write(`n,s\n${body.join('\n')}\n`)
    const schema = [column('n', types.int64), column('s')]
    expect(await rows({ null_text: 'NULL' }, { schema })).toEqual(expected)
  })

  describe('beside csv-parse', () => {
    const text = fc.string({ unit: fc.constantFrom(',', '"', '\n', '\r\n', ' ', 'a', 'é', '🎉', '1'), maxLength: 8 })
    const tables = fc
      .integer({ min: 2, max: 5 })
      .chain((width) => fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }))
    const encode = (table: string[][], quoted: boolean[], end: string, last: boolean): string => {
      let at = 0
      const field = (value: string) =>
        quoted[at++ % quoted.length] || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
      return table.map((row) => row.map(field).join(',')).join(end) + (last ? end : '')
    }
    const width = (table: string[][]) => table[0].map((_, i) => column(`c${i}`))
    const ours = async (content: string, schema: Schema) => {
      // Without a header an empty field more at the end of a line would be allowed.
      write(`${schema.map(({ name }) => name).join(',')}\n${content}`)
      const read = await rows({}, { schema })
      return read.map((row) => row.map((value) => value ?? ''))
    }

    it('reads every well-formed table', async () => {
      await fc.assert(
        fc.asyncProperty(
          tables,
          fc.array(fc.boolean(), { minLength: 1 }),
          fc.constantFrom('\n', '\r\n'),
          fc.boolean(),
          async (table, quoted, end, last) => {
            const content = encode(table, quoted, end, last)
            expect(await ours(content, width(table))).toEqual(table)
            expect(parse(content, { record_delimiter: ['\n', '\r\n'], skip_empty_lines: true })).toEqual(table)
          },
        ),
        { numRuns: 300 },
      )
    })

    it('gives the same rows or an error when bytes are changed', async () => {
      const change = fc.record({
        at: fc.nat(),
        remove: fc.nat({ max: 2 }),
        insert: fc.string({ unit: fc.constantFrom(',', '"', '\n', '\r', 'a', '1'), maxLength: 2 }),
      })
      await fc.assert(
        fc.asyncProperty(
          tables,
          fc.array(fc.boolean(), { minLength: 1 }),
          fc.constantFrom('\n', '\r\n'),
          fc.array(change, { minLength: 1, maxLength: 3 }),
          async (table, quoted, end, changes) => {
            const characters = [...encode(table, quoted, end, true)]
            for (const { at, remove, insert } of changes) characters.splice(at % (characters.length + 1), remove, ...insert)
            const content = characters.join('')
            let read: unknown
            try {
              read = await ours(content, width(table))
            } catch (error) {
              expect(error).toBeInstanceOf(MillraceError)
              expect((error as MillraceError).code).toMatch(/^DATA_/)
              return
            }
            // A quote within an unquoted field is text for us: csv-parse refuses it, or takes it in its own way when told not to.
            let expected: unknown
            try {
              expected = parse(content, { record_delimiter: ['\n', '\r\n'], skip_empty_lines: true })
            } catch {
              return
            }
            expect(read).toEqual(expected)
          },
        ),
        { numRuns: 1000 },
      )
    })
  })

  it('never fails on random bytes but with an error of its own', async () => {
    const bytes = fc.uint8Array({ maxLength: 60 })
    const text = fc
      .string({ unit: fc.constantFrom(',', '"', '\n', '\r', '1', 'a', 'é', '-', '.', 'e'), maxLength: 60 })
      .map((value) => Buffer.from(value))
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, text), fc.boolean(), fc.boolean(), async (content, header, declared) => {
        write(content)
        const schema = [column('a', types.int64), column('1', types.float64)]
        try {
          await readItems(csvSource, { path: 'a.csv', header }, { cwd: folder.path, schema: declared ? schema : undefined })
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError)
          expect((error as MillraceError).code).toMatch(/^DATA_/)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('parses numbers as JavaScript does', async () => {
    const number = fc.oneof(
      fc.double({ noNaN: true }),
      fc.float({ noNaN: true }),
      fc.integer(),
      fc.integer().map((value) => value / 1000),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1 }), async (numbers) => {
        write(`x\n${numbers.join('\n')}\n`)
        expect(await rows({}, { schema: [column('x', types.float64)] })).toEqual(numbers.map((value) => [Number(String(value))]))
      }),
      { numRuns: 100 },
    )
  })
})
