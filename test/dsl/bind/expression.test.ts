import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import type { Syntax } from '../../../src/dsl/syntax.ts'
import { at, bool, call, errorsOf, field, item, name, nothing, number, Program, printed, ref, syntax, text } from './fixtures.ts'

const columns = 'i int64, f float64?, s string, d date, t timestamp, b bool, a array<string>, p point'

/** The expression as it is bound over these columns, with its type. */
async function bound(value: Syntax): Promise<string> {
  const p = new Program()
  const s = p.add({ u: 'select', distinct: false, items: [item(value, 'out')] }, p.table(columns))
  const line = (await printed(p.plan(s))).split('\n')[1]
  return line
    .trim()
    .replace(/^\d+ project out#\d+ = /, '')
    .replace(/ → \[out#\d+ (.*)\].*$/, ': $1')
}

async function problem(...values: Syntax[]): Promise<string> {
  const p = new Program()
  const s = p.add({ u: 'select', distinct: false, items: values.map((value, i) => item(value, `x${i}`)) }, p.table(columns))
  return errorsOf(p.plan(s))
}

const cast = (value: Syntax, type: string, safe = false): Syntax =>
  syntax({ s: 'cast', value, type: { t: 'name', name: type, at }, safe })
const between = (value: Syntax, low: Syntax, high: Syntax, negated = false): Syntax =>
  syntax({ s: 'between', value, low, high, negated })
const among = (value: Syntax, list: Syntax[], negated = false): Syntax => syntax({ s: 'in', value, list, negated })

describe('untyped constants', () => {
  it('compute exactly before they meet a type', async () => {
    const low = call('subtract', number('0.06'), number('0.01'))
    const high = call('add', number('0.06'), number('0.01'))
    expect(await bound(between(name('f'), low, high))).toBe('((f#1 >= 0.05) and (f#1 <= 0.07)): bool?')
  })

  it('take the type of the other operand', async () => {
    expect(await bound(call('add', name('i'), number(1)))).toBe('(i#0 + 1): int64')
    expect(await bound(call('add', name('f'), number(1)))).toBe('(f#1 + 1): float64?')
    expect(await bound(call('add', name('i'), number('1.5')))).toBe('(cast(i#0 as float64) + 1.5): float64')
  })

  it('are int64, or float64 when written with a point, where nothing else says', async () => {
    expect(await bound(number('12'))).toBe('12: int64')
    expect(await bound(number('0x10'))).toBe('16: int64')
    expect(await bound(number('1e3'))).toBe('1000: float64')
    expect(await bound(call('negate', number('9223372036854775808')))).toBe('-9223372036854775808: int64')
    expect(await bound(call('multiply', number('0.1'), number(3)))).toBe('0.3: float64')
  })

  it('turn texts into dates where a date is compared', async () => {
    expect(await bound(call('less', name('d'), text('2026-11-01')))).toBe("(d#3 < date '2026-11-01'): bool")
    expect(await bound(syntax({ s: 'typed', type: types.timestamp, text: '2026-11-01 00:00:00' }))).toBe(
      "timestamp '2026-11-01T00:00:00.000000Z': timestamp",
    )
  })

  it('give null the type it is asked for', async () => {
    expect(await bound(call('coalesce', nothing, name('s')))).toBe('coalesce(null, s#2): string')
    expect(await bound(nothing)).toBe('null: int64?')
  })

  it('are refused where they do not fit', async () => {
    expect(
      await problem(
        number('9223372036854775808'),
        number('1e999'),
        call('less', name('d'), text('soon')),
        syntax({ s: 'typed', type: types.date, text: '2026-13-01' }),
      ),
    ).toMatchInlineSnapshot(`
      "PLAN_TYPE_MISMATCH 9223372036854775808 is outside the range of int64
      PLAN_TYPE_MISMATCH 1000000000000000000000000000000000000000… is outside the range of float64
      PLAN_TYPE_MISMATCH 'soon' is not a date
      PLAN_TYPE_MISMATCH '2026-13-01' is not a date"
    `)
  })
})

describe('operators and calls', () => {
  it('divides as float64 always', async () => {
    expect(await bound(call('divide', name('i'), number(2)))).toBe('(cast(i#0 as float64) / 2): float64')
    expect(await bound(call('divide', number(1), number(2)))).toBe('(1 / 2): float64')
  })

  it('adds integers as integers before a float joins them', async () => {
    expect(await bound(call('add', name('i'), name('i'), name('f')))).toBe('(cast((i#0 + i#0) as float64) + f#1): float64?')
  })

  it('writes between and in as calls', async () => {
    expect(await bound(between(name('i'), number(1), number(2), true))).toBe('not ((i#0 >= 1) and (i#0 <= 2)): bool')
    expect(await bound(among(name('i'), [number(1), name('f')], true))).toBe('not (cast(i#0 as float64) in (1, f#1)): bool?')
  })

  it('unifies the results of case', async () => {
    const arms = [
      { when: number(1), then: number('1') },
      { when: number(2), then: name('f') },
    ]
    expect(await bound(syntax({ s: 'case', operand: name('i'), arms }))).toBe(
      'case when (i#0 = 1) then 1 when (i#0 = 2) then f#1 end: float64?',
    )
    const whens = [{ when: name('b'), then: name('s') }]
    expect(await bound(syntax({ s: 'case', arms: whens, else: text('x') }))).toBe("case when b#5 then s#2 else 'x' end: string")
  })

  it('reads fields of structs and items of arrays', async () => {
    expect(await bound(field('p', 'x'))).toBe('p#7.x: float64')
    expect(await bound(syntax({ s: 'index', of: name('a'), index: number(0) }))).toBe('a#6[0]: string?')
  })

  it('builds arrays and structs', async () => {
    expect(await bound(syntax({ s: 'array', items: [number(1), name('f')] }))).toBe('[1, f#1]: array<float64>')
    const struct = syntax({ s: 'struct', fields: [{ value: name('i') }, { name: 'k', value: text('v') }] })
    expect(await bound(struct)).toBe("struct(i#0 as i, 'v' as k): struct<i int64, k string>")
  })

  it('casts what can be cast, and leaves what already fits', async () => {
    expect(await bound(cast(name('s'), 'int64'))).toBe('cast(s#2 as int64): int64')
    expect(await bound(cast(name('s'), 'int', true))).toBe('safe_cast(s#2 as int64): int64?')
    expect(await bound(cast(nothing, 'date'))).toBe('null: date?')
  })

  it('calls imported functions by their signature', async () => {
    const fn = ref('clean')
    const imports = [{ name: 'clean', fn, kind: 'scalar', args: [types.float64], returns: types.string }] as const
    const p = new Program()
    const s = p.add({ u: 'select', distinct: false, items: [item(call('clean', name('i')), 'c')] }, p.table(columns))
    expect(await printed(p.plan(s, { imports }))).toContain('c#8 = clean(cast(i#0 as float64)) → [c#8 string?]')
    const bad = p.add({ u: 'select', distinct: false, items: [item(call('clean', name('s'))), item(call('clean'))] }, 0)
    expect(await errorsOf(p.plan(bad, { imports }))).toMatchInlineSnapshot(`
      "PLAN_TYPE_MISMATCH argument 1 of 'clean' needs float64, found string
      PLAN_ARGUMENTS 'clean' takes 1 argument, found 0 (its signature is clean(float64) returns string)"
    `)
  })

  it('says what was expected', async () => {
    expect(
      await problem(
        call('add', name('s'), number(1)),
        call('lowr', name('s')),
        call('lower', name('i')),
        call('lower'),
        call('and', name('b'), name('i')),
        cast(name('d'), 'bool'),
        cast(name('d'), 'dat'),
        field('p', 'y'),
        field('s', 'y'),
        field('q', 'y'),
        syntax({ s: 'index', of: name('s'), index: number(0) }),
        syntax({ s: 'array', items: [number(1), text('x')] }),
        syntax({ s: 'case', arms: [{ when: bool(true), then: name('s') }], else: name('i') }),
        among(name('i'), [text('x')]),
        syntax({ s: 'param', name: 'day' }),
        syntax({ s: 'call', fn: 'lower', fnAt: at, args: [name('s')], named: [], distinct: true }),
        syntax({ s: 'call', fn: 'lower', fnAt: at, args: [name('s')], named: [{ name: 'k', value: number(1) }] }),
      ),
    ).toMatchInlineSnapshot(`
      "PLAN_TYPE_MISMATCH '+' cannot take string and the number 1 (cast one side: cast(... as int64))
      PLAN_UNKNOWN_FUNCTION unknown function 'lowr' (did you mean 'lower'?)
      PLAN_ARGUMENTS 'lower' cannot take (int64) (it takes lower(string))
      PLAN_ARGUMENTS 'lower' needs arguments (it takes lower(string))
      PLAN_TYPE_MISMATCH 'and' cannot take bool and int64
      PLAN_TYPE_MISMATCH cannot cast date to bool
      PLAN_UNKNOWN_TYPE unknown type 'dat' (did you mean 'date'?)
      PLAN_UNKNOWN_COLUMN the struct has no fields 'y' (fields: x)
      PLAN_TYPE_MISMATCH '.y' needs a struct, found string
      PLAN_UNKNOWN_COLUMN no table alias or column 'q' (no table has an alias here; use \`as\`)
      PLAN_TYPE_MISMATCH '[...]' needs an array, found string
      PLAN_TYPE_MISMATCH the items of an array have no common type: the number 1, the text 'x' (cast them to one type)
      PLAN_TYPE_MISMATCH the results of case have no common type: string, int64 (cast them to one type)
      PLAN_TYPE_MISMATCH the operands of 'in' have no common type: int64, the text 'x' (cast them to one type)
      PLAN_UNKNOWN_PARAM unknown parameter '@day' (declare it: param day string)
      PLAN_ARGUMENTS 'lower' is no aggregate function, so it takes no distinct
      PLAN_ARGUMENTS 'lower' takes no named arguments"
    `)
  })
})
