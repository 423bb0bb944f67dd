import type { Type } from '../../data/type.ts'
import { type Code, plain } from './code.ts'
import type { ColumnShape } from './column-shape.ts'
import type { Emitter } from './emitter.ts'

/** A column of a step's input row: its code is loaded when an expression first asks for it. */
export interface Slot {
  readonly type: Type
  readonly load: (em: Emitter) => Code
  /** Number of the input column that it is, unchanged. */
  readonly source?: number
  /** In a dictionary: the code in place of the value, and is the row null? */
  readonly code?: (em: Emitter) => { value: string; isNull: string }
}

export const fixedSlot = (code: Code): Slot => ({ type: code.type, load: () => code })

/** The slot of row `index` of the column that generated code reaches by `path`. */
export function columnSlot(shape: ColumnShape, path: string, index: string, source?: number): Slot {
  return {
    type: shape.type,
    source,
    load: (em) => em.memo(`load ${path} ${index}`, () => load(em, shape, path, index)),
    code: shape.store === 'dictionary' ? (em) => codeOf(em, shape, path, index) : undefined,
  }
}

const nullOf = (em: Emitter, shape: ColumnShape, column: string, index: string): string =>
  shape.nulls ? em.define('n', `(${em.hoist('z', `${column}.nulls`)}[${index} >> 3] & (1 << (${index} & 7))) === 0`) : 'false'

function codeOf(em: Emitter, shape: ColumnShape, path: string, index: string): { value: string; isNull: string } {
  const column = em.hoist('c', path)
  const isNull = nullOf(em, shape, column, index)
  return { value: `${em.hoist('x', `${column}.codes`)}[${index}]`, isNull }
}

function load(em: Emitter, shape: ColumnShape, path: string, index: string): Code {
  const column = em.hoist('c', path)
  const isNull = nullOf(em, shape, column, index)
  const { type } = shape
  switch (shape.store) {
    case 'lane': {
      const lane = `${em.hoist('x', `${column}.values`)}[${index}]`
      const value = type.kind === 'bool' ? `${lane} !== 0` : shape.wide ? `int64Value(${lane})` : lane
      return plain(type, em.define('v', value), isNull, shape.wide)
    }
    case 'bytes': {
      const offsets = em.hoist('f', `${column}.offsets`)
      const data = em.hoist('d', `plainBytes(${column}.data)`)
      const start = em.define('s', `${offsets}[${index}]`)
      const end = em.define('e', `${offsets}[${index} + 1]`)
      return { type, isNull, rep: 'bytes', data, start, end, buffer: em.hoist('u', `bufferOf(${column}.data)`) }
    }
    case 'dictionary': {
      const code = em.define('i', `${em.hoist('x', `${column}.codes`)}[${index}]`)
      const inner = columnSlot(shape.inner[0], `${path}.values`, code).load(em)
      if (isNull === 'false') return inner
      return { ...inner, isNull: inner.isNull === 'false' ? isNull : em.define('n', `${isNull} || ${inner.isNull}`) }
    }
    case 'js':
      return plain(type, em.define('v', `${em.hoist('x', `${column}.values`)}[${index}]`), isNull, false)
    case 'list':
    case 'struct':
      return { type, isNull, rep: 'cell', shape, path, index }
  }
}
