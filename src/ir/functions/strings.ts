import { runError } from '../../base/errors.ts'
import type { Int64 } from '../../data/int64.ts'
import type { Value } from '../../data/type.ts'
import type { ScalarFunction } from './define.ts'
import { defineScalarFunction } from './define.ts'
import { compileLike } from './like.ts'
import { checkValueBytes, checkValues, joinTexts } from './size-limit.ts'

/** Text. Lengths and positions count code points; positions start at 1. */
export const strings: readonly ScalarFunction[] = [
  defineScalarFunction('length', {
    signatures: [
      { args: ['string'], returns: 'int64' },
      { args: ['bytes'], returns: 'int64' },
    ],
    summary: 'Number of code points of a text, or of bytes.',
    evaluate: ([value]) => (typeof value === 'string' ? codePointCount(value) : (value as Uint8Array).length),
  }),
  defineScalarFunction('byte_length', {
    signatures: [
      { args: ['string'], returns: 'int64' },
      { args: ['bytes'], returns: 'int64' },
    ],
    summary: 'Number of bytes, of a text in UTF-8.',
    evaluate: ([value]) => (typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length),
  }),
  textFunction('lower', 'Lower case, by the default Unicode mapping.', (text) => text.toLowerCase()),
  textFunction('upper', 'Upper case, by the default Unicode mapping.', (text) => text.toUpperCase()),
  textFunction('reverse', 'Code points in reverse order.', (text) => [...text].reverse().join('')),
  trimming('trim', 'without white space, or without the given characters, at both ends', true, true),
  trimming('ltrim', 'without white space, or without the given characters, at its start', true, false),
  trimming('rtrim', 'without white space, or without the given characters, at its end', false, true),
  defineScalarFunction('substr', {
    signatures: [{ args: ['string', 'int64', 'int64'], optional: 1, returns: 'string' }],
    fails: true,
    summary:
      'Part of a text from a position on; 0 counts as 1, negative positions from the end; all, or at most a number of code points.',
    evaluate([text, position, length]) {
      if (length !== undefined) checkNotNegative('substr', 'length', length)
      return substring(text as string, Number(position), length === undefined ? Number.POSITIVE_INFINITY : Number(length))
    },
  }),
  defineScalarFunction('left', {
    signatures: [{ args: ['string', 'int64'], returns: 'string' }],
    fails: true,
    summary: 'First code points of a text.',
    evaluate([text, count]) {
      checkNotNegative('left', 'length', count)
      return substring(text as string, 1, Number(count))
    },
  }),
  defineScalarFunction('right', {
    signatures: [{ args: ['string', 'int64'], returns: 'string' }],
    fails: true,
    summary: 'Last code points of a text.',
    evaluate([text, count]) {
      checkNotNegative('right', 'length', count)
      // Position 0 counts as 1, so that −0 would take all.
      return Number(count) === 0 ? '' : substring(text as string, -Number(count), Number.POSITIVE_INFINITY)
    },
  }),
  padding('lpad', 'start', (text, fill) => fill + text),
  padding('rpad', 'end', (text, fill) => text + fill),
  defineScalarFunction('repeat', {
    signatures: [{ args: ['string', 'int64'], returns: 'string' }],
    fails: true,
    summary: 'A text a number of times.',
    evaluate([text, count]) {
      checkNotNegative('repeat', 'count', count)
      if ((text as string) === '') return ''
      checkValueBytes('repeat', Buffer.byteLength(text as string) * Number(count))
      return (text as string).repeat(Number(count))
    },
  }),
  defineScalarFunction('replace', {
    signatures: [{ args: ['string', 'string', 'string'], returns: 'string' }],
    fails: true,
    summary: 'A text with every occurrence of another one replaced; an empty one occurs nowhere.',
    evaluate: ([text, from, to]) =>
      from === '' ? text : joinTexts('replace', (text as string).split(from as string), to as string),
  }),
  defineScalarFunction('split', {
    signatures: [{ args: ['string', 'string'], optional: 1, returns: 'array<string>' }],
    summary: 'Parts between the delimiters (default a comma); code points when the delimiter is empty.',
    evaluate([text, delimiter = ',']) {
      if (text === '') return ['']
      return delimiter === '' ? [...(text as string)] : (text as string).split(delimiter as string)
    },
  }),
  defineScalarFunction('starts_with', {
    signatures: [{ args: ['string', 'string'], returns: 'bool' }],
    summary: 'Does a text start with another?',
    evaluate: ([text, prefix]) => (text as string).startsWith(prefix as string),
  }),
  defineScalarFunction('ends_with', {
    signatures: [{ args: ['string', 'string'], returns: 'bool' }],
    summary: 'Does a text end with another?',
    evaluate: ([text, suffix]) => (text as string).endsWith(suffix as string),
  }),
  defineScalarFunction('strpos', {
    signatures: [{ args: ['string', 'string'], returns: 'int64' }],
    summary: 'Position of the first occurrence of a text in another, or 0.',
    evaluate([text, part]) {
      const at = (text as string).indexOf(part as string)
      return at < 0 ? 0 : codePointCount((text as string).slice(0, at)) + 1
    },
  }),
  defineScalarFunction('concat', {
    signatures: [
      { args: ['string'], rest: 'string', returns: 'string' },
      { args: ['bytes'], rest: 'bytes', returns: 'bytes' },
      { args: ['array<T>'], rest: 'array<T>', returns: 'array<T>' },
    ],
    fails: true,
    summary: 'Texts, bytes or arrays one after the other.',
    evaluate(args, { returns }) {
      if (returns.kind === 'string') return joinTexts('concat', args as readonly string[])
      checkValues('concat', returns, args)
      return returns.kind === 'bytes'
        ? concatBytes(args as readonly Uint8Array[])
        : (args as readonly (readonly Value[])[]).flat(1)
    },
  }),
  defineScalarFunction('like', {
    signatures: [{ args: ['string', 'string'], returns: 'bool' }],
    fails: true,
    backtracks: true,
    internal: true,
    summary: 'Does a text match a pattern, where % is any text, _ one code point and \\ takes the next sign literally?',
    evaluate: ([text, pattern]) => compileLike(pattern as string).test(text as string),
  }),
]

function textFunction(name: string, summary: string, evaluate: (text: string) => string): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: [{ args: ['string'], returns: 'string' }],
    summary,
    evaluate: ([text]) => evaluate(text as string),
  })
}

function trimming(name: string, what: string, atStart: boolean, atEnd: boolean): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: [{ args: ['string', 'string'], optional: 1, returns: 'string' }],
    summary: `A text ${what}.`,
    evaluate([text, characters]) {
      const points = [...(text as string)]
      const goes = (point: string) => (characters === undefined ? /^\p{White_Space}$/u.test(point) : removed.has(point))
      const removed = new Set(characters === undefined ? '' : (characters as string))
      let start = 0
      let end = points.length
      while (atStart && start < end && goes(points[start])) start++
      while (atEnd && end > start && goes(points[end - 1])) end--
      return points.slice(start, end).join('')
    },
  })
}

function padding(name: string, side: string, join: (text: string, fill: string) => string): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: [{ args: ['string', 'int64', 'string'], optional: 1, returns: 'string' }],
    fails: true,
    summary: `A text filled at its ${side} with spaces, or another text, to a number of code points; cut when it is longer.`,
    evaluate([text, length, pattern = ' ']) {
      checkNotNegative(name, 'length', length)
      if (pattern === '') throw runError('RUN_ARGUMENT', `${name} cannot fill with an empty text`)
      const missing = Number(length) - codePointCount(text as string)
      if (missing <= 0) return substring(text as string, 1, Number(length))
      const points = [...(pattern as string)]
      const times = Math.floor(missing / points.length)
      const rest = points.slice(0, missing % points.length).join('')
      const bytes = times * Buffer.byteLength(pattern as string) + Buffer.byteLength(rest)
      checkValueBytes(name, Buffer.byteLength(text as string) + bytes)
      return join(text as string, (pattern as string).repeat(times) + rest)
    },
  })
}

function codePointCount(text: string): number {
  let count = text.length
  for (let i = 1; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--
  return count
}

function substring(text: string, position: number, length: number): string {
  const points = [...text]
  const start = position > 0 ? position - 1 : position === 0 ? 0 : Math.max(0, points.length + position)
  return points.slice(start, start + length).join('')
}

function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function checkNotNegative(fn: string, what: string, value: Value): void {
  if ((value as Int64) < 0) throw runError('RUN_ARGUMENT', `${fn} expects a ${what} of at least 0, found ${value}`)
}
