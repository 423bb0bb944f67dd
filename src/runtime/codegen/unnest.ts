import { types } from '../../data/type.ts'
import type { Expr } from '../../ir/expr.ts'
import type { SegmentStep } from '../../ir/physical.ts'
import { findBytes } from '../kernels/bytes.ts'
import { bytesOf, type Code, fromValue, plain, plainOf } from './code.ts'
import type { Emitter } from './emitter.ts'
import { compileExpr, type ExpressionScope } from './expression.ts'
import { columnSlot, fixedSlot, type Slot } from './slot.ts'

type UnnestStep = Extract<SegmentStep, { step: 'unnest' }>

/** Writes the loop over the items of an array; `rest` writes what happens with the row that an item makes. */
export function compileUnnest(em: Emitter, step: UnnestStep, scope: ExpressionScope, rest: (row: readonly Slot[]) => void): void {
  const add = (item: Slot, ordinal: Code): void =>
    rest(step.ordinalName === undefined ? [...scope.row, item] : [...scope.row, item, fixedSlot(ordinal)])
  if (splitSeparator(step.expr) !== undefined && !step.outer) return overPieces(em, step, scope, add)
  const array = compileExpr(em, step.expr, scope)
  const isList = array.rep === 'cell' && array.shape.store === 'list'
  const first = em.name('s')
  const count = em.name('m')
  let itemAt: (place: string) => Slot
  if (isList) {
    const offsets = em.hoist('f', `${em.hoist('c', array.path)}.offsets`)
    em.line(
      `const ${first} = ${offsets}[${array.index}], ${count} = ${array.isNull} ? 0 : ${offsets}[${array.index} + 1] - ${first}`,
    )
    itemAt = (place) => columnSlot(array.shape.inner[0], `${array.path}.items`, place)
  } else {
    const items = em.define('r', plainOf(em, array))
    em.line(`const ${first} = 0, ${count} = ${items} === null ? 0 : ${items}.length`)
    itemAt = (place) => fixedSlot(fromValue(em, step.itemType, em.define('r', `${items}[${place}]`)))
  }
  const place = em.name('i')
  // `outer` goes round once for a row without items; its item and its ordinal are null.
  const rounds = step.outer ? `(${count} || 1)` : count
  em.block(`for (let ${place} = 0; ${place} < ${rounds}; ${place}++)`, () => {
    if (!step.outer) return add(itemAt(em.define('i', `${first} + ${place}`)), plain(types.int64, place, 'false', false))
    const none = em.define('n', `${count} === 0`)
    // Where there is no item, reading stays inside the arrays and its value does not matter.
    const value = em.name('r')
    em.line(`let ${value} = null`)
    em.block(`if (!${none})`, () => {
      const code = itemAt(em.define('i', `${first} + ${place}`)).load(em)
      em.line(`${value} = ${plainOf(em, code)}`)
    })
    add(fixedSlot(fromValue(em, step.itemType, value)), plain(types.int64, place, none, false))
  })
}

/** The constant separator of `split(text, separator)`; undefined for other expressions. */
export function splitSeparator(expr: Expr): string | undefined {
  if (expr.e !== 'call' || expr.fn !== 'split' || expr.args.length !== 2) return undefined
  const [text, separator] = expr.args
  if (text.type.kind !== 'string' || separator.e !== 'constant' || typeof separator.value !== 'string') return undefined
  return separator.value === '' ? undefined : separator.value
}

/** The text of a `split` as bytes, and the one byte of its separator when it has one. */
export function splitParts(
  em: Emitter,
  expr: Expr,
  scope: ExpressionScope,
): { text: Code; separator: Code; byte: number | undefined } {
  const [text, separator] = expr.e === 'call' ? expr.args : []
  const bytes = Buffer.from(splitSeparator(expr) as string)
  return {
    text: compileExpr(em, text, scope),
    separator: compileExpr(em, separator, scope),
    byte: bytes.length === 1 ? bytes[0] : undefined,
  }
}

/** The pieces of a split text one by one, as places in the text: no array is made. */
function overPieces(em: Emitter, step: UnnestStep, scope: ExpressionScope, add: (item: Slot, ordinal: Code) => void): void {
  const parts = splitParts(em, step.expr, scope)
  if (parts.text.isNull === 'true') return
  const loop = (): void => {
    const text = bytesOf(em, parts.text)
    const separator = bytesOf(em, parts.separator)
    const start = em.name('p')
    const end = em.name('p')
    const ordinal = em.name('m')
    em.line(`let ${start} = ${text.start}, ${ordinal} = 0`)
    em.block('for (;;)', () => {
      if (parts.byte !== undefined) {
        em.line(`let ${end} = ${start}`)
        em.line(`while (${end} < ${text.end} && ${text.data}[${end}] !== ${parts.byte}) ${end}++`)
      } else {
        const found = em.define(
          'y',
          `${em.constant(findBytes)}(${text.data}, ${start}, ${text.end}, ${separator.data}, 0, ${separator.end})`,
        )
        em.line(`const ${end} = ${found} < 0 ? ${text.end} : ${found}`)
      }
      // What filters and stores leave by is a nested block, never `continue`, so that the loop always goes on here.
      add(fixedSlot({ ...text, isNull: 'false', start, end, constant: undefined }), plain(types.int64, ordinal, 'false', false))
      em.line(`if (${end} >= ${text.end}) break`)
      em.line(`${start} = ${end} + ${parts.byte !== undefined ? 1 : separator.end}; ${ordinal}++`)
    })
  }
  if (parts.text.isNull === 'false') em.block('', loop)
  else em.block(`if (!${parts.text.isNull})`, loop)
}
