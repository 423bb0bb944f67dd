import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../src/base/errors.ts'
import { parseExpression, parseItems, parseSort, parseType } from '../../../src/dsl/flow/parse.ts'
import { showItem, showSyntax, showType } from './show-syntax.ts'

const at = { file: 'a.ts', line: 7, column: 3 }
const show = (text: string): string => showSyntax(parseExpression(text, at))

describe('precedence', () => {
  it.each([
    ['a + b * c', 'add(a, multiply(b, c))'],
    ['(a + b) * c', 'multiply(add(a, b), c)'],
    ['a - b - c', 'subtract(subtract(a, b), c)'],
    ['a / b * c', 'multiply(divide(a, b), c)'],
    ['a || b * c', 'multiply(concat(a, b), c)'],
    ['-a.b[0]', 'negate(a.b[0])'],
    ['- -1', 'negate(negate(1))'],
    ['+a', 'a'],
    ['a = b + 1', 'equal(a, add(b, 1))'],
    ['not a = b', 'not(equal(a, b))'],
    ['not not a', 'not(not(a))'],
    ['not a and b or c', 'or(and(not(a), b), c)'],
    ['a or b and c', 'or(a, and(b, c))'],
    ['a <> b', 'not_equal(a, b)'],
    ['a between 1 and 2 and b', 'and(between(a, 1, 2), b)'],
  ])('%s is %s', (text, shown) => {
    expect(show(text)).toBe(shown)
  })
})

describe('chains', () => {
  it('makes one call of a chain of one associative operator', () => {
    expect(show('a and b and c and d')).toBe('and(a, b, c, d)')
    expect(show('a or b or c')).toBe('or(a, b, c)')
    expect(show('a + b + c - d + e + f')).toBe('add(subtract(add(a, b, c), d), e, f)')
    expect(show("a || '-' || b")).toBe('concat(a, "-", b)')
  })
  it.each(['and', 'or', '+', '||'])('keeps 10,000 operands of %s flat', (sign) => {
    const parsed = parseExpression(Array.from({ length: 10_000 }, (_, i) => `c${i}`).join(` ${sign} `), at)
    expect(parsed.s === 'call' && parsed.args.length).toBe(10_000)
  })
  it('keeps the operands of parentheses apart', () => {
    expect(show('a and (b and c)')).toBe('and(a, and(b, c))')
  })
  it('refuses long chains of operators that nest to the left', () => {
    expect(() => parseExpression(Array.from({ length: 1_000 }, () => 'c').join(' - '), at)).toThrow(
      'nests more than 500 operators',
    )
    expect(() => parseExpression(`a${'.b'.repeat(1_000)}`, at)).toThrow('nests more than 500 operators')
  })
})

describe('tests', () => {
  it.each([
    ['a is null', 'is_null(a)'],
    ['a is not null', 'is_not_null(a)'],
    ['a is true', 'not(is_distinct_from(a, true))'],
    ['a is not false', 'is_distinct_from(a, false)'],
    ['a is distinct from b', 'is_distinct_from(a, b)'],
    ['a is not distinct from b + 1', 'not(is_distinct_from(a, add(b, 1)))'],
    ["a like 'x%'", 'like(a, "x%")'],
    ["a not like 'x%'", 'not(like(a, "x%"))'],
    ['a in (1, 2,)', 'in(a; 1, 2)'],
    ['a not in (1)', 'not_in(a; 1)'],
    ['a not between b and c', 'not_between(a, b, c)'],
  ])('%s is %s', (text, shown) => {
    expect(show(text)).toBe(shown)
  })
})

describe('literals', () => {
  it.each([
    ['1.50', '1.50'],
    ['.5', '.5'],
    ['1e-3', '1e-3'],
    ['true', 'true'],
    ['NULL', 'null'],
    ["date '2026-01-31'", 'date:2026-01-31'],
    ["TIMESTAMP '2026-01-31 10:00:00'", 'timestamp:2026-01-31 10:00:00'],
    ['@day', '@day'],
    ['[1, 2]', '[1, 2]'],
    ['array[1]', '[1]'],
    ['array<string>[]', 'cast([] as array<string>)'],
    ['struct(1 as a, b)', '{a: 1, b}'],
    ['struct()', '{}'],
  ])('%s is %s', (text, shown) => {
    expect(show(text)).toBe(shown)
  })
  it.each([
    ["'it''s'", "it's"],
    ['"a""b"', 'a"b'],
    ["''", ''],
    ["''''", "'"],
    [String.raw`'a\tb\\\'\x41\u00e9\U0001F642\101'`, "a\tb\\'Aé🙂A"],
    [String.raw`r'\d+\'`, '\\d+\\'],
    ["'''two\nlines, 'quoted' '''", "two\nlines, 'quoted' "],
    ['"""x "y" z"""', 'x "y" z'],
    [String.raw`r'''\n'''`, '\\n'],
    ["'-- no comment'", '-- no comment'],
  ])('the string %s is %j', (text, value) => {
    const parsed = parseExpression(text, at)
    expect(parsed.s === 'string' && parsed.value).toBe(value)
  })
  it('refuses escapes that mean nothing', () => {
    expect(() => parseExpression(String.raw`'50\%'`, at)).toThrow(String.raw`unknown escape '\%'`)
    expect(() => parseExpression(String.raw`'\ud800'`, at)).toThrow(String.raw`unknown escape '\u'`)
  })
})

describe('calls, cases and casts', () => {
  it.each([
    ['count(*)', 'count(*)'],
    ['count(distinct a)', 'count(distinct, a)'],
    ['sum(a where b > 1)', 'sum(a where greater(b, 1))'],
    ['count(* where b)', 'count(* where b)'],
    ['f()', 'f()'],
    ['f(a, b, x => 1,)', 'f(a, b, x=>1)'],
    ['left(a, 2)', 'left(a, 2)'],
    ['if(a, b, c)', 'if(a, b, c)'],
    ['case when a then 1 end', 'case(a: 1)'],
    ['case a when 1 then 2 when 3 then 4 else 5 end', 'case(a; 1: 2, 3: 4; 5)'],
    ['cast(a + 1 as int64)', 'cast(add(a, 1) as int64)'],
    [
      'safe_cast(a as array<struct<x int64 not null, y array<array<string>>>>)',
      'safe_cast(a as array<struct<x int64 not null, y array<array<string>>>>)',
    ],
    ['split(a)[0].x.end', 'split(a)[0].x.end'],
  ])('%s is %s', (text, shown) => {
    expect(show(text)).toBe(shown)
  })
})

describe('names', () => {
  it('lets contextual words be columns', () => {
    expect(show('type + date + values + let + first + offset + schema + write')).toBe(
      'add(type, date, values, let, first, offset, schema, write)',
    )
  })
  it('takes any name in backquotes, as it is', () => {
    expect(show('`group` + `Größe in m`')).toBe('add(`group`, `Größe in m`)')
  })
  it('takes keywords in any letter case', () => {
    expect(show('A And NOT b')).toBe('and(A, not(b))')
  })
})

describe('texts of the fluent API', () => {
  it('gives every part the place of the text', () => {
    expect(parseExpression('a + 1', at)).toEqual({
      at,
      s: 'call',
      fn: 'add',
      fnAt: at,
      named: [],
      args: [
        { at, s: 'name', name: 'a' },
        { at, s: 'number', text: '1' },
      ],
    })
  })
  it('names the text and the column in errors', () => {
    const error = catchError(() => parseExpression('a + ', at))
    expect(error.message).toBe("expected an expression, found the end of the text (column 4 of 'a + ')")
    expect(error.details.at).toEqual(at)
  })
  it('refuses a text that goes on', () => {
    expect(() => parseExpression('a b', at)).toThrow("expected the end of the text, found 'b'")
  })
  it('reads items, sort keys and types', () => {
    expect(parseItems('a, b + 1 as c, d e, *, t.* except (x) replace (1 as y)', at).map(showItem)).toEqual([
      'a',
      'add(b, 1) as c',
      'd as e',
      '*',
      't.* except x replace y=1',
    ])
    expect(
      parseSort('a desc nulls last, b, c asc nulls first', at).map(({ value, ...rest }) => [showSyntax(value), rest]),
    ).toEqual([
      ['a', { desc: true, nulls: 'last' }],
      ['b', { desc: false }],
      ['c', { desc: false, nulls: 'first' }],
    ])
    expect(showType(parseType('struct<a int64, b array<string>>', at))).toBe('struct<a int64, b array<string>>')
  })
})

function catchError(run: () => unknown): MillraceError {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof MillraceError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}
