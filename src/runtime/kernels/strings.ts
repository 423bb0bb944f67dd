import { parseDateBytes, parseTimestampBytes } from '../../data/civil.ts'
import { maxValueBytes } from '../../ir/functions/size-limit.ts'
import { anyNull, type BytesCode, blankOf, bytesOf, type Code, nullCode, plain, scratchBytes, textOf } from '../codegen/code.ts'
import type { Emitter } from '../codegen/emitter.ts'
import { type Kernel, type KernelCall, strictBytes, strictPlain } from '../codegen/kernel.ts'
import type { Scratch } from '../codegen/support.ts'
import {
  countCodePoints,
  endsWithBytes,
  findBytes,
  lowerBytes,
  skipBack,
  skipCodePoints,
  startsWithBytes,
  upperBytes,
} from './bytes.ts'
import { callBytes } from './compare.ts'
import { plainArgs } from './numbers.ts'
import { parseDecimal, parseInteger } from './parse.ts'

const allStrings = (call: KernelCall): boolean => call.args.every((arg) => arg.type.kind === 'string')

const test =
  (fn: Function): Kernel =>
  (em, call) =>
    allStrings(call) ? strictPlain(em, call, () => callBytes(em, fn, call.args)) : undefined

const length: Kernel = (em, call) => {
  const [arg] = call.args
  if (arg.type.kind === 'bytes') return byteLength(em, call)
  return strictPlain(em, call, () => callBytes(em, countCodePoints, [arg]), false)
}

const byteLength: Kernel = (em, call) =>
  strictPlain(
    em,
    call,
    () => {
      const { start, end } = bytesOf(em, call.args[0])
      return `${end} - ${start}`
    },
    false,
  )

/** Text in another case: ASCII by a table, the rest by the Unicode mapping of JavaScript. */
const changeCase =
  (table: Uint8Array): Kernel =>
  (em, call) =>
    strictBytes(em, call, () => {
      const { data, start, end, buffer } = bytesOf(em, call.args[0])
      const from = em.define('s', 'scratch.at')
      em.line(
        `if (!${em.constant(mapAscii)}(scratch, ${data}, ${start}, ${end}, ${em.constant(table)})) scratch.putText(${call.slow}(textOf(${buffer}, ${start}, ${end})))`,
      )
      return scratchBytes(em, call.type, 'false', from)
    })

/** Puts ASCII bytes through a table; false, with nothing written, when there are others. */
function mapAscii(scratch: Scratch, data: Uint8Array, start: number, end: number, table: Uint8Array): boolean {
  scratch.reserve(end - start)
  const target = scratch.data
  let at = scratch.at
  let all = 0
  for (let i = start; i < end; i++) {
    const byte = data[i]
    all |= byte
    target[at++] = table[byte]
  }
  if (all > 127) return false
  scratch.at = at
  return true
}

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13)

function trimStart(data: Uint8Array, start: number, end: number): number {
  while (start < end && isSpace(data[start])) start++
  return start
}
function trimEnd(data: Uint8Array, start: number, end: number): number {
  while (end > start && isSpace(data[end - 1])) end--
  return end
}

/** Cuts ASCII white space; where another sign is met that is not ASCII, it may be white space too. */
/** Names for a part of a text: places of its own, in the same or in scratch bytes. */
const partOf = (em: Emitter, source: BytesCode): BytesCode => ({
  ...source,
  isNull: 'false',
  start: em.name('s'),
  end: em.name('e'),
  data: em.name('d'),
  buffer: em.name('u'),
  constant: undefined,
})

const trim =
  (atStart: boolean, atEnd: boolean): Kernel =>
  (em, call) => {
    if (call.args.length !== 1) return undefined
    return strictBytes(em, call, () => {
      const source = bytesOf(em, call.args[0])
      const result = partOf(em, source)
      em.line(`let ${result.data} = ${source.data}, ${result.buffer} = ${source.buffer}`)
      em.line(
        `let ${result.start} = ${atStart ? `${em.constant(trimStart)}(${source.data}, ${source.start}, ${source.end})` : source.start}`,
      )
      em.line(
        `let ${result.end} = ${atEnd ? `${em.constant(trimEnd)}(${source.data}, ${result.start}, ${source.end})` : source.end}`,
      )
      const doubts = [
        atStart ? `${result.data}[${result.start}] > 127` : '',
        atEnd ? `${result.data}[${result.end} - 1] > 127` : '',
      ].filter(Boolean)
      em.block(`if (${result.start} < ${result.end} && (${doubts.join(' || ')}))`, () => {
        em.line(`${result.start} = scratch.at`)
        em.line(`scratch.putText(${call.slow}(textOf(${source.buffer}, ${source.start}, ${source.end})))`)
        em.line(`${result.end} = scratch.at; ${result.data} = scratch.data; ${result.buffer} = scratch.buffer`)
      })
      return result
    })
  }

/** A part of a text as places in it. `cut` writes the places; counts that are no small numbers, or negative, are left to the evaluator. */
const part =
  (
    cut: (em: Emitter, source: BytesCode, counts: readonly string[], result: BytesCode) => void,
    valid: (counts: readonly string[]) => string,
  ): Kernel =>
  (em, call) => {
    const counts = plainArgs(call.args.slice(1))
    if (counts === undefined || call.args[0].type.kind !== 'string') return undefined
    return strictBytes(em, call, () => {
      const source = bytesOf(em, call.args[0])
      const result = partOf(em, source)
      em.line(`let ${result.data} = ${source.data}, ${result.buffer} = ${source.buffer}, ${result.start} = 0, ${result.end} = 0`)
      const values = counts.map((count) => count.value)
      em.block(`if (${[...values.map((value) => `typeof ${value} === 'number'`), valid(values)].join(' && ')})`, () =>
        cut(em, source, values, result),
      )
      em.block('else', () => {
        em.line(`${result.start} = scratch.at`)
        em.line(`scratch.putText(${call.slow}(textOf(${source.buffer}, ${source.start}, ${source.end}), ${values.join(', ')}))`)
        em.line(`${result.end} = scratch.at; ${result.data} = scratch.data; ${result.buffer} = scratch.buffer`)
      })
      return result
    })
  }

const range = (source: BytesCode): string => `${source.data}, ${source.start}, ${source.end}`

const substr = part(
  (em, source, [position, count], result) => {
    const [skip, back] = [em.constant(skipCodePoints), em.constant(skipBack)]
    em.line(
      `${result.start} = ${position} < 0 ? ${back}(${range(source)}, -${position}) : ${position} > 1 ? ${skip}(${range(source)}, ${position} - 1) : ${source.start}`,
    )
    em.line(
      `${result.end} = ${count === undefined ? source.end : `${skip}(${source.data}, ${result.start}, ${source.end}, ${count})`}`,
    )
  },
  ([, count]) => (count === undefined ? 'true' : `${count} >= 0`),
)
const left = part(
  (em, source, [count], result) => {
    em.line(`${result.start} = ${source.start}; ${result.end} = ${em.constant(skipCodePoints)}(${range(source)}, ${count})`)
  },
  ([count]) => `${count} >= 0`,
)
const right = part(
  (em, source, [count], result) => {
    em.line(`${result.start} = ${em.constant(skipBack)}(${range(source)}, ${count}); ${result.end} = ${source.end}`)
  },
  ([count]) => `${count} >= 0`,
)

const concat: Kernel = (em, call) => {
  if (!allStrings(call)) return undefined
  return strictBytes(em, call, () => {
    const parts = call.args.map((arg) => bytesOf(em, arg))
    const size = parts.map(({ start, end }) => `${end} - ${start}`).join(' + ')
    const texts = parts.map(({ buffer, start, end }) => `textOf(${buffer}, ${start}, ${end})`)
    // Evaluating it throws.
    em.line(`if (${size} > ${maxValueBytes}) ${call.slow}(${texts.join(', ')})`)
    const start = em.define('s', 'scratch.at')
    for (const source of parts) em.line(`scratch.put(${range(source)})`)
    return scratchBytes(em, call.type, 'false', start)
  })
}

const strpos: Kernel = (em, call) => {
  if (!allStrings(call)) return undefined
  return strictPlain(
    em,
    call,
    () => {
      const [text] = call.args.map((arg) => bytesOf(em, arg))
      const found = em.define('y', callBytes(em, findBytes, call.args))
      return `${found} < 0 ? 0 : ${em.constant(countCodePoints)}(${text.data}, ${text.start}, ${found}) + 1`
    },
    false,
  )
}

/** Patterns of the forms `text`, `text%`, `%text` and `%text%`; the others are regular expressions. */
const like: Kernel = (em, call) => {
  const pattern = call.exprs[1].e === 'constant' ? call.exprs[1].value : undefined
  if (typeof pattern !== 'string' || /[_\\]/.test(pattern)) return undefined
  const simple = /^(%?)([^%]*)(%?)$/.exec(pattern)
  if (simple === null) return undefined
  const [, before, word, after] = simple
  const bytes = Buffer.from(word)
  const name = em.constant(new Uint8Array(bytes))
  return strictPlain(em, call, () => {
    const text = bytesOf(em, call.args[0])
    const match = (fn: Function): string => `${em.constant(fn)}(${range(text)}, ${name}, 0, ${bytes.length})`
    if (pattern === '%') return 'true'
    if (before && after) return `${match(findBytes)} >= 0`
    if (before) return match(endsWithBytes)
    return after ? match(startsWithBytes) : `${text.end} - ${text.start} === ${bytes.length} && ${match(startsWithBytes)}`
  })
}

const parsers: Readonly<Record<string, Function>> = {
  int64: parseInteger,
  float64: parseDecimal,
  date: parseDateBytes,
  timestamp: parseTimestampBytes,
}

/** Casts from text by the bytes, and from numbers to text. What a parser does not take, it answers NaN: then the evaluator decides. */
const castText =
  (safe: boolean): Kernel =>
  (em, call) => {
    const [arg] = call.args
    if (call.type.kind === 'string') return numberToText(em, call)
    const parse = parsers[call.type.kind]
    if (arg.type.kind !== 'string' || parse === undefined) return undefined
    const isNull = anyNull(call.args)
    if (isNull === 'true') return nullCode(em, call.type)
    const value = em.name('v')
    const flag = em.name('n')
    em.line(`let ${value} = ${blankOf(call.type)}, ${flag} = ${isNull}`)
    em.block(isNull === 'false' ? '' : `if (!${flag})`, () => {
      const text = bytesOf(em, arg)
      em.line(`${value} = ${em.constant(parse)}(${range(text)})`)
      em.block(`if (${value} !== ${value})`, () => {
        em.line(`${value} = ${call.slow}(${textOf(em, arg)})`)
        if (safe) em.line(`if (${value} === null) { ${value} = ${blankOf(call.type)}; ${flag} = true }`)
      })
    })
    return plain(call.type, value, safe || isNull !== 'false' ? flag : 'false')
  }

function numberToText(em: Emitter, call: KernelCall): Code | undefined {
  const [arg] = call.args
  if (arg.type.kind === 'string') return arg
  if (arg.rep !== 'plain' || (arg.type.kind !== 'int64' && arg.type.kind !== 'float64' && arg.type.kind !== 'bool'))
    return undefined
  if (arg.isNull === 'true') return nullCode(em, call.type)
  const text =
    arg.type.kind === 'float64'
      ? `(${arg.value} - ${arg.value} === 0 ? '' + ${arg.value} : ${call.slow}(${arg.value}))`
      : `'' + ${arg.value}`
  return {
    type: call.type,
    isNull: arg.isNull,
    rep: 'text',
    text: em.define('t', arg.isNull === 'false' ? text : `${arg.isNull} ? '' : ${text}`),
  }
}

export const stringKernels: readonly (readonly [string, Kernel])[] = [
  ['length', length],
  ['byte_length', byteLength],
  ['lower', changeCase(lowerBytes)],
  ['upper', changeCase(upperBytes)],
  ['trim', trim(true, true)],
  ['ltrim', trim(true, false)],
  ['rtrim', trim(false, true)],
  ['substr', substr],
  ['left', left],
  ['right', right],
  ['concat', concat],
  ['starts_with', test(startsWithBytes)],
  ['ends_with', test(endsWithBytes)],
  ['strpos', strpos],
  ['like', like],
]
export const castTextKernel: Kernel = castText(false)
export const safeCastTextKernel: Kernel = castText(true)
