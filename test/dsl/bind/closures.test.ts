import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { bind } from '../../../src/dsl/bind/bind.ts'
import type { UnboundForm } from '../../../src/dsl/syntax.ts'
import { at, call, contextOf, errorsOf, name, number, Program, printed, ref, schemaOf } from './fixtures.ts'

const map = (label: string, extra: Partial<Extract<UnboundForm, { u: 'parallelDo' }>> = {}): UnboundForm => ({
  u: 'parallelDo',
  shape: 'map',
  fn: ref(label),
  ...extra,
})
const keyBy: UnboundForm = map('keyBy', { keyed: true })
const algebra = { associative: true, commutative: false, idempotent: false, invertible: false }
const sampled = (values: readonly unknown[]) => ({ sample: async () => values })

describe('parallelDo', () => {
  it('has the declared row', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const rows = p.add(map('f', { returns: { schema: schemaOf('x string, y float64?') } }), t)
    expect(await printed(p.plan(rows))).toMatchInlineSnapshot(`
      "output result
        1 map f → [x#1 string, y#2 float64?] in source order
          0 source memory {} → [a#0 int64] in source order"
    `)
    const element = p.add(map('g', { shape: 'flatMap', returns: { element: types.string, nullable: false } }), t)
    expect(await printed(p.plan(element))).toMatchInlineSnapshot(`
      "output result
        1 flatMap g → element [value#1 string] in source order
          0 source memory {} → [a#0 int64] in source order"
    `)
    const described = p.add(map('h', { fn: ref('h', { returns: types.int64 }) }), t)
    expect(await printed(p.plan(described))).toContain('element [value#1 int64?]')
  })

  it('stays opaque between closures and is sampled once where a type is needed', async () => {
    const p = new Program()
    const first = p.add(map('first'), p.table('a int64'))
    const second = p.add(map('second'), first)
    const kept = p.add(map('kept', { shape: 'filter' }), second)
    const w = p.add({ u: 'where', predicate: call('greater', name('n'), number(1)) }, kept)
    const asked: number[] = []
    const sample = async (plan: { nodes: readonly unknown[] }, node: number) => {
      asked.push(plan.nodes.length, node)
      return [
        { n: 1, s: 'x' },
        { n: 2, s: null },
      ]
    }
    expect(await printed(p.plan({ w, kept }), { sample })).toMatchInlineSnapshot(`
      "output w
        4 filter (n#3 > 1) → [n#3 float64, s#4 string?] in source order
          3 filter kept → [n#3 float64, s#4 string?] in source order
            2 map second (sampled 2 rows) → [n#3 float64, s#4 string?] in source order
              1 map first → element [value#1 js?] in source order
                0 source memory {} → [a#0 int64] in source order
      output kept
        3 (above)"
    `)
    expect(asked).toEqual([3, 2])
  })

  it('asks for a declaration when the sample gives no type', async () => {
    const p = new Program()
    const f = p.add(map('map at x.ts:1:1'), p.table('a int64'))
    expect(await errorsOf(p.plan(f), sampled([]))).toMatchInlineSnapshot(
      `"PLAN_SCHEMA_UNKNOWN the row type of 'map at x.ts:1:1' is not known: it returned no value for the rows that were tried (declare it: { returns: { name: type, ... } })"`,
    )
    expect(await errorsOf(p.plan(f), sampled([1, 'a']))).toMatchInlineSnapshot(
      `"PLAN_SCHEMA_UNKNOWN the row type of 'map at x.ts:1:1' is not known: it returned numbers and also strings (declare it: { returns: { name: type, ... } })"`,
    )
  })

  it('never tries a function with effects', async () => {
    const p = new Program()
    const f = p.add(map('send', { fn: ref('send', { effects: true }) }), p.table('a int64'))
    const g = p.add(map('after'), f)
    const sample = async () => expect.unreachable()
    expect(await errorsOf(p.plan(g), { sample })).toMatchInlineSnapshot(
      `"PLAN_SCHEMA_UNKNOWN the row type of 'after' is not known: 'send' has effects, so it is not tried (declare it: { returns: { name: type, ... } })"`,
    )
  })

  it('gives closures the visible columns only', async () => {
    const p = new Program()
    const t = p.table('a int64', 't')
    const s = p.add({ u: 'set', items: [{ name: 'a', value: number(1), at }] }, t)
    const f = p.add(map('f', { returns: { element: types.int64, nullable: false } }), s)
    expect(await printed(p.plan(f))).toContain('project a#1 = 1 → [a#1 int64]')
  })
})

describe('keyed collections', () => {
  it('have key columns and value columns', async () => {
    const p = new Program()
    const k = p.add(keyBy, p.table('a int64'))
    expect(await printed(p.plan(k), sampled([['x', { a: 1, b: true }]]))).toMatchInlineSnapshot(`
      "output result
        1 map keyBy (sampled 1 rows) → [key#3 string, a#4 float64, b#5 bool] keys key#3 element in source order
          0 source memory {} → [a#0 int64] in source order"
    `)
    expect(await printed(p.plan(k), sampled([[{ y: 1, m: 2 }, 'v']]))).toMatchInlineSnapshot(`
      "output result
        1 map keyBy (sampled 1 rows) → element [y#3 float64, m#4 float64, value#5 string] keys y#3, m#4 in source order
          0 source memory {} → [a#0 int64] in source order"
    `)
    expect(await errorsOf(p.plan(k), sampled([1]))).toMatchInlineSnapshot(
      `"PLAN_SCHEMA_UNKNOWN the row type of 'keyBy' is not known: it did not return [key, value] pairs (declare it: { returns: { name: type, ... } })"`,
    )
  })

  it('keep the types of the row that keyBy passes on', async () => {
    const p = new Program()
    const k = p.add(map('keyBy', { keyed: true, valueIsRow: true }), p.table('a int64, d date'))
    expect(await printed(p.plan(k), sampled([['x', { a: 1, d: '2026-01-01' }]]))).toContain(
      '[key#4 string, a#5 int64, d#6 date] keys key#4',
    )
  })

  it('are grouped into arrays of the values', async () => {
    const p = new Program()
    const g = p.add({ u: 'groupByKey' }, p.add(keyBy, p.table('a int64')))
    expect(
      await printed(
        p.plan(g),
        sampled([
          ['x', { a: 1, b: null }],
          ['x', { a: 1, b: 'z' }],
        ]),
      ),
    ).toMatchInlineSnapshot(`
      "output result
        2 groupByKey → [key#3 string, values#6 array<struct<a float64, b string>>] keys key#3 element grouped
          1 map keyBy (sampled 2 rows) → [key#3 string, a#4 float64, b#5 string?] keys key#3 element in source order
            0 source memory {} → [a#0 int64] in source order"
    `)
    expect(await printed(p.plan(g), sampled([['x', 1]]))).toContain('values#5 array<float64>] keys key#3 element grouped')
  })

  it('are combined before they are grouped', async () => {
    const p = new Program()
    const g = p.add({ u: 'groupByKey' }, p.add(keyBy, p.table('a int64')))
    const c = p.add(
      {
        u: 'combineValues',
        algebra,
        fn: ref('total', { kind: 'combine' }),
        returns: { element: types.float64, nullable: false },
      },
      g,
    )
    expect(await printed(p.plan(c), sampled([['x', 1]]))).toMatchInlineSnapshot(`
      "output result
        3 aggregate value#6 = total(value#4) by key#3 → element [key#3 string, value#6 float64] keys key#3 element
          1 map keyBy (sampled 1 rows) → element [key#3 string, value#4 float64] keys key#3 element in source order
            0 source memory {} → [a#0 int64] in source order"
    `)
  })

  it('keep what the record of functions says of itself', async () => {
    const p = new Program()
    const k = p.add(keyBy, p.table('a int64'))
    const c = p.add(
      { u: 'combineValues', algebra, fn: ref('last', { kind: 'combine' }), returns: { element: types.float64, nullable: false } },
      k,
    )
    const { plan } = await bind(p.plan(c), contextOf(sampled([['x', 1]])))
    expect(plan.nodes.at(-1)).toMatchObject({ op: 'aggregate', calls: [{ algebra: { associative: true, commutative: false } }] })
  })

  it('combine objects into columns', async () => {
    const p = new Program()
    const k = p.add(keyBy, p.table('a int64'))
    const c = p.add({ u: 'combineValues', algebra, fn: ref('stats', { kind: 'combine' }) }, k)
    const samples = [[['x', { a: 1 }]], [['x', { n: 1, mean: 0.5 }]]]
    expect(await printed(p.plan(c), { sample: async () => samples.shift()! })).toMatchInlineSnapshot(`
      "output result
        3 project key#3, n#7 = value#6.n, mean#8 = value#6.mean → [key#3 string, n#7 float64, mean#8 float64] keys key#3 element
          2 aggregate value#6 = stats(struct(a#4 as a)) by key#3 → element [key#3 string, value#6 struct<n float64, mean float64>] keys key#3 element
            1 map keyBy (sampled 1 rows) → [key#3 string, a#4 float64] keys key#3 element in source order
              0 source memory {} → [a#0 int64] in source order"
    `)
  })

  it('are needed by keyed operations', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const g = p.add({ u: 'groupByKey' }, t)
    const c = p.add({ u: 'combineValues', algebra, fn: ref('f', { kind: 'combine' }) }, t)
    expect(await errorsOf(p.plan({ g, c }))).toMatchInlineSnapshot(`
      "PLAN_UNKNOWN_KEY this collection has no key (make one with keyBy)
      PLAN_UNKNOWN_KEY this collection has no key (make one with keyBy)"
    `)
  })
})

describe('parameters', () => {
  const params = (type: string) => [{ name: 'x', type: { t: 'name', name: type, at }, at }] as const
  const shown = async (type: string, given: { text: string } | { value: unknown }) => {
    const p = new Program()
    const t = p.table('a int64')
    const { plan } = await bind(p.plan(t, { params: params(type) }), contextOf({ params: new Map([['x', given]]) }))
    return plan.params.x.value
  }

  it('are read by their type from text', async () => {
    expect(await shown('int64', { text: '-12' })).toBe(-12)
    expect(await shown('int64', { text: '9007199254740993' })).toBe(9007199254740993n)
    expect(await shown('float64', { text: '1e3' })).toBe(1000)
    expect(await shown('string', { text: ' a ' })).toBe(' a ')
    expect(await shown('bool', { text: 'true' })).toBe(true)
    expect(await shown('date', { text: '1970-01-02' })).toBe(1)
    expect(await shown('timestamp', { text: '1970-01-01 00:00:01' })).toBe(1_000_000)
  })

  it('are taken as JavaScript values', async () => {
    expect(await shown('date', { value: new Date('1970-01-03T05:00:00Z') })).toBe(2)
    expect(await shown('timestamp', { value: '1970-01-01 00:00:01' })).toBe(1_000_000)
    expect(await shown('int64', { value: 5n })).toBe(5)
  })

  it('take arrays as JSON', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const array = [{ name: 'x', type: { t: 'array', item: { t: 'name', name: 'date', at }, at }, at }] as const
    const { plan } = await bind(
      p.plan(t, { params: array }),
      contextOf({ params: new Map([['x', { text: '["1970-01-02", null]' }]]) }),
    )
    expect(plan.params.x.value).toEqual([1, null])
  })

  it('are typed constants in expressions', async () => {
    const p = new Program()
    const w = p.add({ u: 'where', predicate: call('less', name('a'), { at, s: 'param', name: 'x' }) }, p.table('a float64'))
    const declared = [{ ...params('int64')[0], default: number(3) }]
    expect(await printed(p.plan(w, { params: declared }))).toContain('filter (a#0 < 3)')
  })

  it('are missing, unknown or bad, all told at once', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const declared = [...params('date'), { ...params('int64')[0], name: 'y' }, { ...params('int64')[0], name: 'z' }]
    const given = new Map([
      ['x', { text: 'soon' }],
      ['yy', { text: '1' }],
    ])
    expect(await errorsOf(p.plan(t, { params: declared }), { params: given })).toMatchInlineSnapshot(`
      "USAGE_PARAM parameter 'x' (date): 'soon' is not a date
      USAGE_PARAM no value for 'y int64', 'z int64' (give --param y=... --param z=...)
      USAGE_PARAM unknown parameter 'yy' (parameters: x, y, z)"
    `)
    expect(
      await errorsOf(p.plan(t, { params: params('int64') }), { params: new Map([['x', { value: 'a' }]]) }),
    ).toMatchInlineSnapshot(`"USAGE_PARAM parameter 'x' (int64): expected int64, found the text 'a'"`)
  })
})
