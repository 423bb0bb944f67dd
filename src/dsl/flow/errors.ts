import type { IParserErrorMessageProvider, IToken, TokenType } from 'chevrotain'
import { didYouMean, suggest } from '../../base/did-you-mean.ts'
import {
  commaHint,
  type Explanation,
  foreignSign,
  otherTail,
  pathAsTable,
  pathToWrite,
  type Stuck,
  type SyntaxProblem,
  shorten,
  sizedType,
  sourceOf,
  typedText,
} from './foreign-syntax.ts'
import * as t from './tokens.ts'

/** Puts the parser's complaints into our words. The parser wants texts; `problem` keeps the first with its code and hint. */
export class ParserMessages implements IParserErrorMessageProvider {
  problem: SyntaxProblem | undefined
  #tokens: readonly IToken[] = []

  reset(tokens: readonly IToken[]): void {
    this.problem = undefined
    this.#tokens = tokens
  }

  buildMismatchTokenMessage(from: { expected: TokenType; actual: IToken; ruleName: string }): string {
    return this.#report({ ...from, expected: [from.expected] })
  }
  buildNoViableAltMessage(from: { expectedPathsPerAlt: TokenType[][][]; actual: IToken[]; ruleName: string }): string {
    return this.#report({ ...from, actual: from.actual[0], expected: firstTokens(from.expectedPathsPerAlt.flat()) })
  }
  buildEarlyExitMessage(from: { expectedIterationPaths: TokenType[][]; actual: IToken[]; ruleName: string }): string {
    return this.#report({ ...from, actual: from.actual[0], expected: firstTokens(from.expectedIterationPaths) })
  }
  buildNotAllInputParsedMessage(from: { firstRedundant: IToken; ruleName: string }): string {
    return this.#report({ ruleName: from.ruleName, actual: from.firstRedundant, expected: [] })
  }

  #report(from: Omit<Stuck, 'previous' | 'next' | 'operator'>): string {
    const index = isEnd(from.actual) ? this.#tokens.length : this.#tokens.indexOf(from.actual)
    const stuck: Stuck = {
      ruleName: from.ruleName,
      actual: from.actual,
      expected: from.expected,
      previous: this.#tokens[index - 1],
      next: this.#tokens[index + 1],
      operator: operatorBefore(this.#tokens, index),
    }
    const opened = from.expected.length === 1 ? openBracket(this.#tokens, index, from.expected[0]) : undefined
    this.problem ??= { code: 'FLOW_SYNTAX', token: from.actual, ...(opened ? { opened } : {}), ...explain(stuck) }
    return this.problem.message
  }
}

function explain(stuck: Stuck): Explanation {
  return (
    foreignSign(stuck) ??
    pathAsTable(stuck) ??
    pathToWrite(stuck) ??
    typedText(stuck) ??
    sizedType(stuck) ??
    unknownOperator(stuck) ??
    reservedWord(stuck) ??
    afterTheEnd(stuck) ??
    expectation(stuck)
  )
}

const joinList = "the joins are 'join', 'inner join' and 'left join'"
/** What people write who come from SQL or another pipe language. */
const otherWords: Readonly<Record<string, string>> = {
  having: "use 'where' after 'aggregate'",
  qualify: "use 'where' after the operator that makes the value",
  group: "write 'aggregate ... group by ...'",
  filter: "use 'where'",
  project: "use 'select'",
  sort: "use 'order by'",
  order: "use 'order by'",
  derive: "use 'extend'",
  summarize: "use 'aggregate'",
  take: "use 'limit'",
  unique: "use 'distinct'",
  offset: 'offset follows limit: limit 10 offset 20',
  from: "a query has one 'from'; further inputs come by 'join' or 'union all'",
  ...Object.fromEntries(['right', 'full', 'cross', 'natural'].map((word) => [word, joinList])),
}

function unknownOperator({ actual, previous, ruleName }: Stuck): Explanation | undefined {
  if (ruleName !== 'pipeOp' || previous?.tokenType !== t.Pipe) return undefined
  if (isEnd(actual)) return { message: "expected an operator after '|>', found the end of the text", hint: operatorList }
  const word = actual.image.toLowerCase()
  const near = didYouMean(word, operatorsByFirstWord.keys())
  const meant = near === undefined ? operatorList : `did you mean '${operatorsByFirstWord.get(near)}'?`
  const hint = Object.hasOwn(otherWords, word) ? otherWords[word] : meant
  return { code: 'FLOW_UNKNOWN_OPERATOR', message: `unknown pipe operator '${shorten(actual.image)}'`, hint }
}
const operatorsByFirstWord: ReadonlyMap<string, string> = new Map(
  [...t.pipeWords].reverse().map((each) => [each.split(' ')[0], each]),
)
const operatorList = `the operators are ${t.pipeWords.join(', ')}`

/** Rules that choose between an expression and something else. */
const expressionRules: ReadonlySet<string> = new Set(['atom', 'item', 'argument', 'callTail'])

function reservedWord({ actual, expected, ruleName }: Stuck): Explanation | undefined {
  if (!t.reservedWords.has(actual.image.toLowerCase())) return undefined
  const wantsName =
    (expected.length === 1 && (expected[0] === t.Name || expected[0] === t.Word)) ||
    ruleName === 'tableRef' ||
    ruleName === 'alias'
  const hasNoUse = t.unusedTokens.has(actual.tokenType) && expressionRules.has(ruleName)
  if (!wantsName && !hasNoUse) return undefined
  return {
    code: 'FLOW_RESERVED_WORD',
    message: `expected a name, found the reserved word '${actual.image}'`,
    hint: `write \`${actual.image}\` in backquotes to use it as a name`,
  }
}

const operatorTokens: ReadonlySet<TokenType> = new Set([
  ...[t.Where, t.Select, t.Extend, t.Drop, t.Rename, t.Aggregate, t.Order, t.Limit, t.Union, t.Distinct, t.Write],
])
/** Words that can go on after something complete. */
const continuingWords = [
  'where',
  'select',
  'extend',
  'aggregate',
  'group',
  'order',
  'limit',
  'join',
  'union',
  'write',
  'and',
  'or',
  'between',
  'like',
  'as',
  'desc',
  'nulls',
  'offset',
]

/** The text goes on after a statement that is complete. */
function afterTheEnd({ actual, previous, next, operator, expected, ruleName }: Stuck): Explanation | undefined {
  if (expected.length > 0) return undefined
  if (ruleName !== 'program' && ruleName !== 'resumed')
    return { message: `expected the end of the text, found '${shorten(actual.image)}'` }
  const isFirst = previous === undefined || previous.tokenType === t.Semicolon
  const word = actual.tokenType === t.Order ? 'order by' : shorten(actual.image)
  if (actual.tokenType === t.Group) return { message: "'group by' stands outside an aggregate", hint: otherWords.group }
  if (!isFirst && operatorTokens.has(actual.tokenType))
    return { message: `expected '|>' before '${word}'`, hint: `write |> ${word}` }
  if (isFirst || (previous.endLine as number) < (actual.startLine as number)) {
    const isQuery = operatorTokens.has(actual.tokenType)
    const hint = isQuery
      ? `a query starts with 'from': from t |> ${word} ...`
      : (otherStatements(word) ?? suggest(word, t.statementWords, statementList))
    return { code: 'FLOW_UNKNOWN_STATEMENT', message: `no statement starts with '${word}'`, hint }
  }
  const hint = goingOn(actual, previous, next, operator)
  return { message: `expected '|>' or the end of the statement, found '${word}'`, hint }
}
/** What may have been meant by a word or sign that goes on in the line of a complete query. */
function goingOn(actual: IToken, previous: IToken, next: IToken | undefined, operator: IToken | undefined): string | undefined {
  if (actual.tokenType === t.Comma) return commaHint(operator)
  if (actual.tokenType === t.Dot && next !== undefined)
    return `a file is read by a source: ${sourceOf(previous.image, next.image)}`
  const word = actual.image.toLowerCase()
  if (word === 'having' || word === 'qualify') return otherWords[word]
  if (word === 'descending' || word === 'ascending') return `did you mean '${word.startsWith('d') ? 'desc' : 'asc'}'?`
  const near = nearWord(actual, previous, continuingWords)
  if (near !== undefined) return near
  if (actual.tokenType === t.By) return "write 'group by' after the aggregates, or '|> order by'"
  const isName = actual.tokenType === t.Identifier && previous.tokenType === t.Identifier
  return isName ? `is a comma missing before '${shorten(actual.image)}'?` : undefined
}
/** What other languages name things by. */
const otherStatements = (word: string): string | undefined =>
  /^(with|const|var|create|define)$/i.test(word) ? 'a dataset is named by let: let name = from ...' : undefined
const statementList = `statements start with ${t.statementWords.join(', ')}`

/** What to say instead of the list of tokens that could follow. */
const expectedByRule: Readonly<Record<string, string>> = {
  atom: 'an expression',
  argument: 'an expression',
  callTail: "arguments, '*' or ')'",
  item: "an expression or '*'",
  setTail: "'between', 'like' or 'in'",
  type: 'a type',
  statement: 'a statement',
  primary: "a query, which starts with 'from'",
  tableRef: 'a dataset, a source function or a query in parentheses',
  rowType: 'the name of a type or columns in parentheses',
  alias: 'a name',
  joinCondition: "'on' or 'using'",
  isTail: "'null', 'true', 'false' or 'distinct from'",
}
const hintByRule: Readonly<Record<string, string>> = {
  primary: 'write from name, from csv(...), or values (...)',
  join: joinList,
  union: "'union all' keeps repeated rows, 'union distinct' drops them",
  joinCondition: 'write join b on a.k = b.k, or join b using (k)',
}

function expectation(stuck: Stuck): Explanation {
  const { actual, previous, expected, ruleName } = stuck
  const labels = [...new Set(expected.map((token) => token.LABEL ?? token.name))]
  const kinds = expected.length > 1 && Object.hasOwn(expectedByRule, ruleName) ? expectedByRule[ruleName] : enumerate(labels)
  const near = nearWord(
    actual,
    previous,
    expected.map((token) => token.name.toLowerCase()).filter((name) => t.keywords.includes(name)),
  )
  const known = Object.hasOwn(hintByRule, ruleName) ? hintByRule[ruleName] : undefined
  return {
    message: `expected ${kinds}, found ${describeToken(actual)}`,
    hint: otherTail(stuck) ?? near ?? known ?? pipeIsMissing(actual, expected),
  }
}

// In a query, and not between the braces of an import.
function pipeIsMissing(actual: IToken, expected: readonly TokenType[]): string | undefined {
  return operatorTokens.has(actual.tokenType) && !expected.includes(t.RightBrace)
    ? `an operator follows '|>': write |> ${actual.tokenType === t.Order ? 'order by' : actual.image}`
    : undefined
}

/** A word that was probably meant to be a keyword: the one the parser stands at, or the one before it, which it took for an alias. */
function nearWord(actual: IToken, previous: IToken | undefined, words: readonly string[]): string | undefined {
  const near = isLongWord(actual) ? didYouMean(actual.image, words) : undefined
  if (near !== undefined) return `did you mean '${near}'?`
  if (previous === undefined || !isLongWord(previous)) return undefined
  const before = didYouMean(previous.image, [...words, ...continuingWords])
  if (before === undefined) return undefined
  const needsPipe = t.pipeWords.some((each) => each.startsWith(before)) && before !== 'as'
  return `did you mean '${needsPipe ? '|> ' : ''}${before}' instead of '${previous.image}'?`
}

/** Of one or two letters almost every word is near. */
const isLongWord = (token: IToken): boolean => token.tokenType === t.Identifier && token.image.length > 2

function enumerate(labels: readonly string[]): string {
  const shown = labels.slice(0, 5)
  if (labels.length > 5) return `${shown.join(', ')} or another word`
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` : shown[0]
}

function describeToken(token: IToken): string {
  return isEnd(token) ? 'the end of the text' : `'${shorten(token.image)}'`
}

/** The first word after the last `|>` before a token, or the `from` before it. */
function operatorBefore(tokens: readonly IToken[], index: number): IToken | undefined {
  for (let i = index - 1; i >= 0; i--) {
    if (tokens[i].tokenType === t.Pipe) return tokens[i + 1]
    if (tokens[i].tokenType === t.From || tokens[i].tokenType === t.Semicolon) return tokens[i]
  }
  return undefined
}

/** The opening bracket that `closer` would close, when that is what is missing. */
function openBracket(tokens: readonly IToken[], end: number, closer: TokenType): IToken | undefined {
  if (closer !== t.RightParen && closer !== t.RightBracket) return undefined
  const opener = closer === t.RightParen ? t.LeftParen : t.LeftBracket
  let depth = 0
  for (let i = end - 1; i >= 0; i--) {
    if (tokens[i].tokenType === closer) depth++
    else if (tokens[i].tokenType === opener && depth-- === 0) return tokens[i]
  }
  return undefined
}

const firstTokens = (paths: readonly TokenType[][]): TokenType[] => [...new Set(paths.flatMap((path) => path.slice(0, 1)))]

const isEnd = (token: IToken): boolean => token.tokenType.name === 'EOF'
