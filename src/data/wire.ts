import { bug, dataError } from '../base/errors.ts'
import type { Batch, BatchHeader } from './batch.ts'
import { checksum } from './checksum.ts'
import type { Column, Lane } from './column.ts'
import { plainColumn } from './gather.ts'
import { makeBatch, sliceColumn } from './read.ts'
import type { Type } from './type.ts'
import { formatType } from './type.ts'

/** Bytes before the first section; `totalBytes` stands at `totalBytesAt`. */
export const wireHeaderBytes = 112
const magic = 0x43524c4d // "MLRC"
const version = 1
const at = {
  version: 4,
  flags: 6,
  schema: 8,
  checksum: 16,
  rowCount: 24,
  columns: 28,
  totalBytes: 32,
  groups: 36,
  epoch: 40,
  watermark: 48,
  ingestTimeUs: 56,
  producer: 64,
  attempt: 72,
  sequence: 80,
  split: 88,
  firstRow: 96,
} as const
const flag = { weights: 1, groupStarts: 2, source: 4, openGroup: 8, checksum: 16 } as const
const stores = ['lane', 'bytes', 'dictionary', 'list', 'struct'] as const
const lanes = [Float64Array, Int32Array, BigInt64Array, Uint8Array] as const

/**
 * Writes a batch into one fresh ArrayBuffer that holds nothing else, so that it may be transferred: also the form on disk.
 * Little endian; every section starts at a multiple of 8 bytes. Columns of store `js` never leave a thread: `BUG_INVARIANT`.
 *
 * @param options.checksum - adds a 64-bit checksum over all bytes: for disk.
 * @param options.room - gives at least so many bytes, from the start of a buffer, to write into instead; they need not be zero.
 */
export function encodeBatch(
  batch: Batch,
  options: { checksum?: boolean; room?: (bytes: number) => Uint8Array<ArrayBuffer> } = {},
): Uint8Array<ArrayBuffer> {
  const columns = batch.columns.map(compact)
  let size = wireHeaderBytes + aligned(batch.weights?.byteLength ?? 0) + aligned(batch.groupStarts?.byteLength ?? 0)
  for (const column of columns) size += encodedSize(column)
  // What stands between sections counts for the checksum.
  const out = options.room === undefined ? new Uint8Array(size) : options.room(size).subarray(0, size).fill(0)
  const view = new DataView(out.buffer)
  writeHeader(view, batch, size, options.checksum === true)
  const writer: Writer = { out, view, offset: wireHeaderBytes }
  if (batch.weights !== undefined) put(writer, batch.weights)
  if (batch.groupStarts !== undefined) put(writer, batch.groupStarts)
  for (const column of columns) writeColumn(writer, column)
  if (options.checksum) {
    const [low, high] = checksum(new Int32Array(out.buffer, 0, size / 4))
    view.setInt32(at.checksum, low, true)
    view.setInt32(at.checksum + 4, high, true)
  }
  return out
}

/**
 * Reads a batch back as views of `bytes`, without a copy when `bytes` starts at a multiple of 8 in its buffer.
 *
 * @param options.checksum - the bytes must carry a checksum.
 * @throws MillraceError `DATA_CORRUPT` when magic, version, row type, checksum or a length does not fit.
 */
export function decodeBatch(bytes: Uint8Array, schema: readonly { type: Type }[], options: { checksum?: boolean } = {}): Batch {
  if (bytes.byteOffset % 8 !== 0) bytes = bytes.slice()
  if (bytes.length < wireHeaderBytes || bytes.length % 8 !== 0) throw corrupt(`a block of ${bytes.length} bytes is cut off`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const total = encodedLength(bytes)
  if (total !== bytes.length) throw corrupt(`a block should have ${total} bytes, found ${bytes.length}`)
  const flags = view.getUint16(at.flags, true)
  if (options.checksum && (flags & flag.checksum) === 0) throw corrupt('a block has no checksum')
  if ((flags & flag.checksum) !== 0) {
    const [low, high] = checksum(new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4))
    if (view.getInt32(at.checksum, true) !== low || view.getInt32(at.checksum + 4, true) !== high) {
      throw corrupt('a block does not match its checksum')
    }
  }
  const [schemaLow, schemaHigh] = schemaHash(schema)
  if (view.getInt32(at.schema, true) !== schemaLow || view.getInt32(at.schema + 4, true) !== schemaHigh) {
    throw corrupt(`a block holds rows of another type than ${formatTypes(schema)}`)
  }
  const rowCount = view.getUint32(at.rowCount, true)
  const reader: Reader = { bytes, view, offset: wireHeaderBytes }
  const weights = (flags & flag.weights) === 0 ? undefined : take(reader, Int32Array, rowCount)
  const groupStarts = (flags & flag.groupStarts) === 0 ? undefined : take(reader, Int32Array, view.getUint32(at.groups, true))
  const columns = schema.map((field) => readColumn(reader, field.type, rowCount))
  if (reader.offset !== bytes.length) throw corrupt('a block has bytes after its last column')
  return makeBatch(columns, rowCount, { header: readHeader(view, flags), weights, groupStarts })
}

/** The whole length that the header of an encoded batch states. `DATA_CORRUPT` when it is no such header. */
export function encodedLength(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset, header.length)
  if (view.getUint32(0, true) !== magic) throw corrupt('a block does not start with "MLRC"')
  if (view.getUint16(at.version, true) !== version) throw corrupt(`a block has version ${view.getUint16(at.version, true)}`)
  const total = view.getUint32(at.totalBytes, true)
  if (total < wireHeaderBytes || total % 8 !== 0) throw corrupt(`a block states a length of ${total} bytes`)
  return total
}

/** The checksum that an encoded batch carries. */
export function encodedChecksum(bytes: Uint8Array): [low: number, high: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return [view.getInt32(at.checksum, true), view.getInt32(at.checksum + 4, true)]
}

const corrupt = (message: string) => dataError('DATA_CORRUPT', message)
const aligned = (bytes: number): number => (bytes + 7) & ~7
const formatTypes = (schema: readonly { type: Type }[]): string => `(${schema.map((field) => formatType(field.type)).join(', ')})`

/** FNV-1a, twice with different starts, over the spelling of the types; names do not matter. */
function schemaHash(schema: readonly { type: Type }[]): [number, number] {
  const text = formatTypes(schema)
  let low = 0x811c9dc5 | 0
  let high = 0x2b9ac3f1
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193)
    high = Math.imul(high ^ text.charCodeAt(i), 0x01000193)
  }
  return [low, high]
}

/** A dictionary with more values than rows costs more than the rows themselves. */
function compact(column: Column): Column {
  if (column.store === 'dictionary') return column.values.length > column.length ? compact(plainColumn(column)) : column
  if (column.store === 'struct') return { ...column, children: column.children.map(compact) }
  if (column.store === 'list') {
    const base = column.offsets[0]
    return { ...column, items: compact(sliceColumn(column.items, base, column.offsets[column.length])) }
  }
  return column
}

function encodedSize(column: Column): number {
  const head = 16 + aligned(column.nulls === undefined ? 0 : nullBytes(column.length))
  switch (column.store) {
    case 'lane':
      return head + aligned(column.values.BYTES_PER_ELEMENT * column.length)
    case 'bytes':
      return head + aligned((column.length + 1) * 4) + aligned(column.offsets[column.length] - column.offsets[0])
    case 'dictionary':
      return head + aligned(column.length * 4) + encodedSize(column.values)
    case 'list':
      return head + aligned((column.length + 1) * 4) + encodedSize(column.items)
    case 'struct':
      return column.children.reduce((sum, child) => sum + encodedSize(child), head)
    case 'js':
      throw bug('a column of opaque values cannot leave its thread')
  }
}

const nullBytes = (rows: number): number => (rows + 7) >> 3

interface Writer {
  out: Uint8Array
  view: DataView
  offset: number
}

function writeHeader(view: DataView, batch: Batch, size: number, withChecksum: boolean): void {
  const { header } = batch
  const [low, high] = schemaHash(batch.columns)
  const flags =
    (batch.weights === undefined ? 0 : flag.weights) |
    (batch.groupStarts === undefined ? 0 : flag.groupStarts) |
    (header.source === undefined ? 0 : flag.source) |
    (header.openGroup ? flag.openGroup : 0) |
    (withChecksum ? flag.checksum : 0)
  view.setUint32(0, magic, true)
  view.setUint16(at.version, version, true)
  view.setUint16(at.flags, flags, true)
  view.setInt32(at.schema, low, true)
  view.setInt32(at.schema + 4, high, true)
  view.setUint32(at.rowCount, batch.rowCount, true)
  view.setUint32(at.columns, batch.columns.length, true)
  view.setUint32(at.totalBytes, size, true)
  view.setUint32(at.groups, batch.groupStarts?.length ?? 0, true)
  view.setFloat64(at.epoch, header.epoch, true)
  view.setFloat64(at.watermark, header.watermark, true)
  view.setFloat64(at.ingestTimeUs, header.ingestTimeUs, true)
  view.setFloat64(at.producer, header.producer, true)
  view.setFloat64(at.attempt, header.attempt, true)
  view.setFloat64(at.sequence, header.sequence, true)
  if (header.source === undefined) return
  view.setFloat64(at.split, header.source.split, true)
  view.setFloat64(at.firstRow, header.source.firstRow, true)
}

function readHeader(view: DataView, flags: number): BatchHeader {
  return {
    producer: view.getFloat64(at.producer, true),
    attempt: view.getFloat64(at.attempt, true),
    sequence: view.getFloat64(at.sequence, true),
    epoch: view.getFloat64(at.epoch, true),
    watermark: view.getFloat64(at.watermark, true),
    ingestTimeUs: view.getFloat64(at.ingestTimeUs, true),
    ...((flags & flag.source) === 0
      ? {}
      : { source: { split: view.getFloat64(at.split, true), firstRow: view.getFloat64(at.firstRow, true) } }),
    ...((flags & flag.openGroup) === 0 ? {} : { openGroup: true }),
  }
}

function put(writer: Writer, values: Lane): void {
  writer.out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), writer.offset)
  writer.offset += aligned(values.byteLength)
}

function putOffsets(writer: Writer, offsets: Int32Array, length: number): void {
  const target = new Int32Array(writer.out.buffer, writer.offset, length + 1)
  const base = offsets[0]
  if (base === 0) target.set(offsets.subarray(0, length + 1))
  else for (let i = 0; i <= length; i++) target[i] = offsets[i] - base
  writer.offset += aligned((length + 1) * 4)
}

/** Head of a column: store, lane class, has nulls, length, bytes of data. Then null bits, own arrays and children. */
function writeColumn(writer: Writer, column: Column): void {
  const { view } = writer
  const { length } = column
  if (column.store === 'js') throw bug('a column of opaque values cannot leave its thread')
  view.setUint8(writer.offset, stores.indexOf(column.store))
  if (column.store === 'lane')
    view.setUint8(
      writer.offset + 1,
      lanes.findIndex((Class) => column.values instanceof Class),
    )
  view.setUint8(writer.offset + 2, column.nulls === undefined ? 0 : 1)
  view.setUint32(writer.offset + 4, length, true)
  if (column.store === 'bytes') view.setUint32(writer.offset + 8, column.offsets[length] - column.offsets[0], true)
  writer.offset += 16
  if (column.nulls !== undefined) put(writer, column.nulls.subarray(0, nullBytes(length)))
  switch (column.store) {
    case 'lane':
      return put(writer, column.values.subarray(0, length) as Lane)
    case 'bytes':
      putOffsets(writer, column.offsets, length)
      return put(writer, column.data.subarray(column.offsets[0], column.offsets[length]))
    case 'dictionary':
      put(writer, column.codes.subarray(0, length))
      return writeColumn(writer, column.values)
    case 'list':
      putOffsets(writer, column.offsets, length)
      return writeColumn(writer, column.items)
    case 'struct':
      for (const child of column.children) writeColumn(writer, child)
  }
}

interface Reader {
  bytes: Uint8Array
  view: DataView
  offset: number
}

type LaneClass<T extends Lane> = {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, offset: number, length: number): T
}

function take<T extends Lane>(reader: Reader, Class: LaneClass<T>, length: number): T {
  const size = length * Class.BYTES_PER_ELEMENT
  if (size > reader.bytes.length - reader.offset) throw corrupt('a column reaches over the end of its block')
  const values = new Class(reader.bytes.buffer, reader.bytes.byteOffset + reader.offset, length)
  reader.offset += aligned(size)
  return values
}

function readColumn(reader: Reader, type: Type, rows: number): Column {
  const { view } = reader
  if (reader.offset + 16 > reader.bytes.length) throw corrupt('a column is missing from its block')
  const store = stores[view.getUint8(reader.offset)]
  const Class = lanes[view.getUint8(reader.offset + 1)] as LaneClass<Lane> | undefined
  const hasNulls = view.getUint8(reader.offset + 2) !== 0
  const length = view.getUint32(reader.offset + 4, true)
  const dataBytes = view.getUint32(reader.offset + 8, true)
  if (rows >= 0 && length !== rows) throw corrupt(`a column should have ${rows} rows, found ${length}`)
  reader.offset += 16
  const nulls = hasNulls ? take(reader, Uint8Array, nullBytes(length)) : undefined
  if (store === 'dictionary') {
    const codes = take(reader, Int32Array, length)
    const values = readColumn(reader, type, -1)
    return { store, type, length, nulls, codes, values }
  }
  if (store !== storeOf(type)) throw corrupt(`a column of type ${formatType(type)} is stored as "${store}"`)
  switch (store) {
    case 'lane':
      if (Class === undefined) throw corrupt('a column has an unknown class of numbers')
      return { store, type, length, nulls, values: take(reader, Class, length) }
    case 'bytes': {
      const offsets = take(reader, Int32Array, length + 1)
      if (offsets[0] !== 0 || offsets[length] !== dataBytes) throw corrupt('the offsets of a column do not fit its bytes')
      return { store, type, length, nulls, offsets, data: take(reader, Uint8Array, dataBytes) }
    }
    case 'list': {
      const offsets = take(reader, Int32Array, length + 1)
      if (offsets[0] !== 0 || offsets[length] < 0) throw corrupt('the offsets of a column do not fit its items')
      return {
        store,
        type,
        length,
        nulls,
        offsets,
        items: readColumn(reader, (type as Type & { kind: 'array' }).item, offsets[length]),
      }
    }
    case 'struct': {
      const { fields } = type as Type & { kind: 'struct' }
      return { store, type, length, nulls, children: fields.map((field) => readColumn(reader, field.type, length)) }
    }
  }
}

function storeOf(type: Type): string {
  switch (type.kind) {
    case 'string':
    case 'bytes':
      return 'bytes'
    case 'array':
      return 'list'
    default:
      return type.kind === 'struct' || type.kind === 'js' ? type.kind : 'lane'
  }
}
