import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { recordBytes } from './records.ts'

// node check.ts PATH [--unsorted]: what valsort (sortbenchmark.org) tells of a file of records, or of a folder's parts in their order: how many
// there are, the sum of the CRC-32 of each, the first place that is out of order (all bytes count), and how many parts there are of which size.

const blockRecords = 10_000
const [path, option] = process.argv.slice(2)
const files = statSync(path).isDirectory()
  ? readdirSync(path)
      .filter((name) => name.startsWith('part-'))
      .sort()
      .map((name) => join(path, name))
  : [path]
const block = Buffer.alloc(recordBytes * (blockRecords + 1))
let records = 0
let sum = 0n
let unordered = -1
for (const file of files) checkFile(file)
const sizes = files.map((file) => statSync(file).size / recordBytes).sort((a, b) => a - b)
const middle = sizes.length >> 1
const median = sizes.length % 2 === 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2
console.log(
  JSON.stringify({ records, checksum: sum.toString(16), parts: sizes.length, maxToMedian: sizes[sizes.length - 1] / median }),
)
if (option !== '--unsorted' && unordered >= 0) {
  console.error(`record ${unordered} is out of order`)
  process.exitCode = 1
}

/** The last record of the block before stands in front of the block. */
function checkFile(name: string): void {
  const file = openSync(name, 'r')
  const size = fstatSync(file).size
  if (size % recordBytes !== 0) throw new RangeError(`${name} has ${size} bytes, which is no whole number of records`)
  for (let at = 0; at < size; ) {
    const read = readSync(file, block, recordBytes, recordBytes * blockRecords, at)
    let blockSum = 0
    for (let start = recordBytes; start <= read; start += recordBytes) {
      blockSum += crc32(block.subarray(start, start + recordBytes))
      const isFirst = records++ === 0
      if (!isFirst && unordered < 0 && block.compare(block, start, start + recordBytes, start - recordBytes, start) > 0) {
        unordered = records
      }
    }
    sum += BigInt(blockSum)
    block.copy(block, 0, read, read + recordBytes)
    at += read
  }
  closeSync(file)
}
