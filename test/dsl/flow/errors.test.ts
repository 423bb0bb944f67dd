import { describe, expect, it } from 'vitest'
import { describeError } from '../../../src/base/describe-error.ts'
import { parseProgram } from '../../../src/dsl/flow/parse.ts'

/** All errors of the text, one line each, with code, place and hint. */
const errorsOf = (text: string): string =>
  parseProgram('a.flow', text)
    .errors.map(
      ({ code, message, details }) =>
        `${code} ${details.at?.line}:${details.at?.column} ${message}${details.hint ? ` | ${details.hint}` : ''}`,
    )
    .join('\n')

describe('special words', () => {
  it('for == of JavaScript', () => {
    expect(errorsOf('from t |> where a == 1')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:19 '==' is no operator | write '=' to compare"`,
    )
  })
  it('for && of JavaScript', () => {
    expect(errorsOf('from t |> where a && b')).toMatchInlineSnapshot(`"FLOW_SYNTAX 1:19 '&&' is no operator | write 'and'"`)
  })
  it('for :: of PostgreSQL', () => {
    expect(errorsOf('from t |> select x::int64')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:19 '::' is no operator | write cast(value as type)"`,
    )
  })
  it('for a path as a table', () => {
    expect(errorsOf("from 'x.csv'")).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:6 expected a dataset or a source function, found a string | did you mean csv('x.csv')?"`,
    )
    expect(errorsOf("from t |> join 'logs/a.jsonl' on true")).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:16 expected a dataset or a source function, found a string | did you mean jsonl('logs/a.jsonl')?"`,
    )
  })
  it('for having after a pipe', () => {
    expect(errorsOf('from t |> aggregate count(*) as n group by a |> having n > 1')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:49 unknown pipe operator 'having' | use 'where' after 'aggregate'"`,
    )
  })
  it('for group by outside an aggregate', () => {
    expect(errorsOf('from t |> group by a')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:11 unknown pipe operator 'group' | write 'aggregate ... group by ...'"`,
    )
    expect(errorsOf('from t |> select count(*) group by a')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:27 'group by' stands outside an aggregate | write 'aggregate ... group by ...'"`,
    )
  })
  it('for = in a named option', () => {
    expect(errorsOf("from csv('a.csv', header = false)")).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:26 a named option is written with '=>', found '=' | write header => ..."`,
    )
  })
  it('for comparisons in a chain', () => {
    expect(errorsOf('from t |> where 1 < a < 3')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:23 comparisons do not chain, found a second one, '<' | put one of them in parentheses"`,
    )
  })
  it('for unclosed strings, names and comments', () => {
    expect(errorsOf("from t |> where a = 'abc\n|> limit 1")).toMatchInlineSnapshot(
      `"FLOW_UNCLOSED_STRING 1:21 the string has no closing quote | a string ends on its line; longer ones stand between ''' and '''"`,
    )
    expect(errorsOf("from t |> where a = '''abc\n|> limit 1")).toMatchInlineSnapshot(
      `"FLOW_UNCLOSED_STRING 1:21 the string has no closing quote | a string ends on its line; longer ones stand between ''' and '''"`,
    )
    expect(errorsOf('from `t |> limit 1')).toMatchInlineSnapshot(`"FLOW_UNCLOSED_STRING 1:6 the name has no closing backquote"`)
    expect(errorsOf('from t /* all of it\n|> limit 1')).toMatchInlineSnapshot(
      `"FLOW_UNCLOSED_COMMENT 1:8 the comment has no end, '*/'"`,
    )
  })
  it('for a number that runs into a word', () => {
    expect(errorsOf('from t |> where a > 10second')).toMatchInlineSnapshot(
      `"FLOW_BAD_NUMBER 1:21 the number '10' runs into a word | put a space between '10' and 'second'"`,
    )
    expect(errorsOf('from t |> where a > 1.2.3')).toMatchInlineSnapshot(
      `"FLOW_BAD_NUMBER 1:21 '1.2.3' is no number | a number has one point"`,
    )
  })
  it('for characters that start nothing', () => {
    expect(errorsOf('from t |> where a = “x” | größe')).toMatchInlineSnapshot(`
      "FLOW_BAD_CHARACTER 1:21 no word or sign starts with '“' | use straight quotes
      FLOW_BAD_CHARACTER 1:23 no word or sign starts with '”' | use straight quotes
      FLOW_BAD_CHARACTER 1:25 no word or sign starts with '|' | operators follow '|>', strings are joined by '||'
      FLOW_BAD_CHARACTER 1:29 no word or sign starts with 'ö' | put names with such letters in backquotes"
    `)
  })
  it('for operators of other dialects', () => {
    expect(errorsOf('from t |> right join u on true')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:11 unknown pipe operator 'right' | the joins are 'join', 'inner join' and 'left join'"`,
    )
    expect(errorsOf('from t |> qualify x')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:11 unknown pipe operator 'qualify' | use 'where' after the operator that makes the value"`,
    )
    expect(errorsOf('from t |> pivot x')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:11 unknown pipe operator 'pivot' | the operators are where, select, extend, set, drop, rename, as, aggregate, join, inner join, left join, order by, limit, union all, union distinct, distinct, write"`,
    )
    expect(errorsOf('from t |> left semi join u on true')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:16 expected 'join', found 'semi' | the joins are 'join', 'inner join' and 'left join'"`,
    )
  })
  it('for select at the start', () => {
    expect(errorsOf('select a from t')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_STATEMENT 1:1 no statement starts with 'select' | a query starts with 'from': from t |> select ..."`,
    )
  })
  it('for a union without all or distinct', () => {
    expect(errorsOf('from t |> union (from u)')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:17 expected 'all' or 'distinct', found '(' | 'union all' keeps repeated rows, 'union distinct' drops them"`,
    )
  })
  it('for a join without a condition', () => {
    expect(errorsOf('from t |> join u |> limit 1')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:18 expected 'on' or 'using', found '|>' | write join b on a.k = b.k, or join b using (k)"`,
    )
  })
  it('for several tables after from', () => {
    expect(errorsOf('from t, u')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:7 expected '|>' or the end of the statement, found ',' | a query has one input; further ones come by '|> join'"`,
    )
  })
  it('for reserved words as names', () => {
    expect(errorsOf('from t |> rename a as group')).toMatchInlineSnapshot(
      `"FLOW_RESERVED_WORD 1:23 expected a name, found the reserved word 'group' | write \`group\` in backquotes to use it as a name"`,
    )
    expect(errorsOf("import { limit } from './x.ts'")).toMatchInlineSnapshot(
      `"FLOW_RESERVED_WORD 1:10 'limit' is a reserved word and needs another name here | write limit as another_name"`,
    )
    expect(errorsOf('from order')).toMatchInlineSnapshot(
      `"FLOW_RESERVED_WORD 1:6 expected a name, found the reserved word 'order' | write \`order\` in backquotes to use it as a name"`,
    )
    expect(errorsOf('from t |> select interval')).toMatchInlineSnapshot(
      `"FLOW_RESERVED_WORD 1:18 expected a name, found the reserved word 'interval' | write \`interval\` in backquotes to use it as a name"`,
    )
  })
  it('for a missing pipe', () => {
    expect(errorsOf('from t where a > 1')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:8 expected '|>' before 'where' | write |> where"`,
    )
    expect(errorsOf('from t\nselect a')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 2:1 expected '|>' before 'select' | write |> select"`,
    )
    expect(errorsOf('let x = t')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:9 expected a query, which starts with 'from', found 't' | write from name, from csv(...), or values (...)"`,
    )
  })
})

describe('suggestions', () => {
  it('find the operator, the statement and the word that was meant', () => {
    expect(errorsOf('from t |> wher a > 1')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:11 unknown pipe operator 'wher' | did you mean 'where'?"`,
    )
    expect(errorsOf('from t |> ordr by a')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:11 unknown pipe operator 'ordr' | did you mean 'order by'?"`,
    )
    expect(errorsOf('form t |> limit 1')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_STATEMENT 1:1 no statement starts with 'form' | did you mean 'from'?"`,
    )
    expect(errorsOf('from t |> where a > 1 adn b')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:23 expected '|>' or the end of the statement, found 'adn' | did you mean 'and'?"`,
    )
    expect(errorsOf('from t |> aggregate count(*) gruop by a')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:36 expected '|>' or the end of the statement, found 'by' | did you mean 'group' instead of 'gruop'?"`,
    )
    expect(errorsOf('from t wher a > 1')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:13 expected '|>' or the end of the statement, found 'a' | did you mean '|> where' instead of 'wher'?"`,
    )
    expect(errorsOf('from t |> frobnicate 1')).toMatchInlineSnapshot(
      `"FLOW_UNKNOWN_OPERATOR 1:11 unknown pipe operator 'frobnicate' | the operators are where, select, extend, set, drop, rename, as, aggregate, join, inner join, left join, order by, limit, union all, union distinct, distinct, write"`,
    )
  })
})

describe('expectations', () => {
  it('are named in words', () => {
    expect(errorsOf('from t |> where')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:16 expected an expression, found the end of the text"`,
    )
    expect(errorsOf('from t |>')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:10 expected an operator after '|>', found the end of the text | the operators are where, select, extend, set, drop, rename, as, aggregate, join, inner join, left join, order by, limit, union all, union distinct, distinct, write"`,
    )
    expect(errorsOf('from')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:5 expected a dataset, a source function or a query in parentheses, found the end of the text"`,
    )
    expect(errorsOf('from t |> where a is b')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:22 expected 'null', 'true', 'false' or 'distinct from', found 'b'"`,
    )
    expect(errorsOf('from t |> select case a end')).toMatchInlineSnapshot(`"FLOW_SYNTAX 1:25 expected 'when', found 'end'"`)
    expect(errorsOf('param x')).toMatchInlineSnapshot(`"FLOW_SYNTAX 1:8 expected a type, found the end of the text"`)
    expect(errorsOf('from t |> aggregate |> limit 1')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:11 expected items or 'group by' after 'aggregate'"`,
    )
    expect(errorsOf('from t |> where f(x => 1, 2)')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:27 an argument without a name stands after a named one"`,
    )
    expect(errorsOf('import f from "./x.ts"')).toMatchInlineSnapshot(`"FLOW_SYNTAX 1:8 expected '{', found 'f'"`)
    expect(errorsOf('from t schema (a int64)')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:6 only a source function takes a schema, 't' is a dataset"`,
    )
  })
  it('show where the bracket was opened', () => {
    const text = 'from t\n|> select (a +\n  b |> limit 1'
    expect(
      parseProgram('a.flow', text)
        .errors.map((error) => describeError(error, { 'a.flow': text }))
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "error FLOW_SYNTAX: expected ')', found '|>'
       --> a.flow:3:5
        |
      2 | |> select (a +
        |           - opened here
      3 |   b |> limit 1
        |     ^^"
    `)
  })
})

describe('recovery', () => {
  it('reports one error a statement and goes on with the next', () => {
    const text = `let a = from t |> wher x > 1 |> selct y |> where b is distinct from c
let b = from u |> select (x
type T = struct<a int64
from a |> limit 1
from b |> ordre by x; from c |> where ==`
    expect(errorsOf(text)).toMatchInlineSnapshot(`
      "FLOW_UNKNOWN_OPERATOR 1:19 unknown pipe operator 'wher' | did you mean 'where'?
      FLOW_SYNTAX 3:1 expected ')', found 'type'
      FLOW_SYNTAX 4:1 expected '>', found 'from'
      FLOW_UNKNOWN_OPERATOR 5:11 unknown pipe operator 'ordre' | did you mean 'order by'?
      FLOW_SYNTAX 5:39 '==' is no operator | write '=' to compare"
    `)
    expect(parseProgram('a.flow', text).statements.length).toBe(1)
  })
  it('does not take columns called type or values for statements', () => {
    expect(errorsOf('from t |> select a b c,\n  type,\n  values\n|> limit 1\nfrom u')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:22 expected '|>' or the end of the statement, found 'c' | is a comma missing before 'c'?"`,
    )
  })
  it('ends on any text', () => {
    for (const text of [
      ')',
      '(((',
      '|> |> |>',
      'let let let',
      'from from from',
      ';;; )',
      'from t |> where (((',
      "import { from './x'",
      'values values',
    ]) {
      expect(parseProgram('a.flow', text).errors.length, text).toBeGreaterThan(0)
    }
  })
  it('stops after 50 errors', () => {
    expect(parseProgram('a.flow', 'from t |> wher x;\n'.repeat(200)).errors.length).toBe(50)
  })
})

describe('nesting', () => {
  const nested = (open: string, inner: string, close: string, count: number): string =>
    `from t |> where ${open.repeat(count)}${inner}${close.repeat(count)}`
  it.each([
    ['(', 'a', ')'],
    ['f(', 'a', ')'],
    ['a[', '0', ']'],
    ['case when a then ', 'b', ' end'],
    ['not ', 'a', ''],
    ['- ', 'a', ''],
    ['b - (', 'a', ')'],
  ])('takes 64 levels of %s and no more', (open, inner, close) => {
    expect(errorsOf(nested(open, inner, close, 64))).toBe('')
    expect(errorsOf(nested(open, inner, close, 65))).toContain('FLOW_NESTING')
  })
  it('counts signs before brackets together with them', () => {
    expect(errorsOf(nested('not (', 'a', ')', 32))).toBe('')
    expect(errorsOf(nested('not (', 'a', ')', 33))).toContain('FLOW_NESTING')
  })
  it('counts types', () => {
    expect(errorsOf(`type T = ${'array<'.repeat(64)}string${'>'.repeat(64)}`)).toBe('')
    expect(errorsOf(`type T = ${'array<'.repeat(65)}string${'>'.repeat(65)}`)).toContain('FLOW_NESTING')
  })
  it('refuses 100,000 levels without overflowing the stack', () => {
    expect(errorsOf(nested('(', 'a', ')', 100_000))).toMatchInlineSnapshot(
      `"FLOW_NESTING 1:81 nested deeper than 64 levels | compute inner parts in an extend before"`,
    )
  })
})

describe('words of other dialects', () => {
  it('for by without group', () => {
    expect(errorsOf('from t |> aggregate sum(a) by b')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:28 expected '|>' or the end of the statement, found 'by' | write 'group by' after the aggregates, or '|> order by'"`,
    )
  })
  it('for a file name without quotes', () => {
    expect(errorsOf('from orders.csv')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:12 expected '|>' or the end of the statement, found '.' | a file is read by a source: csv('orders.csv')"`,
    )
    expect(errorsOf('from events.jsonl |> limit 1')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:12 expected '|>' or the end of the statement, found '.' | a file is read by a source: jsonl('events.jsonl')"`,
    )
  })
  it('for a mistyped direction', () => {
    expect(errorsOf('from t |> order by id descc')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:23 expected '|>' or the end of the statement, found 'descc' | did you mean 'desc'?"`,
    )
  })
  it('for columns without commas', () => {
    expect(errorsOf('from t |> select id amount customer')).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:28 expected '|>' or the end of the statement, found 'customer' | is a comma missing before 'customer'?"`,
    )
  })
  it('for a bytes literal', () => {
    expect(errorsOf("from t |> select b'abc' as x")).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:19 'b' is no type that stands before a text | write cast('abc' as bytes)"`,
    )
    expect(errorsOf("from t |> select time '10:00' as x")).toMatchInlineSnapshot(
      `"FLOW_SYNTAX 1:23 'time' is no type that stands before a text | such types are date and timestamp; a text without escapes is r'...'"`,
    )
  })
})
