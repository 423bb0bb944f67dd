import { bug } from '../../base/errors.ts'
import type { BytesColumn, Column } from '../../data/column.ts'
import { isValid } from '../../data/column.ts'
import { types } from '../../data/type.ts'

/**
 * Rows of several columns as one byte string each: equal exactly when the keys are equal (−0 as 0, all NaN alike, null as a value, a dictionary
 * as its values). So keys of any shape are compared and kept like a single text.
 */
export function encodeKeys(columns: readonly Column[], rowCount: number): BytesColumn {
  const out: Output = { data: new Uint8Array(rowCount * 16 + 64), length: 0, view: new DataView(new ArrayBuffer(0)) }
  out.view = new DataView(out.data.buffer)
  const offsets = new Int32Array(rowCount + 1)
  for (let row = 0; row < rowCount; row++) {
    for (const column of columns) encodeValue(out, column, row)
    offsets[row + 1] = out.length
  }
  return { store: 'bytes', type: types.bytes, length: rowCount, offsets, data: out.data.subarray(0, out.length) }
}

interface Output {
  data: Uint8Array
  view: DataView
  length: number
}

function reserve(out: Output, bytes: number): void {
  if (out.length + bytes <= out.data.length) return
  const grown = new Uint8Array(Math.max(out.length + bytes, out.data.length * 2))
  grown.set(out.data)
  out.data = grown
  out.view = new DataView(grown.buffer)
}

function encodeValue(out: Output, column: Column, row: number): void {
  if (!isValid(column, row)) {
    reserve(out, 1)
    out.data[out.length++] = 0
    return
  }
  switch (column.store) {
    case 'lane':
      return encodeNumber(out, column.values[row])
    case 'bytes': {
      const start = column.offsets[row]
      const size = column.offsets[row + 1] - start
      encodeHead(out, size, size)
      for (let i = 0; i < size; i++) out.data[out.length + i] = column.data[start + i]
      out.length += size
      return
    }
    case 'dictionary':
      return encodeValue(out, column.values, column.codes[row])
    case 'list':
      encodeHead(out, column.offsets[row + 1] - column.offsets[row], 0)
      for (let item = column.offsets[row]; item < column.offsets[row + 1]; item++) encodeValue(out, column.items, item)
      return
    case 'struct':
      encodeHead(out, 0, 0)
      for (const child of column.children) encodeValue(out, child, row)
      return
    case 'js':
      throw bug('opaque values cannot be keys')
  }
}

/** Tag and length, with room for `bytes` more. */
function encodeHead(out: Output, length: number, bytes: number): void {
  reserve(out, 5 + bytes)
  out.data[out.length] = 1
  out.view.setUint32(out.length + 1, length)
  out.length += 5
}

/** A safe integer is written alike whichever lane holds it. */
function encodeNumber(out: Output, value: number | bigint): void {
  reserve(out, 9)
  const wide = typeof value === 'bigint' && (value > 9007199254740991n || value < -9007199254740991n)
  out.data[out.length] = wide ? 2 : 1
  if (wide) out.view.setBigInt64(out.length + 1, value)
  else {
    const number = Number(value)
    out.view.setFloat64(out.length + 1, Number.isNaN(number) ? Number.NaN : number + 0)
  }
  out.length += 9
}
