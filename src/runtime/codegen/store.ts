import type { Schema, Type } from '../../data/type.ts'
import { bytesOf, type Code, isText, mayBeWide, plainOf } from './code.ts'
import type { Emitter } from './emitter.ts'
import type { Slot } from './slot.ts'

type TextCode = Extract<Code, { rep: 'text' }>

/** The text around the loop that keeps the builders' arrays in variables. */
export interface Store {
  /** Declarations before the loop. */
  readonly open: string[]
  /** Reads the arrays again, after a flush. */
  readonly reload: string[]
  /** Encodes the texts of the rows so far. */
  readonly encode: string[]
  /** Writes counters back. */
  readonly save: readonly string[]
  /** Conditions under which a column has few enough bytes to go on. */
  readonly room: readonly string[]
  /** The column whose texts are numbered. */
  readonly numbered: number | undefined
  /** Columns that are codes of the input. */
  readonly passed: readonly boolean[]
}

/**
 * Variables of output column `i`: builder `b`, lane, offsets or codes `o`, data `q`, place in data `a`, is the lane a BigInt64Array `w`, the
 * table that gives numbers to texts `g`.
 */
export function storeOf(fields: Schema, weighted: boolean, numbered: number | undefined, passed: readonly boolean[]): Store {
  const open = ['let n = out.rows']
  const reload = ['n = 0']
  const encode: string[] = []
  const save = ['out.rows = n']
  const room: string[] = []
  fields.forEach(({ type }, i) => {
    open.push(`const b${i} = out.builders[${i}]`)
    if (i === numbered) {
      open.push(`const g${i} = b${i}.texts`, `let o${i} = b${i}.codes`)
      reload.push(`o${i} = b${i}.codes`)
      save.push(`b${i}.length = n`)
      room.push(`b${i}.newBytes < byteLimit`)
    } else if (passed[i]) {
      open.push(`let o${i} = b${i}.codes`)
      reload.push(`o${i} = b${i}.codes`)
      save.push(`b${i}.length = n`)
    } else if (isText(type)) {
      open.push(`let o${i} = b${i}.offsets, q${i} = b${i}.data, a${i} = b${i}.dataLength`)
      reload.push(`o${i} = b${i}.offsets; q${i} = b${i}.data; a${i} = 0`)
      save.push(`b${i}.length = n; b${i}.dataLength = a${i}`)
      room.push(`a${i} < byteLimit`)
    } else if (mayBeWide(type)) {
      // A lane that has turned into a BigInt64Array is written through the builder, so that the variable sees one class.
      open.push(`let w${i} = b${i}.values instanceof BigInt64Array, o${i} = w${i} ? noLane : b${i}.values`)
      reload.push(`w${i} = false; o${i} = b${i}.values`)
      save.push(`b${i}.length = n`)
    } else if (isLane(type)) {
      open.push(`let o${i} = b${i}.values`)
      reload.push(`o${i} = b${i}.values`)
      save.push(`b${i}.length = n`)
    }
  })
  if (weighted) {
    open.push('let w = out.weights')
    reload.push('w = out.weights')
  }
  return { open, reload, encode, save, room, numbered, passed }
}

const isLane = (type: Type): boolean => type.kind === 'bool' || type.kind === 'float64' || type.kind === 'date'

/** What decides how a row is written. */
export interface EmitOptions {
  /** A row of input can make several: each looks for room first. */
  many: boolean
  weighted: boolean
  /** A bad text fails at once, before anything of its row is stored, and not when all texts are encoded. */
  checksTexts: boolean
  /** Tells who is to blame for a bad text. */
  site: number
}

/** Writes one output row. */
export function emitRow(em: Emitter, slots: readonly Slot[], fields: Schema, store: Store, options: EmitOptions): void {
  const { many, weighted, checksTexts, site } = options
  // All values are computed before the first is stored, so that an error or a flush never leaves half a row.
  const codes = slots.map((slot, i) => (store.passed[i] ? undefined : slot.load(em)))
  const isGathered = (i: number): boolean => i !== store.numbered && codes[i]?.rep === 'text' && fields[i].type.kind === 'string'
  for (const [i, code] of codes.entries()) {
    if (isGathered(i)) {
      gatherTexts(i, store, site)
      const { text } = code as TextCode
      if (checksTexts) em.line(`if (!${text}.isWellFormed()) { site = ${site}; throw notWellFormed() }`)
    } else if (checksTexts && i === store.numbered) bytesOf(em, code as Code)
  }
  if (many) flushWhenFull(em, store)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]
    if (code === undefined) storeCode(em, slots[i], i)
    else if (i === store.numbered) storeNumber(em, code, i)
    else if (isGathered(i)) storeText(em, code as TextCode, i)
    else storeValue(em, code, fields[i].type, i)
  }
  if (store.encode.length > 0) em.line('source[n] = row')
  if (weighted) em.line('w[n] = weight')
  em.line('n++')
}

function flushWhenFull(em: Emitter, store: Store): void {
  em.block(`if (${['n === limit', ...store.room.map((room) => `!(${room})`)].join(' || ')})`, () => flushNow(em, store))
}

export function flushNow(em: Emitter, store: Store): void {
  for (const line of store.encode) em.line(line)
  for (const line of store.save) em.line(line)
  em.line('out.flush()')
  for (const line of store.reload) em.line(line)
  em.line('go = false')
}

function storeValue(em: Emitter, code: Code, type: Type, i: number): void {
  if (code.isNull === 'false') return storeValid(em, code, type, i)
  const storeNull = isText(type)
    ? `b${i}.markNull(n); o${i}[n + 1] = a${i}`
    : isLane(type) || mayBeWide(type)
      ? nullLane(type, i)
      : `b${i}.appendNull()`
  if (code.isNull === 'true') return em.line(storeNull)
  em.block(`if (${code.isNull})`, () => em.line(storeNull))
  em.block('else', () => storeValid(em, code, type, i))
}

// The slot under a null is 0, also in arrays that are used again.
const nullLane = (type: Type, i: number): string => {
  const mark = `b${i}.markNull(n); o${i}[n] = 0`
  return mayBeWide(type) ? `if (w${i}) { b${i}.length = n; b${i}.appendNull() } else { ${mark} }` : mark
}

function storeValid(em: Emitter, code: Code, type: Type, i: number): void {
  if (isText(type)) return storeBytes(em, code, i)
  if (code.rep === 'cell') return em.line(`b${i}.appendFrom(${em.hoist('c', code.path)}, ${code.index})`)
  const value = code.rep === 'plain' ? code.value : plainOf(em, code)
  if (isLane(type)) return em.line(`o${i}[n] = ${type.kind === 'bool' ? `${value} ? 1 : 0` : value}`)
  if (!mayBeWide(type)) return em.line(`b${i}.${type.kind === 'js' ? 'append' : 'appendValue'}(${value})`)
  const isWide = code.rep === 'plain' && !code.wide ? `w${i}` : `w${i} || typeof ${value} !== 'number'`
  em.block(`if (${isWide})`, () => {
    em.line(`b${i}.length = n; b${i}.append(${value})`)
    em.line(`if (b${i}.values instanceof BigInt64Array) { w${i} = true; o${i} = noLane }`)
  })
  em.line(`else o${i}[n] = ${value}`)
}

/** The code of a text that is passed on. */
function storeCode(em: Emitter, slot: Slot, i: number): void {
  const { value, isNull } = (slot.code as NonNullable<Slot['code']>)(em)
  const store = `o${i}[n] = ${value}`
  em.line(isNull === 'false' ? store : `if (${isNull}) { b${i}.markNull(n); o${i}[n] = 0 } else ${store}`)
}

function storeNumber(em: Emitter, code: Code, i: number): void {
  const { data, start, end } = bytesOf(em, code)
  const number = `o${i}[n] = g${i}.number(${data}, ${start}, ${end})`
  em.line(code.isNull === 'false' ? number : `if (${code.isNull}) { b${i}.markNull(n); o${i}[n] = 0 } else ${number}`)
}

/** Has the texts of a column gathered, and encoded together when the loop ends; until then places count characters. */
function gatherTexts(i: number, store: Store, site: number): void {
  if (store.encode.length === 0) store.open.push('const source = out.source')
  store.open.push(`let texts${i} = [], first${i} = n`)
  store.reload.push(`first${i} = 0`)
  store.encode.push(
    `a${i} = encodeTexts(b${i}, texts${i}, first${i}, n)`,
    `if (a${i} < 0) { row = source[first${i} - 1 - a${i}]; site = ${site}; throw notWellFormed() }`,
    `b${i}.dataLength = a${i}; texts${i} = []; first${i} = n`,
  )
}

function storeText(em: Emitter, { text, isNull }: TextCode, i: number): void {
  em.line(`texts${i}.push(${text})`)
  if (isNull === 'true') em.line(`b${i}.markNull(n)`)
  else if (isNull === 'false') em.line(`a${i} += ${text}.length`)
  else em.line(`if (${isNull}) b${i}.markNull(n); else a${i} += ${text}.length`)
  em.line(`o${i}[n + 1] = a${i}`)
}

function storeBytes(em: Emitter, code: Code, i: number): void {
  const { data, start, end } = bytesOf(em, code)
  growBytes(em, i, `${end} - ${start}`)
  em.line(`a${i} = copyBytes(q${i}, a${i}, ${data}, ${start}, ${end})`)
  em.line(`o${i}[n + 1] = a${i}`)
}

/** Makes room for more bytes in output column `i`. */
export function growBytes(em: Emitter, i: number, bytes: string): void {
  em.line(`if (a${i} + ${bytes} > q${i}.length) { b${i}.dataLength = a${i}; b${i}.reserveBytes(${bytes}); q${i} = b${i}.data }`)
}
