import { dataError } from '../../base/errors.ts'
import { int64Value } from '../../data/int64.ts'
import { describeJsValue } from '../../data/js-value.ts'
import { valueAt } from '../../data/read.ts'
import { bufferOf, type TextBuffer } from './text-buffer.ts'
import { encodeTexts } from './texts.ts'

const encoder = new TextEncoder()

/** Text of the bytes `start .. end`; they must be valid UTF-8. */
export function textOf(buffer: TextBuffer, start: number, end: number): string {
  // Cutting one string of a whole batch is faster by itself, but `split` and the like are 1.4 times slower on what it gives.
  if (end - start > 8) return buffer.utf8Slice(start, end)
  let text = ''
  for (let i = start; i < end; i++) {
    if (buffer[i] > 127) return buffer.utf8Slice(start, end)
    text += String.fromCharCode(buffer[i])
  }
  return text
}

/** The same bytes as a plain Uint8Array, so that loops see one class. */
function plainBytes(data: Uint8Array): Uint8Array {
  return data.constructor === Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length)
}

/** Copies `source[start .. end)` to `target[at]`; gives the place behind it. */
function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
  // Below some 40 bytes a loop beats the call that `set` makes.
  if (end - start < 40) for (let i = start; i < end; i++) target[at++] = source[i]
  else {
    target.set(source.subarray(start, end), at)
    at += end - start
  }
  return at
}

/** Writes text as UTF-8 to `target[at]`, where three bytes a unit must be free; gives the place behind it. */
function putText(target: Uint8Array, at: number, text: string): number {
  const { length } = text
  let i = 0
  if (length < 64) {
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) break
      target[at++] = unit
    }
  }
  return i === length ? at : putRest(target, at, i === 0 ? text : text.slice(i))
}

function putRest(target: Uint8Array, at: number, text: string): number {
  if (!text.isWellFormed()) throw notWellFormed()
  return at + encoder.encodeInto(text, target.subarray(at)).written
}

function notWellFormed(): Error {
  return dataError('DATA_INVALID_UTF8', 'the text has a lone surrogate, which UTF-8 cannot hold', {
    hint: 'text.toWellFormed() replaces it',
  })
}

/** Bytes that expressions make while one row is worked on. */
export class Scratch {
  data: Uint8Array = new Uint8Array(4096)
  buffer: TextBuffer = bufferOf(this.data)
  at = 0

  /** Makes room; what was written stays where it is, also in the arrays that were read before. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.data.length) return
    const grown = new Uint8Array(Math.max(this.at + bytes, this.data.length * 2))
    grown.set(this.data.subarray(0, this.at))
    this.data = grown
    this.buffer = bufferOf(grown)
  }
  putText(text: string): void {
    this.reserve(text.length * 3)
    this.at = putText(this.data, this.at, text)
  }
  put(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    this.at = copyBytes(this.data, this.at, source, start, end)
  }
}

/** Stands for the lane of a column that has widened. */
const noLane = new Float64Array(0)

function notRow(value: unknown): never {
  throw shapeError('an object with a property a column', value)
}

function notPair(value: unknown): never {
  throw shapeError('a [key, value] pair', value)
}

function shapeError(expected: string, value: unknown): Error {
  if (isPromise(value)) return promiseError()
  return dataError('DATA_SHAPE_CHANGED', `expected ${expected}, found ${describeJsValue(value)}`)
}

function promiseError(): Error {
  return dataError('DATA_SHAPE_CHANGED', 'expected a value, found a promise', {
    hint: 'functions of a pipeline are synchronous: read what they need before the run',
  })
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** What a flatMap returned: an array as it is, else an iterator. */
function listOf(value: unknown): unknown[] | Iterator<unknown> {
  if (Array.isArray(value)) return value
  const iterable = value as Iterable<unknown> | null | undefined
  if (iterable === null || iterable === undefined || typeof iterable[Symbol.iterator] !== 'function')
    throw shapeError('an iterable', value)
  return iterable[Symbol.iterator]()
}

/** The next values of an iterator; empty at its end. */
function pieces(iterator: Iterator<unknown>): unknown[] {
  const items: unknown[] = []
  while (items.length < 1024) {
    const step = iterator.next()
    if (step.done) break
    items.push(step.value)
  }
  return items
}

/** An error that is not of the row at hand, so that the row cannot be left out. */
export class NotOfRow {
  readonly cause: unknown
  /** A function threw it, and it is not told of it yet. */
  readonly isOfFunction: boolean
  constructor(cause: unknown, isOfFunction = false) {
    this.cause = cause
    this.isOfFunction = isOfFunction
  }
}

/** So many values of one row are held until its function has ended. */
export const heldValues = 65_536

/**
 * All that a flatMap gives, where a row is left out as a whole if its function throws: then none of its values may have gone on yet. Values beyond
 * the first 65,536 come as they do, since there may be no end of them; what is thrown after that is no error of a row any more.
 */
function wholeList(list: unknown[] | Iterator<unknown>): unknown[] | Iterator<unknown> {
  if (Array.isArray(list)) return list
  const held: unknown[] = []
  while (held.length < heldValues) {
    const step = list.next()
    if (step.done) return held
    held.push(step.value)
  }
  return goOn(held, list)
}

function goOn(held: readonly unknown[], list: Iterator<unknown>): Iterator<unknown> {
  let at = 0
  return {
    next() {
      if (at < held.length) return { done: false, value: held[at++] }
      try {
        return list.next()
      } catch (cause) {
        throw new NotOfRow(cause, true)
      }
    },
    return(value) {
      list.return?.()
      return { done: true, value }
    },
  }
}

/** Ends an iterator before its end, so that a generator can clean up. */
function close(list: unknown[] | Iterator<unknown>): void {
  if (!Array.isArray(list)) list.return?.()
}

/** Refuses a promise where nothing is to be returned. */
function nothing(value: unknown): void {
  if (isPromise(value)) throw promiseError()
}

/** What every generated function may call; kernels bring what else they need as constants. */
export const support = {
  textOf,
  bufferOf,
  plainBytes,
  copyBytes,
  encodeTexts,
  notWellFormed,
  int64Value,
  valueAt,
  notRow,
  notPair,
  pieces,
  close,
  listOf,
  wholeList,
  nothing,
  isPromise,
  noLane,
}
