import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Batch, freshHeader } from '../../src/data/batch.ts'
import { batchFromRows, rowsOf } from '../../src/data/read.ts'
import { type Schema, types } from '../../src/data/type.ts'
import { changelogSink } from '../../src/io/changelog.ts'
import { changesSource } from '../../src/io/changes.ts'
import { describeSource, host, readItems, readRows, tempFolder } from './read-all.ts'

const schema: Schema = [
  { name: 'k', type: types.string, nullable: true },
  { name: 'n', type: types.int64, nullable: true },
]

/** Rows with their weights, and barriers. */
const shown = (items: Awaited<ReturnType<typeof readItems>>) =>
  items.map((item) =>
    'barrier' in item ? item : { epoch: item.header.epoch, rows: rowsOf(item).map((row, i) => [...row, item.weights?.[i]]) },
  )

describe('changes source', () => {
  const folder = tempFolder()
  const write = (...lines: object[]) =>
    writeFileSync(join(folder.path, 'a.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const read = (incremental: boolean) => ({ cwd: folder.path, schema, incremental })
  const options = { path: 'a.jsonl' }

  const example = () =>
    write(
      { k: 'a', n: 1 },
      { k: 'b', n: 2, _op: '+', _weight: 3 },
      { k: 'a', n: 1, _op: '-', _epoch: 1 },
      { k: 'c', n: null, _epoch: 1 },
      { k: 'c', n: null, _epoch: 1, _op: '-' },
      { k: 'b', n: 2, _epoch: 4, _op: '-' },
      { k: 'a', n: 5, _epoch: 4 },
    )

  it('gives the net change of each epoch and a barrier in an incremental run', async () => {
    example()
    expect(shown(await readItems(changesSource, options, read(true)))).toEqual([
      {
        epoch: 0,
        rows: [
          ['a', 1, 1],
          ['b', 2, 3],
        ],
      },
      { barrier: 0 },
      { epoch: 1, rows: [['a', 1, -1]] },
      { barrier: 1 },
      {
        epoch: 4,
        rows: [
          ['b', 2, -1],
          ['a', 5, 1],
        ],
      },
      { barrier: 4 },
    ])
    const described = await describeSource(changesSource, options, read(true))
    expect(described).toMatchObject({ changes: 'zset', traits: { weights: true, splittable: false } })
  })

  it('gives the rows that are there at the end in a plain run', async () => {
    example()
    const items = await readItems(changesSource, options, read(false))
    expect(shown(items)).toEqual([
      {
        epoch: 0,
        rows: [
          ['b', 2, undefined],
          ['b', 2, undefined],
          ['a', 5, undefined],
        ],
      },
    ])
    expect(await describeSource(changesSource, options, read(false))).toMatchObject({
      changes: 'insertOnly',
      traits: { weights: false },
    })
  })

  it('infers the columns without its own ones', async () => {
    example()
    const described = await describeSource(changesSource, options, { cwd: folder.path })
    expect(described.schema.map((field) => field.name)).toEqual(['k', 'n'])
    expect(await readRows(changesSource, options, { cwd: folder.path })).toHaveLength(3)
  })

  it.each([true, false])('refuses what cannot have happened (incremental: %s)', async (incremental) => {
    const refuse = async (expected: object, ...lines: object[]) => {
      write(...lines)
      await expect(readItems(changesSource, options, read(incremental))).rejects.toMatchObject(expected)
    }
    await refuse(
      { code: 'DATA_UNKNOWN_RETRACTION', message: 'a row was retracted in epoch 0 that is not there: {"k":"a","n":1}' },
      { k: 'a', n: 1, _op: '-' },
    )
    await refuse(
      { code: 'DATA_UNKNOWN_RETRACTION', details: { line: 2, file: join(folder.path, options.path) } },
      { k: 'a', n: 1 },
      { k: 'a', n: 1, _op: '-', _epoch: 1, _weight: 2 },
      { k: 'a', n: 1, _epoch: 2 },
    )
    await refuse(
      {
        code: 'DATA_EPOCH_ORDER',
        message: 'expected epoch 2 or a later one, found 1',
        details: { line: 2, text: '{"k":"a","_epoch":1}' },
      },
      { k: 'a', _epoch: 2 },
      { k: 'a', _epoch: 1 },
    )
    await refuse(
      {
        code: 'DATA_EPOCH_ORDER',
        message: 'expected epoch 1 or a later one, found none',
        details: { line: 3, hint: 'a line without _epoch is of epoch 0' },
      },
      { k: 'a' },
      { k: 'a', _epoch: 1 },
      { k: 'a' },
    )
    await refuse({ code: 'DATA_BAD_VALUE', details: { line: 2 } }, { k: 'a' }, { k: 'a', _op: 'x' })
    await refuse({ code: 'DATA_BAD_VALUE', details: { line: 1 } }, { k: 'a', _weight: 0 })
    await refuse({ code: 'DATA_BAD_VALUE', details: { line: 1 } }, { k: 'a', _epoch: -1 })
    await refuse(
      {
        code: 'DATA_BAD_VALUE',
        message: "expected int64 in column '_epoch', found '1.5'",
        details: { line: 1, hint: expect.stringContaining('epochs are whole numbers') },
      },
      { k: 'a', _epoch: 1.5 },
    )
    await refuse({ code: 'DATA_BAD_VALUE' }, { k: 1 })
  })

  it('counts empty lines to the place of an error, in files of many batches', async () => {
    const lines = Array.from({ length: 70_000 }, () => '{"k":"a","n":1}\n\n')
    writeFileSync(join(folder.path, options.path), `${lines.join('')}{"k":"a","n":1,"_op":"x"}\n`)
    await expect(readItems(changesSource, options, read(false))).rejects.toMatchObject({ details: { line: 140_001 } })
  })

  it('takes a retraction that stands before its insertion in one epoch', async () => {
    write({ k: 'a', n: 1, _op: '-' }, { k: 'a', n: 1 }, { k: 'b', n: 1 })
    expect(await readRows(changesSource, options, read(false))).toEqual([['b', 1]])
  })
})

describe('changelog sink', () => {
  const folder = tempFolder()
  const context = () => ({ host, cwd: folder.path, runId: 'r', fields: schema })
  const options = { path: 'out.jsonl', mode: 'overwrite' }

  const writeLog = (write: (sink: ReturnType<typeof changelogSink.open>) => void) => {
    expect(changelogSink.singlePart(options)).toBe(true)
    const sink = changelogSink.open(options, { ...context(), partition: 0, attempt: 0 })
    write(sink)
    changelogSink.commit(options, [sink.prepare()], context())
    return readFileSync(join(folder.path, 'out.jsonl'), 'utf8')
  }
  const batch = (rows: [string, number, number][], epoch: number): Batch => ({
    ...batchFromRows(
      schema,
      rows,
      Int32Array.from(rows, (row) => row[2]),
    ),
    header: { ...freshHeader, epoch },
  })

  it('writes one net line a row and epoch, retractions first', () => {
    const log = writeLog((sink) => {
      sink.write(
        batch(
          [
            ['a', 1, 1],
            ['b', 1, 2],
            ['c', 1, 1],
          ],
          0,
        ),
      )
      sink.write(batch([['c', 1, -1]], 0))
      sink.barrier?.(0)
      sink.barrier?.(1)
      sink.write(
        batch(
          [
            ['x', 1, 1],
            ['b', 1, -2],
            ['a', 1, -1],
          ],
          2,
        ),
      )
      sink.barrier?.(2)
    })
    expect(log).toBe(`{"k":"a","n":1,"_op":"+","_epoch":0}
{"k":"b","n":1,"_op":"+","_epoch":0,"_weight":2}
{"k":"b","n":1,"_op":"-","_epoch":2,"_weight":2}
{"k":"a","n":1,"_op":"-","_epoch":2}
{"k":"x","n":1,"_op":"+","_epoch":2}
`)
  })

  it('writes a plain run as one epoch of insertions', () => {
    expect(
      writeLog((sink) =>
        sink.write(
          batchFromRows(schema, [
            ['a', null],
            ['a', null],
          ]),
        ),
      ),
    ).toBe('{"k":"a","n":null,"_op":"+","_epoch":0,"_weight":2}\n')
  })

  it('refuses columns of its own names', () => {
    const fields = [{ name: '_op', type: types.string, nullable: true }]
    expect(() => changelogSink.check(options, { ...context(), fields })).toThrow(
      expect.objectContaining({ code: 'PLAN_DUPLICATE_COLUMN' }),
    )
  })

  it('sums up to the rows of a plain run of what it wrote', async () => {
    const row = fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 2 }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row)), async (epochs) => {
        const last = epochs.at(-1) ?? []
        writeLog((sink) => {
          let before: [string, number][] = []
          epochs.forEach((rows, epoch) => {
            sink.write(
              batch(
                before.map(([k, n]) => [k, n, -1]),
                epoch,
              ),
            )
            sink.write(
              batch(
                rows.map(([k, n]) => [k, n, 1]),
                epoch,
              ),
            )
            sink.barrier?.(epoch)
            before = rows
          })
        })
        const sorted = (rows: readonly unknown[][]) => rows.map((each) => JSON.stringify(each)).sort()
        expect(sorted(await readRows(changesSource, { path: 'out.jsonl' }, { cwd: folder.path, schema }))).toEqual(sorted(last))
      }),
      { numRuns: 40 },
    )
  })
})
