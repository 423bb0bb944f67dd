import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchFromRows } from '../../../src/data/read.ts'
import { PartitionFileWriter } from '../../../src/runtime/exchange/partition-file.ts'
import { readIndex } from '../../../src/runtime/exchange/partition-index.ts'
import { MemoryDisk } from '../../../src/testing/memory-disk.ts'
import { pairFields } from '../plans.ts'

const partitions = 5

/** A file with blocks of some partitions and a barrier. */
function writtenFile(): { disk: MemoryDisk; path: string; checksum: string } {
  const disk = new MemoryDisk(() => 0)
  const writer = new PartitionFileWriter(disk, () => '/file.blocks', partitions)
  for (const partition of [1, 4, 1]) writer.append(partition, batchFromRows(pairFields, [[partition, 7]]))
  writer.barrier(3)
  return { disk, path: writer.path, checksum: writer.finish(true)!.checksum }
}

it('gives each partition its blocks and barriers in the order they were sent', () => {
  const { disk, path } = writtenFile()
  const [, one, two, , four] = Array.from({ length: partitions }, (_, partition) => readIndex(disk, path, partition))
  expect(two).toEqual([{ barrier: 3 }])
  expect(one.map((entry) => Object.keys(entry)[0])).toEqual(['offset', 'offset', 'barrier'])
  expect(four[0]).toMatchObject({ offset: (one[0] as { length: number }).length })
})

it('has the same checksum for the same rows', () => {
  expect(writtenFile().checksum).toBe(writtenFile().checksum)
})

it('refuses an index with any bit changed, or cut off anywhere', () => {
  const { disk, path } = writtenFile()
  const bytes = disk.read(path).slice()
  const indexAt = 3 * (readIndex(disk, path, 1)[0] as { length: number }).length
  fc.assert(
    fc.property(fc.integer({ min: indexAt * 8, max: bytes.length * 8 - 1 }), fc.integer({ min: 0, max: 4 }), (bit, partition) => {
      const changed = bytes.slice()
      changed[bit >> 3] ^= 1 << (bit & 7)
      disk.put('/changed', changed)
      expect(() => readIndex(disk, '/changed', partition)).toThrowError(expect.objectContaining({ code: 'DATA_CORRUPT' }))
    }),
    { numRuns: 500 },
  )
  for (let length = 0; length < bytes.length; length++) {
    disk.put('/cut', bytes.slice(0, length))
    expect(() => readIndex(disk, '/cut', 0)).toThrowError(expect.objectContaining({ code: 'DATA_CORRUPT' }))
  }
})
