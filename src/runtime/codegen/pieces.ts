import type { Schema } from '../../data/type.ts'
import type { Expr } from '../../ir/expr.ts'
import type { SegmentStep } from '../../ir/physical.ts'
import { lowerBytes, upperBytes } from '../kernels/bytes.ts'
import type { PiecePlace } from '../operator.ts'
import { type BytesCode, bytesOf } from './code.ts'
import type { Emitter } from './emitter.ts'
import type { ExpressionScope } from './expression.ts'
import type { Slot } from './slot.ts'
import { flushNow, growBytes, type Store } from './store.ts'
import { splitParts, splitSeparator } from './unnest.ts'

type UnnestStep = Extract<SegmentStep, { step: 'unnest' }>

/** Does a segment end in such pieces? */
export function endsInPieces(steps: readonly SegmentStep[], fields: Schema, inputColumns: number): boolean {
  let columns = inputColumns
  for (const [i, step] of steps.entries()) {
    if (isPieces(steps.slice(i), fields, columns)) return true
    if (step.step === 'project') columns = step.exprs.length
    else if (step.step === 'parallelDo') columns = step.output.fields.length
    else if (step.step === 'unnest') columns += step.ordinalName === undefined ? 1 : 2
  }
  return false
}

/** Is this an unnest of `split(text, one byte)` at the end of a segment, of which only the item is kept? */
export function isPieces(steps: readonly SegmentStep[], fields: Schema, columns: number): boolean {
  const [unnest, ...others] = steps
  if (unnest.step !== 'unnest' || unnest.outer || fields.length !== 1) return false
  const separator = splitSeparator(unnest.expr)
  if (separator === undefined || Buffer.byteLength(separator) !== 1) return false
  let item = columns
  for (const step of others) {
    if (step.step !== 'project' || step.exprs.length !== 1) return false
    const { expr } = step.exprs[0]
    if (expr.e !== 'column' || expr.column !== item) return false
    item = 0
  }
  return others.length > 0 || columns === 0
}

/**
 * Words of a text straight into the output column, in one pass over its bytes; many rows at once where the text is a column without nulls
 * (`isDirect`) and nothing stands between it and the split.
 */
export function compilePieces(
  em: Emitter,
  step: UnnestStep,
  scope: ExpressionScope,
  store: Store,
  isDirect: (slot: Slot) => boolean,
): void {
  const { text, table } = mappedText(step.expr)
  const slot = text.e === 'column' ? scope.row[text.column] : undefined
  if (store.numbered !== undefined) {
    if (slot === undefined || table !== undefined || !isDirect(slot)) return compileOnePiece(em, step, scope, store)
    const column = em.hoist('c', `cols[${slot.source}]`)
    const offsets = em.hoist('f', `${column}.offsets`)
    return numbersLoop(em, em.hoist('d', `plainBytes(${column}.data)`), offsets, 'row', 'to', separatorByte(step.expr), store)
  }
  if (slot !== undefined && isDirect(slot)) {
    const column = em.hoist('c', `cols[${slot.source}]`)
    const offsets = em.hoist('f', `${column}.offsets`)
    const data = em.hoist('d', `plainBytes(${column}.data)`)
    growBytes(
      em,
      0,
      `Math.min(${offsets}[to] - ${offsets}[row] + 1, Math.max(${offsets}[row + 1] - ${offsets}[row] + 1, 4 * (limit - n)))`,
    )
    const input = `${data}, ${offsets}, row, to, ${separatorByte(step.expr)}, ${em.constant(table)}`
    const stop = em.define('i', `${em.constant(splitRows)}(${input}, q0, o0, n, limit, byteLimit)`)
    em.block(`if (${stop} > row)`, () => em.line(`row = ${stop} - 1; n = ${em.constant(made)}[0]; a0 = o0[n]; continue`))
  }
  compileOnePiece(em, step, scope, store)
}

/** The text that is split and what its bytes are mapped by before: for ASCII, another case is a table. */
function mappedText(expr: Expr): { text: Expr; table: Uint8Array | undefined } {
  const [text] = expr.e === 'call' ? expr.args : []
  if (text.e !== 'call' || (text.fn !== 'lower' && text.fn !== 'upper')) return { text, table: undefined }
  return { text: text.args[0], table: text.fn === 'lower' ? lowerBytes : upperBytes }
}

const separatorByte = (expr: Expr): number => Buffer.from(splitSeparator(expr) as string)[0]

function compileOnePiece(em: Emitter, step: UnnestStep, scope: ExpressionScope, store: Store): void {
  const parts = splitParts(em, step.expr, scope)
  if (parts.text.isNull === 'true') return
  em.block(parts.text.isNull === 'false' ? '' : `if (!${parts.text.isNull})`, () =>
    store.numbered === undefined
      ? piecesLoop(em, bytesOf(em, parts.text), separatorByte(step.expr), store)
      : numbersOfOne(em, bytesOf(em, parts.text), separatorByte(step.expr), store),
  )
}

/** The numbers of the pieces of texts; once the output was full, of no more than the text at hand. */
function numbersLoop(em: Emitter, data: string, offsets: string, row: string, to: string, separator: number, store: Store): void {
  const place = em.constant(piecePlace)
  const last = em.name('i')
  em.line(`${place}.row = ${row}; ${place}.at = ${offsets}[${row}]`)
  em.line(`let ${last} = ${to}`)
  em.block('for (;;)', () => {
    em.line(`n = g0.numberPieces(${data}, ${offsets}, ${place}, ${last}, ${separator}, o0, n, limit)`)
    em.line(`if (${place}.row === ${last}) break`)
    em.line(`${last} = ${place}.row + 1`)
    flushNow(em, store)
  })
  if (row === 'row') em.line(`row = ${last} - 1`)
}

/** Where numbering pieces stands, within one loop. */
const piecePlace: PiecePlace = { row: 0, at: 0 }

/** One text as if it were a column. */
const oneText = new Int32Array(2)

function numbersOfOne(em: Emitter, { data, start, end }: BytesCode, separator: number, store: Store): void {
  const offsets = em.constant(oneText)
  em.line(`${offsets}[0] = ${start}; ${offsets}[1] = ${end}`)
  numbersLoop(em, data, offsets, '0', '1', separator, store)
}

/** The pieces of one text, with room looked for at every end of a row. */
function piecesLoop(em: Emitter, text: BytesCode, separator: number, store: Store): void {
  const byte = em.name('y')
  const place = em.name('p')
  growBytes(em, 0, `${text.end} - ${text.start}`)
  em.block(`for (let ${place} = ${text.start}; ${place} < ${text.end}; ${place}++)`, () => {
    em.line(`const ${byte} = ${text.data}[${place}]`)
    em.line(`if (${byte} !== ${separator}) q0[a0++] = ${byte}`)
    em.block('else', () => {
      em.line('o0[++n] = a0')
      em.block('if (n === limit)', () => {
        flushNow(em, store)
        growBytes(em, 0, `${text.end} - ${place}`)
      })
    })
  })
  em.line('o0[++n] = a0')
}

/** Number of rows after `splitRows`, which gives the row where it stopped. */
const made = new Int32Array(1)

/**
 * Splits texts `row .. to` at a byte, in `table` after each byte was put through it. Stops before a text for which there may be too little
 * room, or which is not ASCII where there is a table.
 *
 * Every byte is written, and at a separator it is the end of the row that moves instead of the place: no branch depends on a byte. 1.9 ns a
 * byte, against 2.8 with a branch (words of five letters). The loops are written out for two bytes at once, which by itself gains nothing:
 * it keeps V8 from inlining the function (460 bytes of bytecode) into a generated loop, where it is half as fast.
 */
function splitRows(
  data: Uint8Array,
  offsets: Int32Array,
  row: number,
  to: number,
  separator: number,
  table: Uint8Array | undefined,
  target: Uint8Array,
  ends: Int32Array,
  rows: number,
  rowLimit: number,
  byteLimit: number,
): number {
  let at = ends[rows]
  let start = offsets[row]
  for (; row < to; row++) {
    const end = offsets[row + 1]
    const size = end - start
    if (rows + size >= rowLimit || at + size >= target.length || at >= byteLimit) break
    const firstRow = rows
    let all = 0
    let i = start
    if (table === undefined) {
      for (const last = end - 1; i < last; i += 2) {
        const first = data[i]
        target[at] = first
        const isEnd = ((first ^ separator) - 1) >>> 31
        at = (at + 1 - isEnd) | 0
        ends[rows + 1] = at
        rows = (rows + isEnd) | 0
        const second = data[i + 1]
        target[at] = second
        const isNextEnd = ((second ^ separator) - 1) >>> 31
        at = (at + 1 - isNextEnd) | 0
        ends[rows + 1] = at
        rows = (rows + isNextEnd) | 0
      }
    } else {
      for (const last = end - 1; i < last; i += 2) {
        all |= data[i] | data[i + 1]
        const first = table[data[i]]
        target[at] = first
        const isEnd = ((first ^ separator) - 1) >>> 31
        at = (at + 1 - isEnd) | 0
        ends[rows + 1] = at
        rows = (rows + isEnd) | 0
        const second = table[data[i + 1]]
        target[at] = second
        const isNextEnd = ((second ^ separator) - 1) >>> 31
        at = (at + 1 - isNextEnd) | 0
        ends[rows + 1] = at
        rows = (rows + isNextEnd) | 0
      }
    }
    if (i < end) {
      const byte = table === undefined ? data[i] : table[data[i]]
      if (table !== undefined) all |= data[i]
      if (byte === separator) {
        rows++
        ends[rows] = at
      } else target[at++] = byte
    }
    if (all > 127) {
      rows = firstRow
      break
    }
    rows++
    ends[rows] = at
    start = end
  }
  made[0] = rows
  return row
}
