import type { Type, Value } from '../../data/type.ts'
import type { ColumnShape } from './column-shape.ts'
import type { Emitter } from './emitter.ts'

/**
 * A value as generated code holds it: names of variables. `isNull` is `'true'`, `'false'` or a boolean variable; under a null the others
 * hold anything of their kind, so that no representation changes where values join.
 *
 * - plain: one variable in the plain form of the type; with `wide` an int64 may be a bigint.
 * - bytes: string or bytes as `data[start .. end)`; `buffer` is a Buffer over the same memory, for decoding.
 * - text: a JavaScript string.
 * - cell: row `index` of a column, decoded when it is needed.
 */
export type Code = { readonly type: Type; readonly isNull: string } & (
  | { readonly rep: 'plain'; readonly value: string; readonly wide: boolean }
  | {
      readonly rep: 'bytes'
      readonly data: string
      readonly start: string
      readonly end: string
      readonly buffer: string
      readonly constant?: string
    }
  | { readonly rep: 'text'; readonly text: string }
  | { readonly rep: 'cell'; readonly shape: ColumnShape; readonly path: string; readonly index: string }
)
export type BytesCode = Extract<Code, { rep: 'bytes' }>
export type PlainCode = Extract<Code, { rep: 'plain' }>

const encoder = new TextEncoder()
const emptyBytes = new Uint8Array(0)
const emptyBuffer = Buffer.alloc(0)

/** Is the type kept as bytes in columns? */
export function isText(type: Type): boolean {
  return type.kind === 'string' || type.kind === 'bytes'
}

/** May a value of this type be a bigint? */
export function mayBeWide(type: Type): boolean {
  return type.kind === 'int64' || type.kind === 'timestamp'
}

/** What stands under a null of this type. */
export function blankOf(type: Type): string {
  return type.kind === 'bool'
    ? 'false'
    : isText(type)
      ? "''"
      : type.kind === 'array' || type.kind === 'struct' || type.kind === 'js'
        ? 'null'
        : '0'
}

export function plain(type: Type, value: string, isNull = 'false', wide = mayBeWide(type)): Code {
  return { type, isNull, rep: 'plain', value, wide }
}

export function nullCode(em: Emitter, type: Type): Code {
  if (!isText(type)) return plain(type, blankOf(type), 'true', false)
  return emptyCode(em, type, 'true')
}

/** No bytes at all. */
export function emptyCode(em: Emitter, type: Type, isNull = 'false'): BytesCode {
  return { type, isNull, rep: 'bytes', data: em.constant(emptyBytes), start: '0', end: '0', buffer: em.constant(emptyBuffer) }
}

export function constantCode(em: Emitter, type: Type, value: Value): Code {
  if (value === null) return nullCode(em, type)
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const bytes = typeof value === 'string' ? encoder.encode(value) : value
    const data = em.constant(bytes)
    const buffer = em.constant(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    return {
      type,
      isNull: 'false',
      rep: 'bytes',
      data,
      start: '0',
      end: `${bytes.length}`,
      buffer,
      constant: typeof value === 'string' ? value : undefined,
    }
  }
  return plain(type, em.constant(value), 'false', typeof value === 'bigint')
}

/** `a || b || …` over null flags, folded. */
export function anyNull(codes: readonly Code[]): string {
  const flags = new Set(codes.map((code) => code.isNull))
  flags.delete('false')
  if (flags.has('true')) return 'true'
  return flags.size === 0 ? 'false' : flags.size === 1 ? [...flags][0] : `(${[...flags].join(' || ')})`
}

/** The value as a JavaScript string expression; under a null it is ''. */
export function textOf(em: Emitter, code: Code): string {
  if (code.rep === 'text') return code.text
  if (code.rep === 'plain') return code.value
  if (code.rep === 'cell') return plainOf(em, code)
  if (code.constant !== undefined) return em.constant(code.constant)
  return em.memo(`text ${code.data} ${code.start} ${code.end}`, () => {
    const text = `textOf(${code.buffer}, ${code.start}, ${code.end})`
    return em.define('t', code.isNull === 'false' ? text : `${code.isNull} ? '' : ${text}`)
  })
}

/** The value as bytes; text is encoded into the scratch area of the row. */
export function bytesOf(em: Emitter, code: Code): BytesCode {
  if (code.rep === 'bytes') return code
  if (code.type.kind === 'bytes') {
    const value = code.rep === 'text' ? code.text : code.rep === 'plain' ? code.value : plainOf(em, code)
    const data = em.define('d', `${value} || ${em.constant(emptyBytes)}`)
    return {
      type: code.type,
      isNull: code.isNull,
      rep: 'bytes',
      data,
      start: '0',
      end: `${data}.length`,
      buffer: em.define('u', `bufferOf(${data})`),
    }
  }
  const text = textOf(em, code)
  return em.memo(`bytes ${text}`, () => {
    const start = em.define('s', 'scratch.at')
    em.line(`scratch.putText(${code.isNull === 'false' ? text : `${code.isNull} ? '' : ${text}`})`)
    return scratchBytes(em, code.type, code.isNull, start)
  })
}

/** What was put into the scratch area since `start`. */
export function scratchBytes(em: Emitter, type: Type, isNull: string, start: string): BytesCode {
  const end = em.define('e', 'scratch.at')
  return {
    type,
    isNull,
    rep: 'bytes',
    data: em.define('d', 'scratch.data'),
    start,
    end,
    buffer: em.define('u', 'scratch.buffer'),
  }
}

/** The value in its plain form, null included: what `evaluate` takes. */
export function plainOf(em: Emitter, code: Code): string {
  if (code.isNull === 'true') return 'null'
  const or = (value: string): string => (code.isNull === 'false' ? value : `(${code.isNull} ? null : ${value})`)
  switch (code.rep) {
    case 'plain':
      return or(code.value)
    case 'text':
      return or(code.text)
    case 'bytes':
      if (code.type.kind === 'string') return or(textOf(em, code))
      return or(`${code.data}.slice(${code.start}, ${code.end})`)
    case 'cell':
      return em.memo(`cell ${code.path} ${code.index}`, () =>
        em.define('v', `valueAt(${em.hoist('c', code.path)}, ${code.index})`),
      )
  }
}

/** The code of a variable that holds a plain value or null. */
export function fromValue(em: Emitter, type: Type, value: string, nullable = true): Code {
  const isNull = nullable ? em.define('n', `${value} === null`) : 'false'
  if (type.kind === 'string')
    return { type, isNull, rep: 'text', text: nullable ? em.define('t', `${isNull} ? '' : ${value}`) : value }
  if (type.kind === 'bytes') return { type, isNull, rep: 'text', text: value }
  if (!nullable) return plain(type, value)
  return plain(type, em.define('v', `${isNull} ? ${blankOf(type)} : ${value}`), isNull)
}
