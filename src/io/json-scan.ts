import { targetBatchBytes } from '../data/batch.ts'
import { textAt } from '../data/read.ts'
import { absent, escaped, type FieldTable, literal, nested, numeral, plain } from './field-table.ts'
import { scanFast } from './scan-fast.ts'
import type { KeyOrder, ScanResult } from './scan-shape.ts'

const newline = 10
const quote = 34
const comma = 44
const colon = 58
const backslash = 92
const openBrace = 123
const closeBrace = 125

export function createKeyOrder(names: readonly string[]): KeyOrder {
  return { slots: new Map(names.map((name, slot) => [name, slot])), keys: [], words: [], keySlots: [], version: 0 }
}

/**
 * Finds the wanted fields of JSON objects, one a line, from `from` on until the table or a batch is full; `end` is behind a newline, and words can be read there. Empty lines
 * are skipped, of equal keys the last one counts, null is absent. Arrays and objects that nobody wants are only searched for their end.
 */
export function scanJson(
  data: Uint8Array,
  from: number,
  end: number,
  order: KeyOrder,
  table: FieldTable,
  maxRows: number,
): ScanResult {
  const { memory } = table
  const rows = Math.min(table.capacity, maxRows)
  const stop = Math.min(end, from + targetBatchBytes)
  table.kinds.fill(absent)
  table.data = data
  if (memory === undefined) return scanLines(data, from, stop, order, table, 0, rows)
  memory.load(data, from, end)
  const scanned = scanFast(memory, table, from, stop, rows, {
    fast: (at, row) => memory.scanJson(at, stop, row, rows, order),
    plain: (at, row, last) => scanLines(data, at, stop, order, table, row, last),
  })
  table.isInMemory = memory.holds(scanned.next)
  return scanned
}

/** Lines from `at` on that start before `stop`, as rows of the table from `row` on up to `rows`. */
function scanLines(
  data: Uint8Array,
  from: number,
  stop: number,
  order: KeyOrder,
  table: FieldTable,
  firstRow: number,
  rows: number,
): ScanResult {
  const { starts, ends, kinds, rowStarts, capacity } = table
  const view = new DataView(data.buffer, data.byteOffset)
  // `| 0` as in `scanCsv`.
  let at = from | 0
  let row = firstRow | 0
  while (row < rows && at < stop) {
    const rowStart = at
    at = skipSpace(data, at) | 0
    if (data[at] === newline) {
      at++
      continue
    }
    if (data[at] !== openBrace) return bad(table, row, rowStart, at, 'a JSON object')
    at = skipSpace(data, (at + 1) | 0)
    let expected = 0
    if (data[at] === closeBrace) at++
    else {
      for (;;) {
        if (data[at] !== quote) return bad(table, row, rowStart, at, 'a key in double quotes')
        const keyStart = at + 1
        let key = matchKey(data, view, keyStart, order, expected) | 0
        if (key >= 0) at = (keyStart + order.keys[key].length + 1) | 0
        else {
          const keyEnd = stringEnd(data, keyStart)
          if (keyEnd < 0) return bad(table, row, rowStart, -keyEnd, 'a well-formed key')
          key = learnKey(data, keyStart, keyEnd, order, expected)
          at = keyEnd + 1
        }
        const slot = order.keySlots[key]
        expected = key + 1
        at = skipSpace(data, at) | 0
        if (data[at] !== colon) return bad(table, row, rowStart, at, "':'")
        at = skipSpace(data, (at + 1) | 0)
        const valueStart = at
        let kind = plain
        const byte = data[at]
        if (byte === quote) {
          at = plainEnd(view, at + 1) | 0
          if (data[at] !== quote) {
            kind = escaped
            at = stringEnd(data, at) | 0
            if (at < 0) return bad(table, row, rowStart, -at, 'a well-formed string')
          }
          at = (at + 1) | 0
        } else if (byte === 45 || (byte >= 48 && byte <= 57)) {
          kind = numeral
          at = numberEnd(data, at) | 0
          if (at < 0) return bad(table, row, rowStart, -at, 'a digit')
        } else if (byte === openBrace || byte === 91) {
          kind = nested
          at = nestedEnd(data, at)
          if (at === tooDeep)
            return refused(table, row, rowStart, `expected at most ${maxNesting} levels of arrays and objects, found more`)
          if (at < 0) return bad(table, row, rowStart, -at, 'the end of an array or object')
        } else {
          at = literalEnd(data, at)
          if (at < 0) return bad(table, row, rowStart, -at, 'a JSON value')
          kind = byte === 110 ? absent : literal
        }
        if (slot >= 0) {
          const i = slot * capacity + row
          const inQuotes = kind === plain || kind === escaped ? 1 : 0
          starts[i] = valueStart + inQuotes
          ends[i] = at - inQuotes
          kinds[i] = kind
        }
        at = skipSpace(data, at) | 0
        if (data[at] === comma) at = skipSpace(data, (at + 1) | 0)
        else if (data[at] === closeBrace) break
        else return bad(table, row, rowStart, at, "',' or '}'")
      }
      at++
    }
    at = skipSpace(data, at) | 0
    if (data[at] !== newline) return bad(table, row, rowStart, at, 'the end of the line')
    at++
    rowStarts[row++] = rowStart
  }
  table.rowCount = row
  return { next: at, incomplete: false }
}

function bad(table: FieldTable, row: number, rowStart: number, position: number, expected: string): ScanResult {
  return refused(table, row, rowStart, `expected ${expected}, found ${describeByte(table.data, position)}`)
}

function refused(table: FieldTable, row: number, rowStart: number, message: string): ScanResult {
  table.rowCount = row
  return {
    next: rowStart,
    incomplete: false,
    problem: { code: 'DATA_BAD_JSON', message, at: rowStart, end: table.data.indexOf(newline, rowStart) + 1 },
  }
}

function skipSpace(data: Uint8Array, at: number): number {
  while (data[at] === 32 || data[at] === 9 || data[at] === 13) at++
  return at
}

/** Place of the first quote, backslash or control character: within a line there is one. Four bytes at a time, as `byteAt` of csv. */
function plainEnd(view: DataView, from: number): number {
  for (let at = from | 0; ; at = (at + 4) | 0) {
    const word = view.getInt32(at, true)
    const toQuote = word ^ 0x22222222
    const toBackslash = word ^ 0x5c5c5c5c
    const hits =
      (((toQuote - 0x01010101) & ~toQuote) | ((toBackslash - 0x01010101) & ~toBackslash) | ((word - 0x20202020) & ~word)) &
      0x80808080
    if (hits !== 0) return (at + ((31 - Math.clz32(hits & (0 - hits))) >> 3)) | 0
  }
}

/** Index of the expected key that stands at `at`; a few keys may have been left out. −1 when it is another. */
function matchKey(data: Uint8Array, view: DataView, at: number, { keys, words }: KeyOrder, expected: number): number {
  const last = Math.min(expected + 4, keys.length)
  for (let index = expected; index < last; index++) {
    const key = keys[index]
    const size = key.length
    // The first four bytes tell nearly all keys apart.
    if (size >= 4 && view.getInt32(at, true) !== words[index]) continue
    let i = size >= 4 ? 4 : 0
    while (i < size && data[at + i] === key[i]) i++
    if (i === size && data[at + i] === quote) return index
  }
  return -1
}

/** Expects the key that was found here next time. Keys with escapes are never expected: their bytes are not their name. */
function learnKey(data: Uint8Array, start: number, end: number, order: KeyOrder, expected: number): number {
  const bytes = data.slice(start, end)
  const text = textAt(bytes, 0, bytes.length)
  const name = text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
  // A file with ever new keys must not make the list grow for ever.
  const index = Math.min(expected, order.keys.length, 10_000)
  order.keys[index] = bytes
  order.words[index] = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)
  order.keySlots[index] = order.slots.get(name) ?? -1
  order.version++
  return index
}

// The functions below return the position behind what they scan, or, when it is not well formed, the negated position of the bad byte, which is
// never 0: an object starts before it.

/** Position of the closing quote. */
function stringEnd(data: Uint8Array, at: number): number {
  for (;;) {
    const byte = data[at]
    if (byte === quote) return at
    if (byte < 32) return -at
    if (byte === backslash) {
      const next = data[++at]
      if (next === 117) {
        for (let i = 1; i <= 4; i++) if (!isHex(data[at + i])) return -(at + i)
        at += 4
      } else if (!isEscape(next)) return -at
    }
    at++
  }
}

const isHex = (byte: number): boolean => (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102)
const isEscape = (byte: number): boolean => '"\\/bfnrt'.includes(String.fromCharCode(byte))

function numberEnd(data: Uint8Array, at: number): number {
  if (data[at] === 45) at++
  if (data[at] === 48) at++
  else if ((at = digitsEnd(data, at)) < 0) return at
  if (data[at] === 46 && (at = digitsEnd(data, at + 1)) < 0) return at
  if (data[at] === 101 || data[at] === 69) {
    at++
    if (data[at] === 45 || data[at] === 43) at++
    at = digitsEnd(data, at)
  }
  return at
}

/** At least one digit. */
function digitsEnd(data: Uint8Array, at: number): number {
  const start = at
  while (data[at] >= 48 && data[at] <= 57) at++
  return at === start ? -at : at
}

const literals = ['true', 'false', 'null'].map((word) => Buffer.from(word))

function literalEnd(data: Uint8Array, at: number): number {
  for (const word of literals) {
    let i = 0
    while (i < word.length && data[at + i] === word[i]) i++
    if (i === word.length) return at + i
  }
  return -at
}

/** Types and values are walked by calls within calls, as deep as they are nested. */
const maxNesting = 64
const tooDeep = Number.NEGATIVE_INFINITY

function nestedEnd(data: Uint8Array, at: number): number {
  for (let depth = 0; ; at++) {
    const byte = data[at]
    if (byte === newline) return -at
    if (byte === quote) {
      at = stringEnd(data, at + 1)
      if (at < 0) return at
    } else if (byte === openBrace || byte === 91) {
      if (++depth > maxNesting) return tooDeep
    } else if ((byte === closeBrace || byte === 93) && --depth === 0) return at + 1
  }
}

function describeByte(data: Uint8Array, at: number): string {
  const byte = data[at]
  if (byte === newline) return 'the end of the line'
  return byte > 32 && byte < 127 ? `'${String.fromCharCode(byte)}'` : `the byte 0x${byte.toString(16).padStart(2, '0')}`
}
