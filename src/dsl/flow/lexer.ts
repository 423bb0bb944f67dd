import { type ILexingError, type IToken, Lexer } from 'chevrotain'
import { flowError, type MillraceError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import * as t from './tokens.ts'

let shared: Lexer | undefined

/** Cuts a text into tokens; what is no token is reported, one error each. */
export function tokenize(file: string, text: string): { tokens: IToken[]; errors: MillraceError[] } {
  shared ??= new Lexer(t.allTokens, { ensureOptimizations: true, positionTracking: 'full', skipValidations: true })
  const { tokens, errors } = shared.tokenize(text)
  const found = tokens.filter((token) => t.errorTokens.has(token.tokenType)).map((token) => badToken(file, token, tokens))
  const all = [...found, ...errors.map((error) => badCharacter(file, text, error))]
  return { tokens, errors: all.sort((a, b) => compare(a.details.at as Place, b.details.at as Place)) }
}

const compare = (a: Place, b: Place): number => a.line - b.line || a.column - b.column

function badToken(file: string, token: IToken, tokens: readonly IToken[]): MillraceError {
  const start = { file, line: token.startLine as number, column: token.startColumn as number }
  const opening = { ...start, endLine: start.line, endColumn: start.column + 1 }
  const whole = { ...start, endLine: token.endLine as number, endColumn: (token.endColumn as number) + 1 }
  switch (token.tokenType) {
    case t.UnclosedString:
      return flowError('FLOW_UNCLOSED_STRING', 'the string has no closing quote', {
        at: whole,
        hint: quoteInside(tokens, token) ?? "a string ends on its line; longer ones stand between ''' and '''",
      })
    case t.UnclosedName:
      return token.image.startsWith('``')
        ? flowError('FLOW_SYNTAX', 'the name between the backquotes is empty', { at: opening })
        : flowError('FLOW_UNCLOSED_STRING', 'the name has no closing backquote', { at: whole })
    case t.UnclosedComment:
      return flowError('FLOW_UNCLOSED_COMMENT', "the comment has no end, '*/'", {
        at: { ...opening, endColumn: start.column + 2 },
      })
    default: {
      const parts = /^([0-9][0-9.]*)(.*)$/.exec(token.image) as RegExpExecArray
      const missing = token.image.endsWith('.') ? `write ${token.image}0` : 'a number has one point'
      const hint = parts[2] === '' ? missing : `put a space between '${parts[1]}' and '${parts[2]}'`
      return flowError(
        'FLOW_BAD_NUMBER',
        parts[2] === '' ? `'${token.image}' is no number` : `the number '${parts[1]}' runs into a word`,
        { at: whole, hint },
      )
    }
  }
}

/** `'it's'`: a string, a word and the rest of the line, with nothing between them. */
function quoteInside(tokens: readonly IToken[], token: IToken): string | undefined {
  const index = tokens.indexOf(token)
  const [text, word] = [tokens[index - 2], tokens[index - 1]]
  const touches = (a: IToken, b: IToken): boolean => a.endOffset === b.startOffset - 1
  if (text?.tokenType.CATEGORIES?.includes(t.StringLiteral) !== true || !touches(text, word) || !touches(word, token))
    return undefined
  return `a quote inside a string is doubled: ${text.image}'${word.image}'`
}

const characterHints: Readonly<Record<string, string>> = {
  '“': 'use straight quotes',
  '”': 'use straight quotes',
  '‘': 'use straight quotes',
  '’': 'use straight quotes',
  '@': 'a parameter is written @name',
  '&': "use 'and'",
  '|': "operators follow '|>', strings are joined by '||'",
  '!': "use 'not', or '!=' to compare",
  '%': 'use mod(a, b)',
}

function badCharacter(file: string, text: string, error: ILexingError): MillraceError {
  const char = String.fromCodePoint(text.codePointAt(error.offset) as number)
  const line = error.line as number
  const column = error.column as number
  const name = /^[$:]([A-Za-z_]\w*)/.exec(text.slice(error.offset, error.offset + 80))?.[1]
  const hint =
    name !== undefined
      ? `a parameter is written @${name}`
      : Object.hasOwn(characterHints, char)
        ? characterHints[char]
        : /\p{L}/u.test(char)
          ? 'put names with such letters in backquotes'
          : undefined
  return flowError('FLOW_BAD_CHARACTER', `no word or sign starts with '${char}'`, {
    at: { file, line, column, endLine: line, endColumn: column + Math.max(char.length, 1) },
    ...(hint ? { hint } : {}),
  })
}
