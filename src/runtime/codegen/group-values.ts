import { runError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { toJsValue } from '../../data/js-value.ts'
import { valueAt } from '../../data/read.ts'
import type { Type } from '../../data/type.ts'
import type { RowShape } from '../../ir/physical.ts'

import { textOf } from './support.ts'
import { bufferOf } from './text-buffer.ts'

/** Rows of one group that lie in one batch. */
export interface GroupRows {
  batch: Batch
  from: number
  to: number
}

type Read = (row: number) => unknown

/** Reads a column as closures see it. */
function readerOf(column: Column, type: Type): Read {
  if (column.nulls === undefined && column.store === 'bytes' && type.kind === 'string') {
    const { offsets } = column
    const buffer = bufferOf(column.data)
    return (row) => textOf(buffer, offsets[row], offsets[row + 1])
  }
  if (
    column.nulls === undefined &&
    column.store === 'lane' &&
    column.values instanceof Float64Array &&
    type.kind !== 'timestamp'
  ) {
    const { values } = column
    return (row) => values[row]
  }
  return (row) => toJsValue(type, valueAt(column, row))
}

/** Reads an element, or an object of several columns. */
export function rowReader(batch: Batch, shape: RowShape, columns: readonly number[], isElement: boolean): Read {
  const readers = columns.map((i) => readerOf(batch.columns[i], shape.fields[i].type))
  if (isElement) return readers[0]
  const names = columns.map((i) => shape.fields[i].name)
  return (row) => Object.fromEntries(names.map((name, i) => [name, readers[i](row)]))
}

/** The values of a group, for one pass: they are decoded as they are read, and not kept. */
export class GroupValues implements Iterable<unknown> {
  #parts: Iterable<unknown>[] | undefined

  constructor(parts: Iterable<unknown>[]) {
    this.#parts = parts
  }
  [Symbol.iterator](): Iterator<unknown> {
    const parts = this.#parts
    if (parts === undefined) {
      throw runError('RUN_ITERABLE_REUSED', 'the values of a group were read a second time', {
        hint: 'keep them in an array: [...values]',
      })
    }
    this.#parts = undefined
    return parts.length === 1 ? parts[0][Symbol.iterator]() : joined(parts)
  }
}

function* joined(parts: Iterable<unknown>[]): Iterator<unknown> {
  for (const part of parts) yield* part
}

/** Rows `from .. to` through a reader. */
export class RowIterable implements Iterable<unknown>, Iterator<unknown> {
  readonly #read: Read
  #row: number
  readonly #to: number

  constructor(read: Read, from: number, to: number) {
    this.#read = read
    this.#row = from
    this.#to = to
  }
  [Symbol.iterator](): Iterator<unknown> {
    return this
  }
  next(): IteratorResult<unknown> {
    if (this.#row >= this.#to) return { done: true, value: undefined }
    return { done: false, value: this.#read(this.#row++) }
  }
}
