import { createToken, Lexer, type TokenType } from 'chevrotain'

/** Any word, reserved or not: what may follow a dot. */
export const Word = createToken({ name: 'Word', pattern: Lexer.NA, label: 'a name' })
/** Words that may name a column or a dataset without backquotes. */
export const Name = createToken({ name: 'Name', pattern: Lexer.NA, label: 'a name', categories: Word })
/** Names that may be an alias without `as`; the others start a statement or follow an item. */
export const AliasName = createToken({ name: 'AliasName', pattern: Lexer.NA, label: 'a name', categories: Name })
export const Comparison = createToken({ name: 'Comparison', pattern: Lexer.NA, label: 'a comparison' })
export const BooleanLiteral = createToken({ name: 'BooleanLiteral', pattern: Lexer.NA, label: "'true' or 'false'" })

export const Identifier = createToken({
  name: 'Identifier',
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
  label: 'a name',
  categories: AliasName,
})
export const QuotedName = createToken({
  name: 'QuotedName',
  pattern: /`(?:[^`\\\n\r]|\\.)+`/,
  label: 'a name',
  categories: AliasName,
})

const byWord = new Map<string, TokenType>()
const word = (text: string, categories: TokenType[]): TokenType => {
  const token = createToken({
    name: text.toUpperCase(),
    pattern: new RegExp(text, 'i'),
    longer_alt: Identifier,
    label: `'${text}'`,
    categories,
  })
  byWord.set(text, token)
  return token
}
const reserved = (text: string): TokenType => word(text, [Word])
const contextual = (text: string): TokenType => word(text, [Name])
const contextualAlias = (text: string): TokenType => word(text, [AliasName])

// Words of GoogleSQL's reserved list that the grammar uses.
export const All = reserved('all')
export const And = reserved('and')
export const ArrayWord = reserved('array')
export const As = reserved('as')
export const Asc = reserved('asc')
export const Between = reserved('between')
export const By = reserved('by')
export const Case = reserved('case')
export const Cast = reserved('cast')
export const SafeCast = reserved('safe_cast')
export const Desc = reserved('desc')
export const Distinct = reserved('distinct')
export const Else = reserved('else')
export const End = reserved('end')
export const Except = reserved('except')
export const False = word('false', [Word, BooleanLiteral])
export const From = reserved('from')
export const Group = reserved('group')
export const In = reserved('in')
export const Inner = reserved('inner')
export const Is = reserved('is')
export const Join = reserved('join')
export const Left = reserved('left')
export const Like = reserved('like')
export const Limit = reserved('limit')
export const Not = reserved('not')
export const Null = reserved('null')
export const Nulls = reserved('nulls')
export const On = reserved('on')
export const Or = reserved('or')
export const Order = reserved('order')
export const Outer = reserved('outer')
export const Right = reserved('right')
export const Select = reserved('select')
export const SetWord = reserved('set')
export const Struct = reserved('struct')
export const Then = reserved('then')
export const True = word('true', [Word, BooleanLiteral])
export const Union = reserved('union')
export const Unnest = reserved('unnest')
export const Using = reserved('using')
export const When = reserved('when')
export const Where = reserved('where')
export const With = reserved('with')

// Contextual words: columns may have these names.
export const Import = contextual('import')
export const Param = contextual('param')
export const TypeWord = contextual('type')
export const Let = contextual('let')
export const Values = contextual('values')
export const Schema = contextual('schema')
export const Offset = contextual('offset')
export const Write = contextual('write')
export const Aggregate = contextualAlias('aggregate')
export const Extend = contextualAlias('extend')
export const Drop = contextualAlias('drop')
export const Rename = contextualAlias('rename')
export const First = contextualAlias('first')
export const Last = contextualAlias('last')
export const Replace = contextualAlias('replace')
export const Returns = contextualAlias('returns')

/** Reserved in GoogleSQL and without a use here: refused as names, so that no program changes its meaning when one gets a use. */
const kept = ['cross', 'exists', 'full', 'having', 'intersect', 'interval', 'lateral', 'natural', 'over', 'qualify', 'window']
const keptTokens = kept.map(reserved)
/** Names, but never an alias without `as`: they may come to follow an item. */
const neverAlias = ['emit', 'for', 'into', 'late', 'merge', 'pivot', 'table', 'tablesample', 'unpivot', 'watermark'].map(
  contextual,
)

export const NumberLiteral = createToken({
  name: 'Number',
  pattern: /(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\.|[A-Za-z0-9_])/,
  label: 'a number',
})
const BadNumber = createToken({ name: 'BadNumber', pattern: /[0-9][A-Za-z0-9_.]*/, label: 'a number' })

export const StringLiteral = createToken({ name: 'String', pattern: Lexer.NA, label: 'a string' })
const stringForms: readonly [name: string, pattern: RegExp][] = [
  ['RawTripleSingle', /r'''[\s\S]*?'''/i],
  ['RawTripleDouble', /r"""[\s\S]*?"""/i],
  ['RawSingle', /r'[^'\n\r]*'/i],
  ['RawDouble', /r"[^"\n\r]*"/i],
  // Four quotes are the SQL habit for a string of one quote; three open a long string.
  ['QuoteSingle', /''''(?!')/],
  ['QuoteDouble', /""""(?!")/],
  ['TripleSingle', /'''(?:[^\\]|\\[\s\S])*?'''/],
  ['TripleDouble', /"""(?:[^\\]|\\[\s\S])*?"""/],
  ['Single', /'(?!'')(?:[^'\\\n\r]|\\.|'')*'/],
  ['Double', /"(?!"")(?:[^"\\\n\r]|\\.|"")*"/],
]
const stringTokens = stringForms.map(([name, pattern]) =>
  createToken({
    name: `String${name}`,
    pattern,
    label: 'a string',
    categories: StringLiteral,
    line_breaks: name.includes('Triple'),
  }),
)
export const UnclosedString = createToken({ name: 'UnclosedString', pattern: /r?(?:'[^\n\r]*|"[^\n\r]*)/i, label: 'a string' })
export const UnclosedName = createToken({ name: 'UnclosedName', pattern: /`[^\n\r]*/, label: 'a name' })

export const Parameter = createToken({ name: 'Parameter', pattern: /@[A-Za-z_][A-Za-z0-9_]*/, label: 'a parameter' })

const sign = (name: string, text: string, categories: TokenType[] = []): TokenType =>
  createToken({ name, pattern: text, label: `'${text}'`, categories })
export const Pipe = sign('Pipe', '|>')
export const Concat = sign('Concat', '||')
export const Arrow = sign('Arrow', '=>')
/** Signs of other languages, known so that the error can name the right one; no rule uses them. */
export const EqualEqual = sign('EqualEqual', '==')
export const DoubleColon = sign('DoubleColon', '::')
export const AndAnd = sign('AndAnd', '&&')
const LessEqual = sign('LessEqual', '<=', [Comparison])
const GreaterEqual = sign('GreaterEqual', '>=', [Comparison])
const NotEqual = sign('NotEqual', '!=', [Comparison])
const LessGreater = sign('LessGreater', '<>', [Comparison])
export const Equal = sign('Equal', '=', [Comparison])
export const Less = sign('Less', '<', [Comparison])
// There is no '>>': two '>' may close two types.
export const Greater = sign('Greater', '>', [Comparison])
export const Plus = sign('Plus', '+')
export const Minus = sign('Minus', '-')
export const Star = sign('Star', '*')
export const Slash = sign('Slash', '/')
export const LeftParen = sign('LeftParen', '(')
export const RightParen = sign('RightParen', ')')
export const LeftBracket = sign('LeftBracket', '[')
export const RightBracket = sign('RightBracket', ']')
export const LeftBrace = sign('LeftBrace', '{')
export const RightBrace = sign('RightBrace', '}')
export const Comma = sign('Comma', ',')
export const Dot = sign('Dot', '.')
export const Semicolon = sign('Semicolon', ';')

const WhiteSpace = createToken({
  name: 'WhiteSpace',
  pattern: /[ \t\r\n\f\ufeff\u00a0]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
})
const LineComment = createToken({ name: 'LineComment', pattern: /(?:--|#|\/\/)[^\n\r]*/, group: Lexer.SKIPPED })
const BlockComment = createToken({ name: 'BlockComment', pattern: /\/\*[\s\S]*?\*\//, group: Lexer.SKIPPED, line_breaks: true })
export const UnclosedComment = createToken({
  name: 'UnclosedComment',
  pattern: /\/\*[\s\S]*/,
  line_breaks: true,
  label: 'a comment',
})

// A longer word goes first: 'in' would else take the beginning of 'inner' and end as a plain name.
const words = [...byWord.values()].sort((a, b) => b.name.length - a.name.length)
const signs = [
  ...[Pipe, Concat, Arrow, EqualEqual, DoubleColon, AndAnd, LessEqual, GreaterEqual, NotEqual, LessGreater, Equal, Less, Greater],
  ...[Plus, Minus, Star, Slash, LeftParen, RightParen, LeftBracket, RightBracket, LeftBrace, RightBrace, Comma, Dot, Semicolon],
]
/** In the order in which the lexer tries them: longer forms before their beginnings. */
export const allTokens: TokenType[] = [
  ...[WhiteSpace, LineComment, BlockComment, UnclosedComment],
  ...stringTokens,
  ...[UnclosedString, ...words, Identifier, QuotedName, UnclosedName, NumberLiteral, BadNumber, Parameter],
  ...signs,
  ...[Word, Name, AliasName, Comparison, BooleanLiteral, StringLiteral],
]

/** Tokens that mark an error by themselves; the parser never sees them. */
export const errorTokens: ReadonlySet<TokenType> = new Set([UnclosedString, UnclosedName, UnclosedComment, BadNumber])

/** Words that start a statement. */
export const statementWords: readonly string[] = ['import', 'param', 'type', 'let', 'set', 'from', 'values']
export const statementTokens: ReadonlySet<TokenType> = new Set([Import, Param, TypeWord, Let, SetWord, From, Values])
/** Words that may follow `|>`. */
export const pipeWords: readonly string[] = [
  ...['where', 'select', 'extend', 'set', 'drop', 'rename', 'as', 'aggregate', 'join', 'inner join', 'left join'],
  ...['order by', 'limit', 'union all', 'union distinct', 'distinct', 'write'],
]
/** Every word with a token of its own. */
export const keywords: readonly string[] = [...byWord.keys()]
/** Words that are names only in backquotes. */
export const reservedWords: ReadonlySet<string> = new Set(
  [...byWord]
    .filter(([, token]) => !token.CATEGORIES?.some((category) => category === Name || category === AliasName))
    .map(([text]) => text),
)
export const unusedTokens: ReadonlySet<TokenType> = new Set([
  ...keptTokens,
  ...neverAlias,
  EqualEqual,
  DoubleColon,
  AndAnd,
  ...errorTokens,
])
