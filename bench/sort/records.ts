import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { xoshiro } from '../random.ts'

/** Bytes of a record, its newline included. */
export const recordBytes = 100
const keyBytes = 10
const recordsPerWrite = 10_000
/** The key that a share of the records may have in common. */
const commonKey = Buffer.from('Millrace!!')

/**
 * A file of `megabytes` MB of records in the layout of gensort's text form (sortbenchmark.org): a key of 10 printable characters, two blanks, the
 * record's number in 32 hex digits, two blanks, a filler of groups of four equal hex digits; with `\n` alone at the end, so that tools that keep
 * a carriage return and tools that drop it read the same. The same arguments give the same bytes. Kept in the temporary folder and made once.
 *
 * @param equalShare - how many of the records, from 0 to 1, have one key.
 */
export function recordFile(megabytes: number, equalShare: number): string {
  const folder = join(tmpdir(), 'millrace-bench')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `records-${megabytes}mb-${equalShare * 100}.txt`)
  const count = Math.ceil((megabytes * 1e6) / recordBytes)
  if (existsSync(path) && statSync(path).size === count * recordBytes) return path
  const random = xoshiro(20260102)
  const threshold = equalShare * 2 ** 32
  const block = Buffer.alloc(recordBytes * recordsPerWrite, 32)
  const file = openSync(`${path}.part`, 'w')
  for (let first = 0; first < count; first += recordsPerWrite) {
    const rows = Math.min(recordsPerWrite, count - first)
    for (let i = 0; i < rows; i++) putRecord(block, i * recordBytes, first + i, random, threshold)
    writeSync(file, block, 0, rows * recordBytes)
  }
  closeSync(file)
  renameSync(`${path}.part`, path)
  return path
}

const hex = Buffer.from('0123456789ABCDEF')

function putRecord(out: Buffer, start: number, number: number, random: () => number, threshold: number): void {
  const isCommon = random() < threshold
  for (let i = 0; i < keyBytes; i++) out[start + i] = isCommon ? commonKey[i] : 32 + (random() % 95)
  const digits = start + keyBytes + 2
  let rest = number
  for (let i = 31; i >= 0; i--) {
    out[digits + i] = hex[rest % 16]
    rest = Math.floor(rest / 16)
  }
  const filler = digits + 34
  const end = start + recordBytes - 1
  let bits = 0
  for (let at = filler, group = 0; at < end; at += 4, group++) {
    if ((group & 7) === 0) bits = random()
    out.fill(hex[(bits >>> ((group & 7) * 4)) & 15], at, Math.min(at + 4, end))
  }
  out[end] = 10
}
