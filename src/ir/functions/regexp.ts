import { runError } from '../../base/errors.ts'
import type { ScalarFunction } from './define.ts'
import { defineScalarFunction } from './define.ts'
import { cached } from './pattern-cache.ts'
import { checkedText, checkValueBytes, joinTexts } from './size-limit.ts'

/**
 * Regular expressions: JavaScript syntax by code points, without look-around and back references, which engines that match in linear time do
 * not have either. A pattern may begin with flags such as `(?i)`: i ignores case, s lets the dot match line ends, m is for lines.
 * A match may lie anywhere in the text.
 */
export const regexps: readonly ScalarFunction[] = [
  defineScalarFunction('regexp_contains', {
    signatures: [{ args: ['string', 'string'], returns: 'bool' }],
    fails: true,
    backtracks: true,
    summary: 'Does a part of the text match the pattern?',
    evaluate: ([text, pattern]) => compileRegexp(pattern as string).expression.test(text as string),
  }),
  defineScalarFunction('regexp_extract', {
    signatures: [{ args: ['string', 'string'], returns: 'string' }],
    fails: true,
    backtracks: true,
    nullable: true,
    summary: 'First part of the text that matches the pattern, or its group when it has one; null without a match.',
    evaluate([text, pattern]) {
      const { expression, groups } = compileRegexp(pattern as string)
      if (groups > 1) {
        throw runError('RUN_ARGUMENT', `regexp_extract expects at most one group, found ${groups} in '${pattern}'`, {
          hint: 'write (?:…) for the others',
        })
      }
      return expression.exec(text as string)?.[groups] ?? null
    },
  }),
  defineScalarFunction('regexp_replace', {
    signatures: [{ args: ['string', 'string', 'string'], returns: 'string' }],
    fails: true,
    backtracks: true,
    summary: 'The text with every match replaced; \\1 to \\9 stand for the groups, \\0 for the match and \\\\ for a backslash.',
    evaluate([text, pattern, replacement]) {
      const { all, groups } = compileRegexp(pattern as string)
      const pieces = parseReplacement(replacement as string, groups)
      // A unit is at least a byte: what is put in is counted while it is made.
      let units = 0
      const replaced = (text as string).replace(all, (...match) => {
        const texts = pieces.map((piece) => (typeof piece === 'string' ? piece : (match[piece] ?? '')))
        const made = joinTexts('regexp_replace', texts)
        checkValueBytes('regexp_replace', (units += made.length))
        return made
      })
      return checkedText('regexp_replace', replaced)
    },
  }),
]

export interface CompiledRegexp {
  /** Finds the first match. */
  expression: RegExp
  /** The same, for `replace` of all matches. */
  all: RegExp
  /** Number of capturing groups. */
  groups: number
}

/** Compiles a pattern, or finds it compiled; `RUN_ARGUMENT` when it is not well formed. */
const compileRegexp: (pattern: string) => CompiledRegexp = cached((pattern) => {
  const [prefix = '', flags = ''] = /^\(\?([ims]+)\)/.exec(pattern) ?? []
  const source = pattern.slice(prefix.length)
  refuseUnsafe(pattern, source)
  const expression = compile(pattern, source, [...new Set(flags)].join(''))
  // An added empty alternative always matches, and its match has a slot for each group.
  const groups = (new RegExp(`${source}|`, expression.flags).exec('')?.length ?? 1) - 1
  return { expression, all: new RegExp(expression.source, `${expression.flags}g`), groups }
})

/** The `v` flag knows set notation but wants more escapes in classes, as in `[^/]`; what it refuses is tried with `u`. */
function compile(pattern: string, source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `${flags}v`)
  } catch {
    try {
      return new RegExp(source, `${flags}u`)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.replace(/^Invalid regular expression: .*: /s, '').toLowerCase() : ''
      throw runError('RUN_ARGUMENT', `bad regular expression '${pattern}': ${reason}`)
    }
  }
}

function refuseUnsafe(pattern: string, source: string): void {
  let classes = 0
  for (let i = 0; i < source.length; i++) {
    if (source[i] === '\\') {
      if (classes === 0 && /^\\([1-9]|k<)/.test(source.slice(i, i + 3))) throw refusal(pattern, 'back references')
      i++
    } else if (source[i] === '[') classes++
    else if (source[i] === ']') classes = Math.max(0, classes - 1)
    else if (classes === 0 && /^\(\?<?[=!]/.test(source.slice(i, i + 4))) throw refusal(pattern, 'look-around')
  }
}

function refusal(pattern: string, what: string) {
  return runError('RUN_ARGUMENT', `regular expression '${pattern}' uses ${what}, which is not supported`)
}

/** Texts, and numbers of groups. */
function parseReplacement(replacement: string, groups: number): readonly (string | number)[] {
  const pieces: (string | number)[] = []
  for (const [part] of replacement.matchAll(/\\.?|[^\\]+/gs)) {
    if (part[0] !== '\\') pieces.push(part)
    else if (part[1] === '\\') pieces.push('\\')
    else if (part[1] >= '0' && part[1] <= '9' && Number(part[1]) <= groups) pieces.push(Number(part[1]))
    else
      throw runError('RUN_ARGUMENT', `regexp_replace cannot use '${part}' in its replacement: the pattern has ${groups} groups`)
  }
  return pieces
}
