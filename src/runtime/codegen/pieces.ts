import type { Schema } from '../../data/type.ts'
import type { Expr } from '../../ir/expr.ts'
import type { SegmentStep } from '../../ir/physical.ts'
import { lowerBytes, upperBytes } from '../kernels/bytes.ts'
import { type BytesCode, bytesOf } from './code.ts'
import type { Emitter } from './emitter.ts'
import type { ExpressionScope } from './expression.ts'
import type { Slot } from './slot.ts'
import { flushNow, growBytes, type Store } from './store.ts'
import { splitParts, splitSeparator } from './unnest.ts'

type UnnestStep = Extract<SegmentStep, { step: 'unnest' }>

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
    piecesLoop(em, bytesOf(em, parts.text), separatorByte(step.expr), store),
  )
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
