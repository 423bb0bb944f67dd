import type { IToken } from 'chevrotain'
import { flowError, type MillraceError, manyErrors } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { ItemSyntax, SortSyntax, Syntax, TypeSyntax } from '../syntax.ts'
import { tokenize } from './lexer.ts'
import { findTooDeep, maxNesting } from './nesting.ts'
import { type FlowParser, flowParser } from './parser.ts'
import { placeBetween, type Rule } from './parser-base.ts'
import type { Statement } from './statements.ts'
import * as t from './tokens.ts'

/** After so many errors the rest is not read. */
const maxErrors = 50

/**
 * Parses a `.flow` text. Words and characters that are no tokens are reported alone; else at most one syntax error a statement,
 * with parsing taken up again at the next operator or statement.
 */
export function parseProgram(file: string, text: string): { statements: Statement[]; errors: MillraceError[] } {
  const { tokens, errors } = readTokens(file, text)
  if (errors.length > 0) return { statements: [], errors }
  const parser = flowParser()
  const statements: Statement[] = []
  let rest: IToken[] = tokens
  let inQuery = false
  while (errors.length < maxErrors) {
    parser.start(file, rest)
    if (inQuery) parser.resumed()
    else parser.program()
    statements.push(...parser.statements)
    // What follows an error in the same statement is only its echo.
    const own = parser.problems.filter((problem) => !inQuery || problem.statement > 0)
    errors.push(...own.map((problem) => problem.error))
    if (parser.errors.length === 0) break
    const last = own.at(-1)
    const isEcho = (inQuery && parser.begun === 0) || (last !== undefined && last.statement === parser.begun)
    if (!isEcho) errors.push(syntaxError(parser, rest))
    const stop = stopIndex(rest, parser.errors[0].token)
    const next = resyncIndex(rest, stop)
    if (next === rest.length) break
    inQuery = rest[next].tokenType === t.Pipe
    rest = rest.slice(next)
  }
  return { statements, errors }
}

/** Parses one expression. Its parts have the place `at`, since a text inside a program of another language has no lines of its own. */
export const parseExpression = (text: string, at: Place): Syntax => parseText(text, at, (parser) => parser.expression)

/** Parses a type: `array<struct<a int64, b string>>`. */
export const parseType = (text: string, at: Place): TypeSyntax => parseText(text, at, (parser) => parser.type)

/** Parses the items of a select, extend or aggregate: `a, b + 1 as c, *`. */
export const parseItems = (text: string, at: Place): ItemSyntax[] => parseText(text, at, (parser) => parser.items)

/** Parses the keys of an order by: `a desc nulls last, b`. */
export const parseSort = (text: string, at: Place): SortSyntax[] => parseText(text, at, (parser) => parser.sortKeys)

function parseText<T>(text: string, at: Place, rule: (parser: FlowParser) => Rule<T>): T {
  const inner = { file: '', line: 1, column: 1 }
  const { tokens, errors } = readTokens(inner.file, text)
  const relocate = (error: MillraceError): MillraceError => {
    const { at: place = inner, hint } = error.details
    const where = place.line > 1 ? `line ${place.line}, column ${place.column}` : `column ${place.column}`
    return flowError(error.code as 'FLOW_SYNTAX', `${error.message} (${where} of '${text}')`, { at, ...(hint ? { hint } : {}) })
  }
  if (errors.length > 0) throw manyErrors(errors.map(relocate))
  const parser = flowParser()
  parser.start(inner.file, tokens, at)
  const result = rule(parser).call(parser)
  if (parser.errors.length > 0) throw relocate(syntaxError(parser, tokens))
  if (parser.problems.length > 0) throw manyErrors(parser.problems.map((problem) => problem.error))
  return result
}

function readTokens(file: string, text: string): { tokens: IToken[]; errors: MillraceError[] } {
  const { tokens, errors } = tokenize(file, text)
  const deep = errors.length === 0 ? findTooDeep(tokens) : undefined
  if (deep !== undefined) {
    const at = placeBetween(file, deep, deep)
    errors.push(
      flowError('FLOW_NESTING', `nested deeper than ${maxNesting} levels`, {
        at,
        hint: 'compute inner parts in an extend before',
      }),
    )
  }
  return { tokens, errors }
}

function syntaxError(parser: FlowParser, tokens: readonly IToken[]): MillraceError {
  const problem = parser.messages.problem
  if (problem === undefined) return flowError('FLOW_SYNTAX', parser.errors[0].message)
  const { code, message, hint, token, opened } = problem
  const at = stopIndex(tokens, token) === tokens.length ? endPlace(parser.file, tokens) : placeBetween(parser.file, token, token)
  const related = opened === undefined ? [] : [{ at: placeBetween(parser.file, opened, opened), text: 'opened here' }]
  return flowError(code, message, { at, ...(hint ? { hint } : {}), ...(related.length > 0 ? { related } : {}) })
}

/** The place after the last token; the first one of an empty text. */
function endPlace(file: string, tokens: readonly IToken[]): Place {
  const last = tokens.at(-1)
  if (last === undefined) return { file, line: 1, column: 1 }
  const line = last.endLine as number
  const column = (last.endColumn as number) + 1
  return { file, line, column, endLine: line, endColumn: column + 1 }
}

function stopIndex(tokens: readonly IToken[], token: IToken): number {
  const index = tokens.indexOf(token)
  return index < 0 ? tokens.length : index
}

/** Where parsing can be taken up again: after a `;`, at a `|>`, or at a line that starts like a statement. */
function resyncIndex(tokens: readonly IToken[], stop: number): number {
  for (let i = stop; i < tokens.length; i++) {
    if (tokens[i].tokenType === t.Semicolon || tokens[i].tokenType === t.Pipe) return i
    const startsLine = i > 0 && (tokens[i - 1].endLine as number) < (tokens[i].startLine as number)
    if (startsLine && tokens[i - 1].tokenType !== t.Pipe && looksLikeStatement(tokens, i)) return i
  }
  return tokens.length
}

function looksLikeStatement(tokens: readonly IToken[], at: number): boolean {
  const type = tokens[at].tokenType
  if (!t.statementTokens.has(type)) return false
  if (type === t.From) return tokens[at - 1].tokenType !== t.Distinct
  if (type === t.Import) return tokens[at + 1]?.tokenType === t.LeftBrace
  if (type === t.Values) return tokens[at + 1]?.tokenType === t.LeftParen
  // `type = ...` may be a column in a condition; `type Name = ...` is none.
  return type === t.Param || tokens[at + 2]?.tokenType === t.Equal
}
