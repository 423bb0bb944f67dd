import type { IToken, TokenType } from 'chevrotain'
import * as t from './tokens.ts'

/** How deep parentheses, brackets, cases, types and unary operators may nest: the parser and all that follows it recurse. */
export const maxNesting = 64

const openers: ReadonlySet<TokenType> = new Set([t.LeftParen, t.LeftBracket, t.Case])
const closers: ReadonlySet<TokenType> = new Set([t.RightParen, t.RightBracket, t.End])
const signs: ReadonlySet<TokenType> = new Set([t.Minus, t.Plus])
/** A sign after one of these is binary. */
const operandEnds: ReadonlySet<TokenType> = new Set([
  ...[t.RightParen, t.RightBracket, t.End, t.NumberLiteral, t.Parameter, t.Identifier, t.QuotedName, t.Null, t.True, t.False],
])

/** The first token that is nested too deeply, found without recursion so that it can stand before the parser. */
export function findTooDeep(tokens: readonly IToken[]): IToken | undefined {
  const opened: number[] = []
  let depth = 0
  // Unary operators directly before the next operand; they close with it.
  let prefixes = 0
  for (let i = 0; i < tokens.length; i++) {
    const type = tokens[i].tokenType
    const previous = i > 0 ? tokens[i - 1].tokenType : undefined
    const opensType = type === t.Less && (previous === t.ArrayWord || previous === t.Struct)
    if (type === t.Not || (signs.has(type) && !endsOperand(previous))) prefixes++
    else if (openers.has(type) || opensType) {
      depth += prefixes + 1
      opened.push(opensType ? -1 : prefixes + 1)
      prefixes = 0
    } else if (closers.has(type) || (type === t.Greater && opened.at(-1) === -1)) {
      depth -= Math.abs(opened.pop() ?? 0)
      prefixes = 0
    } else prefixes = 0
    if (depth + prefixes > maxNesting) return tokens[i]
  }
  return undefined
}

function endsOperand(type: TokenType | undefined): boolean {
  return (
    type !== undefined &&
    (operandEnds.has(type) ||
      (type.CATEGORIES?.some((category) => category === t.StringLiteral || category === t.Name || category === t.AliasName) ??
        false))
  )
}
