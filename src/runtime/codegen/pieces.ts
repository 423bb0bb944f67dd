import type { Schema } from '../../data/type.ts'
import type { SegmentStep } from '../../ir/physical.ts'
import { bytesOf } from './code.ts'
import type { Emitter } from './emitter.ts'
import type { ExpressionScope } from './expression.ts'
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
 * Words of a text straight into the output column, in one pass over its bytes: every byte is written, and separators move the end of
 * the row instead of the place in the data. Without a branch a byte: 1.7 ns against 2.8 with one (words of five letters).
 */
export function compilePieces(em: Emitter, step: UnnestStep, scope: ExpressionScope, store: Store): void {
  const parts = splitParts(em, step.expr, scope)
  if (parts.text.isNull === 'true') return
  em.block(parts.text.isNull === 'false' ? '' : `if (!${parts.text.isNull})`, () => {
    const text = bytesOf(em, parts.text)
    const place = em.name('p')
    const stop = em.name('p')
    const byte = em.name('y')
    em.line(`let ${place} = ${text.start}`)
    em.block('for (;;)', () => {
      growBytes(em, 0, `${text.end} - ${place} + 1`)
      // Each byte ends at most one row, and a row must be left for the last piece. A long text is cut where rows run out.
      em.line(`const ${stop} = Math.min(${text.end}, ${place} + limit - n - 1)`)
      em.block(`for (; ${place} < ${stop}; ${place}++)`, () => {
        em.line(`const ${byte} = ${text.data}[${place}]`)
        em.line(`q0[a0] = ${byte}`)
        em.line('a0 = (a0 + 1) | 0')
        em.line(`const z = ((${byte} ^ ${parts.byte}) - 1) >>> 31`)
        em.line('a0 = (a0 - z) | 0')
        em.line('o0[n + 1] = a0')
        em.line('n = (n + z) | 0')
      })
      em.line(`if (${place} === ${text.end}) break`)
      em.block('if (n === limit - 1)', () => {
        // The beginning of a piece is in the data already: it is taken back and read again after the flush.
        em.line(`${place} -= a0 - o0[n]; a0 = o0[n]`)
        flushNow(em, store)
      })
    })
    em.line('n = n + 1')
    em.line('o0[n] = a0')
  })
}
