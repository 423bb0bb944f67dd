import { dataError, type MillraceError, planError } from '../../base/errors.ts'
import { targetBatchRows } from '../../data/batch.ts'
import { type BytesColumn, isValid } from '../../data/column.ts'
import { copyBytes, viewOf } from '../../data/copy-bytes.ts'
import { plainColumn } from '../../data/gather.ts'
import { textAt } from '../../data/read.ts'
import { formatType, type Schema } from '../../data/type.ts'
import { plainBytes } from '../lines.ts'
import { ScanMemory } from '../wasm/scan-memory.ts'
import type { Encoder } from './encoder.ts'

const newline = 10
const carriageReturn = 13

/**
 * The texts of the only column as lines, each with `\n` behind it.
 *
 * @throws {@link MillraceError} `PLAN_TYPE_MISMATCH` for other columns; `push`: `DATA_NULL`, and `DATA_BAD_VALUE` for a text with a line break.
 */
export function createTextEncoder(schema: Schema): Encoder {
  if (schema.length !== 1 || schema[0].type.kind !== 'string') {
    const found = schema.map(({ name, type }) => `${name} ${formatType(type)}`).join(', ')
    throw planError('PLAN_TYPE_MISMATCH', `a text file holds one column of type string, found (${found})`, {
      hint: "make one text of the columns, as in |> select concat(a, ' ', b) as line",
    })
  }
  return {
    start: () => new Uint8Array(0),
    push: ({ columns, rowCount }) => linesOf(plainColumn(columns[0]) as BytesColumn, rowCount, schema[0].name),
  }
}

function linesOf(column: BytesColumn, rowCount: number, name: string): Uint8Array {
  const { data, offsets, nulls } = column
  const [first, last] = [offsets[0], offsets[rowCount]]
  if (nulls !== undefined) refuseNulls(column, rowCount, name)
  const out = plainBytes(last - first + rowCount)
  if (out.length >= leastKernelBytes) memory ??= ScanMemory.open(0, targetBatchRows)
  const joined = memory?.joinLines(column, rowCount)
  if (joined !== undefined) out.set(joined)
  else putLines(column, rowCount, name, out)
  // Buffer's search is 30 times as fast as that of a typed array.
  if (Buffer.from(data.buffer, data.byteOffset + first, last - first).includes(newline)) {
    for (let row = 0; row < rowCount; row++) {
      if (data.subarray(offsets[row], offsets[row + 1]).includes(newline)) throw brokenLine(column, row, name)
    }
  }
  return out
}

/** Of this thread: nothing stays in it from one call to the next. */
let memory: ScanMemory | undefined
const leastKernelBytes = 2 ** 14

function putLines(column: BytesColumn, rowCount: number, name: string, out: Uint8Array): void {
  const { data, offsets } = column
  const source = viewOf(data)
  const target = viewOf(out)
  let at = 0
  for (let row = 0; row < rowCount; row++) {
    const start = offsets[row]
    const end = offsets[row + 1]
    copyBytes(source, start, end, target, at)
    at += end - start
    if (end > start && data[end - 1] === carriageReturn) throw brokenLine(column, row, name)
    out[at++] = newline
  }
}

function refuseNulls(column: BytesColumn, rowCount: number, name: string): void {
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(column, row)) {
      throw dataError('DATA_NULL', `a line cannot be null, as a value of '${name}' is`, { hint: `write coalesce(${name}, '')` })
    }
  }
}

const brokenLine = ({ data, offsets }: BytesColumn, row: number, name: string): MillraceError =>
  dataError('DATA_BAD_VALUE', `a line of a text file cannot hold a line break, as a value of '${name}' does`, {
    text: textAt(data, offsets[row], offsets[row + 1]).slice(0, 1000),
    hint: 'write csv or jsonl, which can',
  })
