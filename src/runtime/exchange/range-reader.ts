import type { Disk } from '../../base/host.ts'
import type { Batch } from '../../data/batch.ts'
import type { BytesColumn, LaneColumn } from '../../data/column.ts'
import { sliceBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import type { PhysicalSortKey } from '../../ir/physical.ts'
import { type BlockRange, readBlockOf } from '../block-file.ts'
import type { SortedRun } from '../operators/merge-runs.ts'
import { readIndex } from './partition-index.ts'
import type { RangeBound } from './range-bounds.ts'
import { blockKeyFields, fileParts } from './range-send.ts'
import { rowKeyOf } from './row-key.ts'

/** What one producer of a range exchange has left. */
export interface SortedFile {
  disk: Disk
  path: string
  /** Its number among all producers of the ranges. */
  producer: number
  fields: Schema
  keys: readonly PhysicalSortKey[]
}

/** A place between two rows of the file: before a row of a block, or within the block where the rows from `key` on begin, or those after it. */
interface Place {
  block: number
  row: number
  search?: { key: Buffer; isAfter: boolean }
}

/** The rows of one range in one producer's file, and how many bytes the largest block of them has. */
export interface RangeRun extends SortedRun {
  blockBytes: number
}

/**
 * Finds the rows from bound `from` to bound `to`, and reads their blocks one at a time into the same memory. Only blocks that hold rows of the range
 * are read.
 */
export function openRange(file: SortedFile, from: RangeBound | undefined, to: RangeBound | undefined): RangeRun {
  const { disk, path, fields, keys } = file
  const blocks = readIndex(disk, path, fileParts.blocks) as readonly BlockRange[]
  const [keysAt] = readIndex(disk, path, fileParts.keys) as readonly BlockRange[]
  const [firstKeys, rowCounts] = readBlockOf(disk, path, keysAt, blockKeyFields).columns as [BytesColumn, LaneColumn]
  const start = from === undefined ? { block: 0, row: 0 } : placeOf(from)
  const end = to === undefined ? { block: blocks.length, row: 0 } : placeOf(to)
  const own = blocks.slice(start.block, end.block + 1)
  const blockBytes = own.reduce((most, { length }) => Math.max(most, length), 0)
  let block = start.block
  let room: Uint8Array | undefined

  return {
    blockBytes,
    next() {
      while (block < end.block || (block === end.block && (end.row > 0 || end.search !== undefined))) {
        room ??= new Uint8Array(blockBytes)
        const batch = readBlockOf(disk, path, blocks[block], fields, room)
        const first = block === start.block ? rowAt(batch, start) : 0
        const last = block === end.block ? rowAt(batch, end) : batch.rowCount
        block++
        if (first < last) return sliceBatch(batch, first, last)
      }
      return undefined
    },
    close() {
      room = undefined
      block = Number.POSITIVE_INFINITY
    },
  }

  function placeOf({ key: text, split }: RangeBound): Place {
    if (split?.producer === file.producer) return placeOfRow(split.position)
    const key = Buffer.from(text, 'base64')
    const isAfter = split !== undefined && file.producer < split.producer
    const { data, offsets } = firstKeys
    let before = 0
    for (let above = blocks.length; before < above; ) {
      const middle = (before + above) >> 1
      if (isBefore(Buffer.compare(data.subarray(offsets[middle], offsets[middle + 1]), key), isAfter)) before = middle + 1
      else above = middle
    }
    return before === 0 ? { block: 0, row: 0 } : { block: before - 1, row: 0, search: { key, isAfter } }
  }

  function placeOfRow(position: number): Place {
    let row = position
    let number = 0
    while (number < blocks.length && row >= (rowCounts.values[number] as number)) row -= rowCounts.values[number++] as number
    return { block: number, row }
  }

  function rowAt(batch: Batch, { row, search }: Place): number {
    if (search === undefined) return row
    let before = 0
    for (let above = batch.rowCount; before < above; ) {
      const middle = (before + above) >> 1
      const { bytes } = rowKeyOf(keys, batch.columns, middle)
      if (isBefore(Buffer.compare(bytes, search.key), search.isAfter)) before = middle + 1
      else above = middle
    }
    return before
  }
}

const isBefore = (order: number, isAfter: boolean): boolean => order < 0 || (order === 0 && isAfter)
