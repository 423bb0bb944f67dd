import type { Column } from '../../data/column.ts'
import { isValid } from '../../data/column.ts'
import { sliceColumn } from '../../data/read.ts'
import type { PhysicalSortKey } from '../../ir/physical.ts'
import { newKeyWords, putKeyWords } from '../operators/key-words.ts'

/** More of a row is not looked at: rows that agree in so many bytes fall into one range. */
const limitBytes = 256

/** The beginning of a row's place in an order: keys compare byte by byte as their rows do. */
export interface RowKey {
  bytes: Buffer
  /** It holds all of the row, so that rows of equal keys are equal. */
  isWhole: boolean
}

/** The key of a row, by all of `keys` in turn. */
export function rowKeyOf(keys: readonly PhysicalSortKey[], columns: readonly Column[], row: number): RowKey {
  const out = new KeyBytes()
  for (const { column, desc, nullsFirst } of keys) {
    if (out.isFull) break
    putNullable(out, columns[column], row, nullsFirst, desc ? 255 : 0)
  }
  return { bytes: out.bytes.subarray(0, out.length), isWhole: !out.isFull }
}

class KeyBytes {
  readonly bytes = Buffer.alloc(limitBytes)
  length = 0
  isFull = false

  push(byte: number): void {
    if (this.length < limitBytes) this.bytes[this.length++] = byte
    else this.isFull = true
  }
}

/** `flip` is 255 where the order is reversed; where nulls go does not depend on that. */
function putNullable(out: KeyBytes, column: Column, row: number, nullsFirst: boolean, flip: number): void {
  if (!isValid(column, row)) return out.push(nullsFirst ? 0 : 2)
  out.push(1)
  putValue(out, column, row, flip)
}

function putValue(out: KeyBytes, column: Column, row: number, flip: number): void {
  switch (column.store) {
    case 'lane':
      return putWords(out, column, row, flip)
    case 'bytes':
      for (let i = column.offsets[row]; i < column.offsets[row + 1] && !out.isFull; i++) {
        out.push(column.data[i] ^ flip)
        // A zero is doubled by 255, the end is two zeros: so a text comes before those that it begins.
        if (column.data[i] === 0) out.push(255 ^ flip)
      }
      out.push(flip)
      return out.push(flip)
    case 'dictionary':
      return putNested(out, column.values, column.codes[row], flip)
    case 'list':
      for (let i = column.offsets[row]; i < column.offsets[row + 1] && !out.isFull; i++) {
        out.push(1 ^ flip)
        putNested(out, column.items, i, flip)
      }
      return out.push(flip)
    case 'struct':
      for (const child of column.children) putNested(out, child, row, flip)
      return
    case 'js':
      return
  }
}

/** Nulls inside a value come first, and last where the order is reversed. */
function putNested(out: KeyBytes, column: Column, row: number, flip: number): void {
  const valid = isValid(column, row)
  out.push((valid ? 1 : 0) ^ flip)
  if (valid) putValue(out, column, row, flip)
}

const ascending: PhysicalSortKey = { column: 0, desc: false, nullsFirst: true }
const oneRow = new Int32Array(1)

function putWords(out: KeyBytes, column: Column, row: number, flip: number): void {
  const words = newKeyWords(1)
  putKeyWords(sliceColumn(column, row, row + 1), ascending, 0, oneRow, 0, 1, words)
  for (const word of [words.hi[0], words.lo[0]]) {
    for (let shift = 24; shift >= 0; shift -= 8) out.push(((word >>> shift) & 255) ^ flip)
  }
}
