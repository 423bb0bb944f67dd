import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/base/errors.ts'
import { formatType, type Schema, type Type, types } from '../../src/data/type.ts'
import { jsonlSource } from '../../src/io/jsonl.ts'
import { describeSource, type ReadOptions, readItems, readRows, tempFolder } from './read-all.ts'

const column = (name: string, type: Type = types.string, nullable = true) => ({ name, type, nullable })

describe('jsonl source', () => {
  const folder = tempFolder()
  const write = (content: string | Uint8Array, name = 'a.jsonl') => writeFileSync(join(folder.path, name), content)
  const rows = (schema?: Schema, read: Partial<ReadOptions> = {}) =>
    readRows(jsonlSource, { path: '*.jsonl' }, { cwd: folder.path, schema, ...read })
  const inferred = async () => {
    const { schema } = await describeSource(jsonlSource, { path: 'a.jsonl' }, { cwd: folder.path })
    return schema.map(({ name, type }) => `${name} ${formatType(type)}`).join(', ')
  }

  it('infers types from the first rows', async () => {
    write(`{"i":1,"f":1,"g":1.0,"b":true,"s":"2026-01-01","n":null,"a":[1,null],"o":{"x":1,"y":[]}}

{"f":2.5,"i":9007199254740993,"a":[],"o":{"z":"ü"},"late":false}
`)
    expect(await inferred()).toBe(
      'i int64, f float64, g float64, b bool, s string, n string, a array<int64>, o struct<x int64, y array<string>, z string>, late bool',
    )
    expect(await rows()).toEqual([
      [1, 1, 1, true, '2026-01-01', null, [1, null], { x: 1, y: [], z: null }, null],
      [9007199254740993n, 2.5, null, null, null, null, [], { x: null, y: null, z: 'ü' }, false],
    ])
    write('{"a":1}\n{"a":"x"}\n')
    await expect(inferred()).rejects.toMatchObject({
      code: 'DATA_BAD_VALUE',
      message: "expected values of one type at 'a', found int64 and string",
      details: { line: 2 },
    })
  })

  it.each([
    ['an empty file', '', 'expected rows to infer the columns from, found an empty file'],
    ['empty objects', '{}\n', 'expected rows to infer the columns from, found only objects without any'],
    ['a line that ends early', '{"a":1}\n{"a":', 'expected a JSON value, found the end of the line'],
    ['a bad array', '{"a":[1,,2]}', 'expected well-formed JSON, found an array or object in this line that is not'],
    ['deep arrays', `{"a":${'['.repeat(65)}${']'.repeat(65)}}`, 'expected at most 64 levels of arrays and objects, found more'],
  ])('says why %s tells no types', async (_, content, message) => {
    write(content)
    await expect(inferred()).rejects.toMatchObject({ code: 'DATA_BAD_JSON', message })
  })

  it('numbers texts with and without escapes alike', async () => {
    write(`{"s":"a\\"b"}\n{"s":"a\\u0022b"}\n{"s":null}\n{"s":""}\n{"s":"\\u00fc"}\n{"s":"ü"}\n`)
    expect(await rows()).toEqual([['a"b'], ['a"b'], [null], [''], ['ü'], ['ü']])
    write('{"s":"x"}\n{"s":"\\ud800"}\n')
    await expect(rows([column('s')])).rejects.toMatchObject({ code: 'DATA_INVALID_UTF8', details: { line: 2 } })
  })

  it('takes texts among numbers for the numbers that JSON cannot write', async () => {
    write(`{"f":"NaN","i":1,"w":"9007199254740993","n":"NaN","s":"NaN","o":{"x":["-Infinity",1]}}
{"f":1.5,"i":"-9223372036854775808","w":null,"n":null,"s":"other","o":{"x":[]}}
{"f":"Infinity","i":null,"w":null,"n":"NaN","s":"9007199254740993","o":null}
`)
    expect(await inferred()).toBe('f float64, i int64, w string, n string, s string, o struct<x array<float64>>')
    expect(await rows()).toEqual([
      [Number.NaN, 1, '9007199254740993', 'NaN', 'NaN', { x: [Number.NEGATIVE_INFINITY, 1] }],
      [1.5, -9223372036854775808n, null, null, 'other', { x: [] }],
      [Number.POSITIVE_INFINITY, null, null, 'NaN', '9007199254740993', null],
    ])
    write('{"a":1.5}\n{"a":"9007199254740993"}\n')
    await expect(inferred()).rejects.toMatchObject({ message: "expected values of one type at 'a', found float64 and string" })
    write('{"a":"NaN"}\n{"a":true}\n')
    await expect(inferred()).rejects.toMatchObject({ message: "expected values of one type at 'a', found string and bool" })
  })

  it('reads declared types', async () => {
    write(`{"d":"2026-01-31","t":"2026-01-31T10:00:00Z","b":"aGk=","i":"9007199254740993","f":"-Infinity"}
{"i":1e3,"f":-0.5e1}
{"i":-0}`)
    const schema = [
      column('d', types.date),
      column('t', types.timestamp),
      column('b', types.bytes),
      column('i', types.int64),
      column('f', types.float64),
    ]
    expect(await rows(schema)).toEqual([
      [20484, 1769853600000000, new Uint8Array([104, 105]), 9007199254740993n, Number.NEGATIVE_INFINITY],
      [null, null, null, 1000, -5],
      [null, null, null, 0, null],
    ])
  })

  it('takes keys in any order, with escapes, missing, unknown or twice', async () => {
    write(`{"a":1,"b":"x"}
 { "b" : "y" , "a" : 2 }\t
{"c":{"a":[3,"}"]},"b":"z"}
{"\\u0061":4,"b":"q\\n\\u00fc\\ud83c\\udf89\\\\"}
{"a":5,"a":6,"b":"x","b":null}
{}\r
{"__proto__":{"a":9},"constructor":1,"a":7}
`)
    expect(await rows([column('a', types.int64), column('b')])).toEqual([
      [1, 'x'],
      [2, 'y'],
      [null, 'z'],
      [4, 'q\nü🎉\\'],
      [6, null],
      [null, null],
      [7, null],
    ])
    expect(await rows([column('__proto__', types.struct([column('a', types.int64)])), column('toString')])).toContainEqual([
      { a: 9 },
      null,
    ])
    expect(({} as { a?: unknown }).a).toBeUndefined()
  })

  it.each<[string, string, object]>([
    [
      'text',
      '{"a":1}\nhello\n',
      { code: 'DATA_BAD_JSON', message: "expected a JSON object, found 'h'", details: { line: 2, text: 'hello' } },
    ],
    [
      'arrays in arrays without end',
      `{"a":1,"b":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      { code: 'DATA_BAD_JSON', message: 'expected at most 64 levels of arrays and objects, found more', details: { line: 1 } },
    ],
    ['an array', '[1]', { code: 'DATA_BAD_JSON' }],
    ['an open object', '{"a":1', { code: 'DATA_BAD_JSON', message: "expected ',' or '}', found the end of the line" }],
    ['an open string', '{"a":"x', { code: 'DATA_BAD_JSON' }],
    ['an open array', '{"a":[1,', { code: 'DATA_BAD_JSON' }],
    ['two values', '{"a":1}{"a":2}', { code: 'DATA_BAD_JSON' }],
    ['a comma at the end', '{"a":1,}', { code: 'DATA_BAD_JSON' }],
    ['a number with a leading zero', '{"a":01}', { code: 'DATA_BAD_JSON' }],
    ['a number without digits', '{"a":-}', { code: 'DATA_BAD_JSON' }],
    ['a bare word', '{"a":nul}', { code: 'DATA_BAD_JSON' }],
    ['a bad escape', '{"b":"\\x"}', { code: 'DATA_BAD_JSON' }],
    ['a control character', '{"b":"\t"}', { code: 'DATA_BAD_JSON' }],
    [
      'a string for a number',
      '{"a":1}\n{"a":"x"}',
      { code: 'DATA_BAD_VALUE', message: "expected int64 in column 'a', found 'x'", details: { line: 2 } },
    ],
    ['a fraction for an integer', '{"a":1.5}', { code: 'DATA_BAD_VALUE' }],
    ['a number beyond int64', '{"a":9223372036854775808}', { code: 'DATA_BAD_VALUE' }],
    ['a number for a string', '{"b":1}', { code: 'DATA_BAD_VALUE' }],
    ['a struct for a string', '{"b":{}}', { code: 'DATA_BAD_VALUE' }],
    ['half a surrogate pair', '{"b":"\\ud800"}', { code: 'DATA_INVALID_UTF8' }],
    ['the earlier of two bad rows', '{"b":1}\n{"a":"x"}', { code: 'DATA_BAD_VALUE', details: { line: 1 } }],
  ])('refuses %s', async (_, content, expected) => {
    write(content)
    await expect(rows([column('a', types.int64), column('b')])).rejects.toMatchObject(expected)
  })

  it('refuses a null in a column declared not null', async () => {
    write('{"a":1}\n{"b":1}\n')
    await expect(rows([column('a', types.int64, false)])).rejects.toMatchObject({ code: 'DATA_NULL', details: { line: 2 } })
  })

  it('agrees with JSON.parse, however the file is cut', async () => {
    const schema = [
      column('a', types.float64),
      column('b'),
      column('c', types.bool),
      column('d', types.array(types.string)),
      column('key with "', types.int64),
    ]
    const text = fc.string({ unit: 'grapheme', maxLength: 8 })
    const row = fc.record(
      {
        b: fc.option(text),
        'key with "': fc.maxSafeInteger(),
        d: fc.array(text, { maxLength: 3 }),
        a: fc.double({ noNaN: true, noDefaultInfinity: true }),
        c: fc.boolean(),
        e: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(row),
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom(undefined, 1),
        async (objects, splitBytes, indent) => {
          const lines = objects.map((object) => JSON.stringify(object, undefined, indent).replaceAll('\n', ' '))
          write(lines.join('\n'))
          const expected = lines.map((line) => {
            const object = JSON.parse(line)
            return schema.map(({ name }) => (Object.hasOwn(object, name) ? object[name] : null))
          })
          // int64 has no −0.
          for (const values of expected) if (values[4] === 0) values[4] = 0
          expect(await rows(schema, { splitBytes })).toEqual(expected)
          expect(await rows(schema, { columns: ['b'] })).toEqual(expected.map((values) => [values[1]]))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('never fails on random text but with an error of its own', async () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      'a',
      '"a"',
      '"a":',
      '1',
      '-',
      '.',
      'e',
      'true',
      'null',
      '\\',
      'u0',
      ' ',
      '\n',
      'ü',
    )
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(token, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''))),
    )
    const schema = [column('a', types.int64), column('b')]
    await fc.assert(
      fc.asyncProperty(content, fc.boolean(), async (bytes, declared) => {
        write(bytes)
        let accepted = true
        try {
          await readItems(jsonlSource, { path: 'a.jsonl' }, { cwd: folder.path, schema: declared ? schema : undefined })
        } catch (error) {
          accepted = false
          expect(error).toBeInstanceOf(MillraceError)
          expect((error as MillraceError).code).toMatch(/^DATA_/)
        }
        if (!accepted) return
        for (const line of Buffer.from(bytes).toString('utf8').split('\n'))
          if (line.trim() !== '') expect(() => JSON.parse(line)).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })
})
