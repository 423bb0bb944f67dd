import type { IToken, TokenType } from 'chevrotain'
import type { ErrorCode } from '../../base/error-codes.ts'
import * as t from './tokens.ts'

/** What the parser could not take, in words. */
export interface SyntaxProblem {
  code: Extract<ErrorCode, `FLOW_${string}`>
  message: string
  hint?: string
  token: IToken
  /** The bracket that is still open. */
  opened?: IToken
}

/** Where the parser stood when it gave up. */
export interface Stuck {
  actual: IToken
  previous: IToken | undefined
  next: IToken | undefined
  ruleName: string
  /** The word that begins the operator, or the `from`, that the parser is in. */
  operator: IToken | undefined
  /** Tokens that could have stood here; none known when the text goes on after a complete query. */
  expected: readonly TokenType[]
}

/** What is wrong where the parser stands. */
export type Explanation = Omit<SyntaxProblem, 'token' | 'code'> & Partial<SyntaxProblem>

/** Signs that other languages use for what is spelled otherwise here. */
export function foreignSign({ actual, expected }: Stuck): Explanation | undefined {
  switch (actual.tokenType) {
    case t.EqualEqual:
      return { message: "'==' is no operator", hint: "write '=' to compare" }
    case t.DoubleColon:
      return { message: "'::' is no operator", hint: 'write cast(value as type)' }
    case t.AndAnd:
      return { message: "'&&' is no operator", hint: "write 'and'" }
    default:
  }
  const isComparison = actual.tokenType.CATEGORIES?.includes(t.Comparison) ?? false
  if (!isComparison || expected.length > 1 || expected.includes(t.Name)) return undefined
  return { message: `comparisons do not chain, found a second one, '${actual.image}'`, hint: 'put one of them in parentheses' }
}

/** `from 'x.csv'`. */
export function pathAsTable({ actual, previous }: Stuck): Explanation | undefined {
  const isString = actual.tokenType.CATEGORIES?.includes(t.StringLiteral) ?? false
  if (!isString || (previous?.tokenType !== t.From && previous?.tokenType !== t.Join)) return undefined
  return {
    message: 'expected a dataset or a source function, found a string',
    hint: `did you mean ${connectorOf(actual.image)}(${actual.image})?`,
  }
}

/** `write 'x.csv'`. */
export function pathToWrite({ actual, previous }: Stuck): Explanation | undefined {
  const isString = actual.tokenType.CATEGORIES?.includes(t.StringLiteral) ?? false
  if (!isString || previous?.tokenType !== t.Write) return undefined
  return {
    message: 'expected a sink, found a string',
    hint: `did you mean ${connectorOf(actual.image)}(${actual.image})?`,
  }
}

/** `in 1, 2`, `between 1, 3`, `order age`. */
export function otherTail({ actual, previous, expected }: Stuck): string | undefined {
  if (expected.length === 1 && expected[0] === t.And && actual.tokenType === t.Comma) return 'write between 1 and 3'
  if (previous?.tokenType === t.In && expected.includes(t.LeftParen)) return 'the list stands in parentheses: x in (1, 2)'
  if (previous?.tokenType === t.Order && expected.includes(t.By)) return `write order by ${shorten(actual.image)}`
  return undefined
}

/** What a comma was to do that stands behind a complete operator. */
export function commaHint(operator: IToken | undefined): string {
  if (operator?.tokenType === t.Limit) return 'rows to skip come by offset: limit 10 offset 20'
  if (operator === undefined || operator.tokenType === t.From || operator.tokenType === t.Join)
    return "a query has one input; further ones come by '|> join'"
  return 'is an item missing, or a comma too many?'
}

/** Literals with a type in front that other dialects have. */
export function typedText({ actual, previous, ruleName }: Stuck): Explanation | undefined {
  const isString = actual.tokenType.CATEGORIES?.includes(t.StringLiteral) ?? false
  if (!isString || ruleName !== 'nameExpression' || previous === undefined) return undefined
  const isBytes = /^r?br?$/i.test(previous.image)
  return {
    message: `'${previous.image}' is no type that stands before a text`,
    hint: isBytes
      ? `write cast(${shorten(actual.image)} as bytes)`
      : "such types are date and timestamp; a text without escapes is r'...'",
  }
}

/** `decimal(15, 2)`, `varchar(20)`. */
export function sizedType({ actual, previous }: Stuck): Explanation | undefined {
  if (actual.tokenType !== t.LeftParen || previous === undefined) return undefined
  const isNumber = /^(decimal|numeric|number)$/i.test(previous.image)
  if (!isNumber && !/^(varchar|char|nvarchar)$/i.test(previous.image)) return undefined
  return {
    message: `there is no type '${previous.image}', and types have no size`,
    hint: isNumber ? 'use float64, whose sums are correctly rounded, or int64 for cents' : 'use string',
  }
}

/** `orders.csv` without quotes: what the file would be read by. */
export function sourceOf(name: string, extension: string): string {
  return `${connectorOf(`.${extension}`)}('${name}.${extension}')`
}

const connectorOf = (text: string): string =>
  /\.(jsonl|ndjson|json)/i.test(text) ? 'jsonl' : /\.(txt|log)/i.test(text) ? 'text' : 'csv'

/** The first line of a token, at most 40 characters of it. */
export function shorten(image: string): string {
  const line = image.split(/[\r\n]/, 1)[0]
  return line.length > 40 || line.length < image.length ? `${line.slice(0, 40)}…` : line
}
