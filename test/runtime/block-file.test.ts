import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeHost } from '../../src/base/node-host.ts'
import { batchFromRows, rowsOf } from '../../src/data/read.ts'
import type { Value } from '../../src/data/type.ts'
import { types } from '../../src/data/type.ts'
import { BlockWriter, readBlockOf, readBlocks } from '../../src/runtime/block-file.ts'
import { schemaOf } from '../data/random-batch.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-blocks-'))
afterAll(() => rmSync(folder, { recursive: true }))
const { disk } = nodeHost()
const schema = schemaOf(types.string, types.int64)
const first: Value[][] = [
  ['a', 1],
  [null, 2],
]
const second: Value[][] = [['word', 2n ** 60n]]

function written(name: string) {
  const writer = new BlockWriter(disk, join(folder, name))
  const ranges = [first, second].map((rows) => writer.append(batchFromRows(schema, rows)))
  writer.sync()
  return { writer, ranges }
}

describe('block files', () => {
  it('give back all blocks, or those at some ranges', () => {
    const { writer, ranges } = written('whole')
    expect(writer.sizeBytes).toBe(disk.stat(writer.path)?.sizeBytes)
    expect([...readBlocks(disk, writer.path, schema)].map(rowsOf)).toEqual([first, second])
    expect([...readBlocks(disk, writer.path, schema, [ranges[1]])].map(rowsOf)).toEqual([second])
    expect(rowsOf(readBlockOf(disk, writer.path, ranges[0], schema))).toEqual(first)
  })

  it('detect every flipped byte and a cut file, and name the file', () => {
    const { writer } = written('damaged')
    const good = readFileSync(writer.path)
    const corrupt = expect.objectContaining({ code: 'DATA_CORRUPT', details: expect.objectContaining({ file: writer.path }) })
    const read = () => [...readBlocks(disk, writer.path, schema)]
    for (let i = 0; i < good.length; i++) {
      const damaged = Buffer.from(good)
      damaged[i] ^= 1 << (i % 8)
      writeFileSync(writer.path, damaged)
      expect(read, `byte ${i}`).toThrow(corrupt)
    }
    writeFileSync(writer.path, good.subarray(0, good.length - 20))
    expect(read).toThrow(corrupt)
  })
})
