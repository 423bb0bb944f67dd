import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failWrites } from '../../src/base/faulty-disk.ts'
import type { Host } from '../../src/base/host.ts'
import { batchFromRows } from '../../src/data/read.ts'
import { type Schema, types, type Value } from '../../src/data/type.ts'
import type { ConnectorOptions, SinkConnector, StagedPart } from '../../src/io/connector.ts'
import { csvSource } from '../../src/io/csv.ts'
import { csvSink, jsonlSink, textSink } from '../../src/io/file-sinks.ts'
import { jsonlSource } from '../../src/io/jsonl.ts'
import { textSource } from '../../src/io/text.ts'
import { host, readRows, tempFolder } from './read-all.ts'

const column = (name: string, type = types.string) => ({ name, type, nullable: true })

const everyType: Schema = [
  column('i', types.int64),
  column('f', types.float64),
  column('b', types.bool),
  column('d', types.date),
  column('t', types.timestamp),
  column('s', types.string),
  column('y', types.bytes),
  column('a', types.array(types.int64)),
  column('o', types.struct([column('x'), column('__proto__', types.float64)])),
]

describe('file sinks', () => {
  const folder = tempFolder()
  const target = (name: string) => join(folder.path, name)
  const text = (name: string) => readFileSync(target(name), 'utf8')
  const context = (fields: Schema, use: Host = host) => ({ host: use, cwd: folder.path, runId: 'run1', fields })
  const stage = (
    sink: SinkConnector,
    options: ConnectorOptions,
    fields: Schema,
    rows: Value[][],
    partition = 0,
    attempt = 0,
    use: Host = host,
  ): StagedPart => {
    const open = sink.open(options, { ...context(fields, use), partition, attempt })
    try {
      open.write(batchFromRows(fields, rows.slice(0, 1)))
      open.write(batchFromRows(fields, rows.slice(1)))
      return open.prepare()
    } catch (error) {
      open.abort()
      throw error
    }
  }
  const write = (sink: SinkConnector, options: ConnectorOptions, fields: Schema, rows: Value[][], use: Host = host) => {
    sink.check(options, context(fields, use))
    const part = stage(sink, options, fields, rows, 0, 0, use)
    sink.commit(options, [part], context(fields, use))
    return part
  }

  const values: Value[][] = [
    [1, 1.5, true, 20484, 1769853600000001, 'a', new Uint8Array([104, 105]), [1, null], { x: 'q"', ['__proto__']: 2 }],
    [
      -9007199254740993n,
      Number.NaN,
      false,
      -1,
      -1,
      'x,"y"\n\u0001\ud83c\udf89',
      new Uint8Array(0),
      [],
      { x: null, ['__proto__']: null },
    ],
    [999999999, 1e21, null, null, null, '', null, null, null],
    [-1234567890123, -0.1, null, null, null, null, null, null, null],
  ]

  it('writes csv that reads back as it was', async () => {
    const part = write(csvSink, { path: 'out.csv' }, everyType, values)
    expect(text('out.csv')).toBe(`i,f,b,d,t,s,y,a,o
1,1.5,true,2026-01-31,2026-01-31T10:00:00.000001Z,a,aGk=,"[1,null]","{""x"":""q\\"""",""__proto__"":2}"
-9007199254740993,NaN,false,1969-12-31,1969-12-31T23:59:59.999999Z,"x,""y""
\u0001🎉","",[],"{""x"":null,""__proto__"":null}"
999999999,1e+21,,,,"",,,
-1234567890123,-0.1,,,,,,,
`)
    expect(part).toMatchObject({ rowCount: 4, partition: 0, sizeBytes: Buffer.byteLength(text('out.csv')) })
    expect(await readRows(csvSource, { path: 'out.csv' }, { cwd: folder.path, schema: everyType })).toEqual(values)
  })

  it('writes csv with another delimiter that reads back as it was', async () => {
    const names = everyType.map((field) => ({ ...field, name: `${field.name}\t` }))
    const options = { path: 'out.tsv', delimiter: '\t' }
    write(csvSink, options, names, [...values, values[0].with(5, 'tab\there, comma')])
    expect(text('out.tsv').split('\n')[1]).toMatch(/^1\t1\.5\ttrue\t/)
    expect(await readRows(csvSource, options, { cwd: folder.path, schema: names })).toEqual([
      ...values,
      values[0].with(5, 'tab\there, comma'),
    ])
  })

  it.each(['1', '-', '"', ';;', '\n'])('refuses the delimiter %j, which values hold, before any work', (delimiter) => {
    expect(() => csvSink.check({ path: 'out.csv', delimiter }, context(everyType))).toThrow(
      expect.objectContaining({ code: 'PLAN_UNKNOWN_OPTION' }),
    )
  })

  it('writes JSON lines that read back as they were', async () => {
    write(jsonlSink, { path: 'out.jsonl' }, everyType, values)
    expect(text('out.jsonl').split('\n').slice(0, 2)).toEqual([
      '{"i":1,"f":1.5,"b":true,"d":"2026-01-31","t":"2026-01-31T10:00:00.000001Z","s":"a","y":"aGk=","a":[1,null],"o":{"x":"q\\"","__proto__":2}}',
      '{"i":"-9007199254740993","f":"NaN","b":false,"d":"1969-12-31","t":"1969-12-31T23:59:59.999999Z","s":"x,\\"y\\"\\n\\u0001🎉","y":"","a":[],"o":{"x":null,"__proto__":null}}',
    ])
    expect(await readRows(jsonlSource, { path: 'out.jsonl' }, { cwd: folder.path, schema: everyType })).toEqual(values)
  })

  it('writes lines that read back as they were', async () => {
    const lines = [['one'], [''], ['a long line, '.repeat(20)], ['\rinside'], ['\ud83c\udf89']]
    write(textSink, { path: 'out.txt' }, [column('line')], lines)
    expect(text('out.txt')).toBe(lines.map(([line]) => `${line}\n`).join(''))
    expect(await readRows(textSource, { path: 'out.txt' }, { cwd: folder.path })).toEqual(lines)
  })

  it.each([
    ['DATA_BAD_VALUE', 'two\nlines'],
    ['DATA_BAD_VALUE', 'ends with a carriage return\r'],
    ['DATA_NULL', null],
  ])('refuses with %s a text that is no line: %j', (code, value) => {
    expect(() => write(textSink, { path: `${code}.txt` }, [column('line')], [['fine'], [value]])).toThrow(
      expect.objectContaining({ code }),
    )
    expect(existsSync(target(`${code}.txt`))).toBe(false)
  })

  it('refuses columns that are no lines before any work', () => {
    for (const fields of [[column('n', types.int64)], [column('a'), column('b')], []]) {
      expect(() => textSink.check({ path: 'none.txt' }, context(fields))).toThrow(
        expect.objectContaining({ code: 'PLAN_TYPE_MISMATCH' }),
      )
    }
  })

  it('writes columns of numbers as JSON lines that read back as numbers without a schema', async () => {
    const numbers = [column('i', types.int64), column('f', types.float64)]
    const rows = [
      [-9007199254740993n, Number.NaN],
      [1, 1.5],
      [9223372036854775807n, Number.NEGATIVE_INFINITY],
    ]
    write(jsonlSink, { path: 'numbers.jsonl' }, numbers, rows)
    expect(await readRows(jsonlSource, { path: 'numbers.jsonl' }, { cwd: folder.path })).toEqual(rows)
  })

  it('keeps random values in both formats', async () => {
    const schema = [column('i', types.int64), column('f', types.float64), column('s')]
    const row = fc.tuple(
      fc.option(fc.maxSafeInteger()),
      fc.option(fc.double({ noNaN: true })),
      fc.option(fc.string({ unit: 'grapheme' })),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(row), async (random) => {
        const rows = random.map(([i, f, s]) => [i === null ? null : i + 0, Object.is(f, -0) ? 0 : f, s])
        for (const [sink, source, name, options] of [
          [csvSink, csvSource, 'r.csv', {}],
          [csvSink, csvSource, 'r.tsv', { delimiter: '\t' }],
          [csvSink, csvSource, 'r.txt', { delimiter: ' ' }],
          [jsonlSink, jsonlSource, 'r.jsonl', {}],
        ] as const) {
          write(sink, { path: name, mode: 'overwrite', ...options }, schema, rows)
          expect(await readRows(source, { path: name, ...options }, { cwd: folder.path, schema })).toEqual(rows)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('leaves out the header when asked', () => {
    write(csvSink, { path: 'o.csv', header: false }, [column('a, b')], [['x']])
    expect(text('o.csv')).toBe('x\n')
    write(csvSink, { path: 'p.csv' }, [column('a, b')], [[null]])
    expect(text('p.csv')).toBe('"a, b"\n\n')
  })

  const one = [column('a')]

  it('shows nothing under the final name before commit, and commits any number of times', () => {
    const options = { path: 'sub/o.csv' }
    expect(csvSink.singlePart(options)).toBe(true)
    const part = stage(csvSink, options, one, [['x']])
    expect(existsSync(target('sub/o.csv'))).toBe(false)
    csvSink.commit(options, [part], context(one))
    csvSink.commit(options, [part], context(one))
    csvSink.discard(options, context(one))
    expect(readdirSync(target('sub'))).toEqual(['o.csv'])
    expect(text('sub/o.csv')).toBe('a\nx\n')
  })

  it('writes a folder of parts that appears at once, without the output of attempts that lost', () => {
    const options = { path: 'out' }
    expect(jsonlSink.singlePart(options)).toBe(false)
    const parts = [stage(jsonlSink, options, one, [['x']], 0, 1), stage(jsonlSink, options, one, [['y']], 12)]
    stage(jsonlSink, options, one, [['lost']], 0, 0)
    expect(existsSync(target('out'))).toBe(false)
    jsonlSink.commit(options, parts, context(one))
    jsonlSink.commit(options, parts, context(one))
    expect(readdirSync(target('out')).sort()).toEqual(['_SUCCESS', 'part-00000.jsonl', 'part-00012.jsonl'])
    expect(text('out/part-00000.jsonl')).toBe('{"a":"x"}\n')
    expect(readdirSync(folder.path)).toEqual(['out'])
  })

  it('goes on with a commit that was interrupted between any two operations on the disk', () => {
    for (const path of ['out', 'o.csv']) {
      for (let failAt = 1; failAt < 20; failAt++) {
        const options = { path, mode: 'overwrite' }
        write(csvSink, options, one, [['old']])
        const parts = [stage(csvSink, options, one, [['new']])]
        let calls = 0
        const interrupt =
          <A extends unknown[], R>(call: (...args: A) => R) =>
          (...args: A): R => {
            if (++calls === failAt) throw new Error('interrupted')
            return call(...args)
          }
        const { disk } = host
        const broken = {
          ...host,
          disk: {
            ...disk,
            rename: interrupt(disk.rename),
            remove: interrupt(disk.remove),
            syncDirectory: interrupt(disk.syncDirectory),
          },
        }
        try {
          csvSink.commit(options, parts, context(one, broken))
        } catch {}
        csvSink.commit(options, parts, context(one))
        csvSink.discard(options, context(one))
        expect(text(path === 'out' ? 'out/part-00000.csv' : path)).toBe('a\nnew\n')
        expect(readdirSync(folder.path).filter((name) => name.startsWith('.'))).toEqual([])
      }
    }
  })

  it('brings back a folder when a run is discarded between taking the old one away and putting the new one there', () => {
    const options = { path: 'out', mode: 'overwrite' }
    write(csvSink, options, one, [['old']])
    const parts = [stage(csvSink, options, one, [['new']])]
    const { disk } = host
    const rename = (from: string, to: string) => {
      if (to === target('out')) throw new Error('interrupted')
      disk.rename(from, to)
    }
    expect(() => csvSink.commit(options, parts, context(one, { ...host, disk: { ...disk, rename } }))).toThrow()
    expect(existsSync(target('out'))).toBe(false)
    csvSink.discard(options, context(one))
    expect(text('out/part-00000.csv')).toBe('a\nold\n')
    expect(readdirSync(folder.path)).toEqual(['out'])
  })

  it('discards all that a run staged and nothing else', () => {
    stage(csvSink, { path: 'o.csv' }, one, [['x']])
    stage(csvSink, { path: 'out' }, one, [['x']])
    writeFileSync(target('.o.csv.run2.0.0.part'), '')
    csvSink.discard({ path: 'o.csv' }, context(one))
    csvSink.discard({ path: 'out' }, context(one))
    csvSink.discard({ path: 'no/such/folder.csv' }, context(one))
    expect(readdirSync(folder.path)).toEqual(['.o.csv.run2.0.0.part'])
  })

  it.each(['ENOSPC', 'EIO'] as const)('never leaves a partial file under the final name when writes fail with %s', (fault) => {
    const code = fault === 'ENOSPC' ? 'RESOURCE_DISK_FULL' : 'SINK_UNWRITABLE'
    const rows = Array.from({ length: 100_000 }, (_, i) => [`row ${i}`])
    for (const failAt of [1, 2]) {
      expect(() => write(csvSink, { path: 'o.csv' }, one, rows, failWrites(host, failAt, fault))).toThrow(
        expect.objectContaining({ code }),
      )
      csvSink.discard({ path: 'o.csv' }, context(one))
      expect(readdirSync(folder.path)).toEqual([])
    }
  })

  it.each(['n'.repeat(251), `${'ü'.repeat(125)}n`, 'n'.repeat(200)])(
    'write files and folders of names as long as they may be: %s',
    (name) => {
      for (const path of [`${name}.csv`, name]) {
        write(csvSink, { path }, one, [['x']])
        const part = stage(csvSink, { path, mode: 'overwrite' }, one, [['y']])
        csvSink.commit({ path, mode: 'overwrite' }, [part], context(one))
        stage(csvSink, { path, mode: 'overwrite' }, one, [['z']])
        csvSink.discard({ path, mode: 'overwrite' }, context(one))
      }
      expect(readdirSync(folder.path).sort()).toEqual([name, `${name}.csv`])
      expect(text(`${name}.csv`)).toContain('y')
    },
  )

  it('refuses targets before any work', () => {
    const refuse = (options: ConnectorOptions, expected: object, fields = one) =>
      expect(() => csvSink.check(options, context(fields))).toThrow(expect.objectContaining(expected))
    writeFileSync(target('o.csv'), 'old')
    mkdirSync(target('dir'))
    writeFileSync(target('dir/notes.txt'), '')
    mkdirSync(target('d.csv'))
    refuse({ path: 'o.csv' }, { code: 'SINK_EXISTS' })
    refuse({ path: 'dir' }, { code: 'SINK_EXISTS' })
    refuse(
      { path: 'dir', mode: 'overwrite' },
      { code: 'SINK_EXISTS', message: `the folder '${target('dir')}' holds 'notes.txt', which no sink wrote` },
    )
    refuse({ path: 'd.csv', mode: 'overwrite' }, { code: 'SINK_EXISTS' })
    symlinkSync('nowhere', target('link.csv'))
    refuse({ path: 'link.csv' }, { code: 'SINK_EXISTS' })
    csvSink.check({ path: 'link.csv', mode: 'overwrite' }, context(one))
    symlinkSync('o.csv', target('linked.csv'))
    refuse({ path: 'linked.csv', mode: 'overwrite' }, { code: 'SINK_EXISTS' })
    refuse(
      { path: `${'n'.repeat(252)}.csv` },
      { code: 'SINK_UNWRITABLE', message: expect.stringMatching(/the name is too long$/) },
    )
    refuse({ path: 'o.csv/x.csv' }, { code: 'SINK_UNWRITABLE' })
    refuse({ path: '' }, { code: 'SINK_UNWRITABLE' })
    refuse({ path: 'new.csv' }, { code: 'PLAN_DUPLICATE_COLUMN' }, [column('a'), column('a')])
    csvSink.check({ path: 'o.csv', mode: 'overwrite' }, context(one))
    csvSink.check({ path: 'new/deep/o.csv' }, context(one))
    expect(readdirSync(folder.path).sort()).toEqual(['d.csv', 'dir', 'link.csv', 'linked.csv', 'o.csv'])
  })

  it('does not overwrite a target that came into being during the run', () => {
    const part = stage(csvSink, { path: 'o.csv' }, one, [['x']])
    writeFileSync(target('o.csv'), 'other')
    expect(() => csvSink.commit({ path: 'o.csv' }, [part], context(one))).toThrow(
      expect.objectContaining({ code: 'SINK_EXISTS' }),
    )
    expect(text('o.csv')).toBe('other')
  })
})
