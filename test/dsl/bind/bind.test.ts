import { describe, expect, it } from 'vitest'
import { types } from '../../../src/data/type.ts'
import { bind } from '../../../src/dsl/bind/bind.ts'
import {
  at,
  call,
  contextOf,
  countAll,
  errorsOf,
  field,
  item,
  name,
  nothing,
  number,
  Program,
  printed,
  schemaOf,
  star,
  syntax,
  text,
} from './fixtures.ts'

describe('columns and range variables', () => {
  it('keeps the id of a column that passes, and gives a new one to what is computed', async () => {
    const p = new Program()
    const t = p.table('a int64, b string')
    const s = p.add({ u: 'select', distinct: false, items: [item(name('b')), item(name('a'), 'x'), item(name('a'), 'y')] }, t)
    expect(await printed(p.plan(s))).toMatchInlineSnapshot(`
      "output result
        1 project b#1, a#0, y#2 = a#0 → [b#1 string, x#0 int64, y#2 int64] in source order
          0 source memory {} → [a#0 int64, b#1 string] in source order"
    `)
  })

  it('finds the older column by t.x after set x', async () => {
    const p = new Program()
    const t = p.table('a int64', 't')
    const s = p.add({ u: 'set', items: [{ name: 'a', value: call('add', name('a'), number(1)), at }] }, t)
    const w = p.add({ u: 'where', predicate: call('less', field('t', 'a'), name('a')) }, s)
    expect(await printed(p.plan(w))).toMatchInlineSnapshot(`
      "output result
        3 project a#1 → [a#1 int64] in source order
          2 filter (a#0 < a#1) → [a#1 int64, a#0 int64] in source order
            1 project a#1 = (a#0 + 1), a#0 → [a#1 int64, a#0 int64] in source order
              0 source memory {} → [a#0 int64] in source order"
    `)
  })

  it('carries no hidden column that the program never names', async () => {
    const p = new Program()
    const t = p.table('a int64, b int64', 't')
    const s = p.add({ u: 'set', items: [{ name: 'a', value: number(1), at }] }, t)
    expect(await printed(p.plan(s))).toMatchInlineSnapshot(`
      "output result
        1 project a#2 = 1, b#1 → [a#2 int64, b#1 int64] in source order
          0 source memory {} → [a#0 int64, b#1 int64] in source order"
    `)
  })

  it('swaps two names in one rename without computing anything', async () => {
    const p = new Program()
    const t = p.table('a int64, b string')
    const r = p.add(
      {
        u: 'rename',
        pairs: [
          { from: 'a', to: 'b', at },
          { from: 'b', to: 'a', at },
        ],
      },
      t,
    )
    expect(await printed(p.plan(r))).toMatchInlineSnapshot(`
      "output result
        1 project a#0, b#1 → [b#0 int64, a#1 string] in source order
          0 source memory {} → [a#0 int64, b#1 string] in source order"
    `)
  })

  it('ends range variables at select', async () => {
    const p = new Program()
    const t = p.table('a int64', 't')
    const s = p.add({ u: 'select', distinct: false, items: [star()] }, t)
    const w = p.add({ u: 'where', predicate: call('equal', field('t', 'a'), number(1)) }, s)
    expect(await errorsOf(p.plan(w))).toMatchInlineSnapshot(
      `"PLAN_UNKNOWN_COLUMN no table alias or column 't' (no table has an alias here; use \`as\`)"`,
    )
  })

  it('replaces and leaves out columns of a star', async () => {
    const p = new Program()
    const t = p.table('a int64, b string, c bool', 't')
    const stars = { ...star('t'), except: [{ name: 'c', at }], replace: [{ name: 'b', value: call('upper', name('b')), at }] }
    expect(await printed(p.plan(p.add({ u: 'select', distinct: false, items: [stars] }, t)))).toMatchInlineSnapshot(`
      "output result
        1 project a#0, b#3 = upper(b#1) → [a#0 int64, b#3 string] in source order
          0 source memory {} → [a#0 int64, b#1 string, c#2 bool] in source order"
    `)
  })

  it('prefers the exact spelling of a name to another case', async () => {
    const p = new Program()
    const t = p.table('a int64, A string')
    expect(await printed(p.plan(p.add({ u: 'select', distinct: false, items: [item(name('A'))] }, t)))).toContain('project A#1')
  })

  it('tells an ambiguous name from an unknown one and shows the columns', async () => {
    const p = new Program()
    const t = p.table('region string, aa int64, AA int64')
    const s = p.add({ u: 'select', distinct: false, items: [item(name('regoin')), item(name('Aa')), item(name('zzz'))] }, t)
    expect(await errorsOf(p.plan(s))).toMatchInlineSnapshot(`
      "PLAN_UNKNOWN_COLUMN unknown column 'regoin' (did you mean 'region'? columns here: region string, aa int64, AA int64)
      PLAN_AMBIGUOUS_COLUMN column 'Aa' is ambiguous (write aa or AA)
      PLAN_UNKNOWN_COLUMN unknown column 'zzz' (columns here: region string, aa int64, AA int64)"
    `)
  })

  it('warns of a name that extend doubles', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const { warnings } = await bind(p.plan(p.add({ u: 'extend', items: [item(number(1), 'a')] }, t)), contextOf())
    expect(warnings.map((warning) => warning.message)).toEqual(["two columns are called 'a'"])
  })

  it('warns of comparisons with null', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const isNothing = p.add({ u: 'where', predicate: call('equal', name('a'), nothing) }, t)
    const { warnings } = await bind(p.plan(isNothing), contextOf())
    expect(warnings.map(({ message, hint }) => `${message} (${hint})`)).toEqual(["'= null' is never true (write is null)"])
  })
})

describe('joins', () => {
  const twoTables = () => {
    const p = new Program()
    return { p, a: p.table('id int64, v string', 'a'), b: p.table('id int64, w float64', 'b') }
  }

  it('takes the equalities between the sides as keys and keeps the rest', async () => {
    const { p, a, b } = twoTables()
    const on = call('and', call('equal', field('b', 'id'), field('a', 'id')), call('greater', field('b', 'w'), number(2)))
    expect(await printed(p.plan(p.add({ u: 'join', kind: 'inner', on }, a, b)))).toMatchInlineSnapshot(`
      "output result
        2 inner join on id#0 = id#2 residual (w#3 > 2) → [id#0 int64, v#1 string, id#2 int64, w#3 float64]
          0 source memory {} → [id#0 int64, v#1 string] in source order
          1 source memory {} → [id#2 int64, w#3 float64] in source order"
    `)
  })

  it('makes right columns nullable in a left join', async () => {
    const { p, a, b } = twoTables()
    const on = call('equal', field('a', 'id'), field('b', 'id'))
    expect(await printed(p.plan(p.add({ u: 'join', kind: 'left', on }, a, b)))).toContain('id#2 int64?, w#3 float64?]')
  })

  it('merges the columns of using and puts them first', async () => {
    const { p, a, b } = twoTables()
    expect(await printed(p.plan(p.add({ u: 'join', kind: 'inner', using: [{ name: 'id', at }] }, a, b)))).toMatchInlineSnapshot(`
      "output result
        3 project id#0, v#1, w#3 → [id#0 int64, v#1 string, w#3 float64]
          2 inner join on id#0 = id#2 → [id#0 int64, v#1 string, id#2 int64, w#3 float64]
            0 source memory {} → [id#0 int64, v#1 string] in source order
            1 source memory {} → [id#2 int64, w#3 float64] in source order"
    `)
  })

  it('gives the second use of one collection columns of its own', async () => {
    const p = new Program()
    const a = p.table('id int64, parent int64', 'a')
    const b = p.add({ u: 'as', alias: 'b' }, a)
    const j = p.add({ u: 'join', kind: 'inner', on: call('equal', field('a', 'parent'), field('b', 'id')) }, a, b)
    expect(await printed(p.plan(j))).toMatchInlineSnapshot(`
      "output result
        2 inner join on parent#1 = id#2 → [id#0 int64, parent#1 int64, id#2 int64, parent#3 int64]
          0 source memory {} → [id#0 int64, parent#1 int64] in source order
          1 project id#2 = id#0, parent#3 = parent#1 → [id#2 int64, parent#3 int64]
            0 (above)"
    `)
  })

  it('widens int64 keys that meet float64 keys', async () => {
    const { p, a, b } = twoTables()
    const on = call('equal', field('a', 'id'), field('b', 'w'))
    expect(await printed(p.plan(p.add({ u: 'join', kind: 'inner', on }, a, b)))).toContain('on cast(id#0 as float64) = w#3')
  })

  it('refuses a join without an equality between the sides', async () => {
    const { p, a, b } = twoTables()
    const on = call('less', field('a', 'id'), field('b', 'id'))
    expect(await errorsOf(p.plan(p.add({ u: 'join', kind: 'inner', on }, a, b)))).toMatchInlineSnapshot(
      `"PLAN_JOIN_CONDITION a join needs an equality between a column of each side (write on left.column = right.column, or using (column))"`,
    )
  })
})

describe('aggregates', () => {
  it('puts groups first and names calls directly', async () => {
    const p = new Program()
    const t = p.table('k string, x float64?')
    const where = syntax({
      s: 'call',
      fn: 'count',
      fnAt: at,
      args: [name('x')],
      named: [],
      distinct: true,
      where: call('greater', name('x'), number(0)),
    })
    const g = p.add(
      {
        u: 'aggregate',
        items: [item(countAll, 'n'), item(where, 'd'), item(call('sum', name('x')))],
        by: [item(call('upper', name('k')), 'key')],
      },
      t,
    )
    expect(await printed(p.plan(g))).toMatchInlineSnapshot(`
      "output result
        1 aggregate n#3 = count(*), d#4 = count(distinct x#1 where (x#1 > 0)), _c3#5 = sum(x#1) by key#2 = upper(k#0) → [key#2 string, n#3 int64, d#4 int64, _c3#5 float64?]
          0 source memory {} → [k#0 string, x#1 float64?] in source order"
    `)
  })

  it('computes equal calls once and mixes them in a project', async () => {
    const p = new Program()
    const t = p.table('k string, x float64')
    const mean = call('divide', call('sum', name('x')), countAll)
    const g = p.add(
      {
        u: 'aggregate',
        items: [item(mean, 'mean'), item(countAll, 'n'), item(call('add', countAll, number(1)), 'm')],
        by: [item(name('k'))],
      },
      t,
    )
    expect(await printed(p.plan(g))).toMatchInlineSnapshot(`
      "output result
        2 project k#0, mean#4 = (_c1#2 / cast(n#3 as float64)), n#3, m#5 = (n#3 + 1) → [k#0 string, mean#4 float64, n#3 int64, m#5 int64]
          1 aggregate _c1#2 = sum(x#1), n#3 = count(*) by k#0 → [k#0 string, _c1#2 float64, n#3 int64]
            0 source memory {} → [k#0 string, x#1 float64] in source order"
    `)
  })

  it('gives the groups alone when there are no items', async () => {
    const p = new Program()
    const t = p.table('k string, x float64')
    expect(await printed(p.plan(p.add({ u: 'aggregate', items: [], by: [item(name('k'))] }, t)))).toMatchInlineSnapshot(`
      "output result
        1 aggregate by k#0 → [k#0 string]
          0 source memory {} → [k#0 string, x#1 float64] in source order"
    `)
  })

  it('is null over no rows without groups, and not with them', async () => {
    const p = new Program()
    const t = p.table('x int64')
    const whole = p.add({ u: 'aggregate', items: [item(call('sum', name('x')), 's')], by: [] }, t)
    const grouped = p.add({ u: 'aggregate', items: [item(call('sum', name('x')), 's')], by: [item(name('x'))] }, t)
    const { plan } = await bind(p.plan({ whole, grouped }), contextOf())
    const nullable = plan.nodes.filter((node) => node.op === 'aggregate').map((node) => node.outputs[0].fields.at(-1)!.nullable)
    expect(nullable).toEqual([true, false])
  })

  it('refuses aggregates outside, inside another, and items without one', async () => {
    const p = new Program()
    const t = p.table('k string, x float64')
    const w = p.add({ u: 'where', predicate: call('greater', call('sum', name('x')), number(1)) }, t)
    const g = p.add(
      {
        u: 'aggregate',
        items: [item(call('sum', call('max', name('x')))), item(name('x')), item(call('add', name('x'), countAll))],
        by: [item(name('k')), item(number(1))],
      },
      t,
    )
    expect(await errorsOf(p.plan({ w, g }))).toMatchInlineSnapshot(`
      "PLAN_AGGREGATE_PLACE aggregate function 'sum' outside an aggregate (use the aggregate operator: |> aggregate ... group by ...)
      PLAN_CONSTANT group by takes columns and expressions, not positions (name the column)
      PLAN_AGGREGATE_PLACE 'max' stands inside another aggregate (aggregate twice, in two operators)
      PLAN_AGGREGATE_MISSING this item holds no aggregate function (put the column into group by, or aggregate it, for example with any_value(...))"
    `)
  })
})

describe('other operators', () => {
  it('unifies the types of a union and drops what cannot be seen', async () => {
    const p = new Program()
    const a = p.table('x int64, y string?', 'a')
    const b = p.table('u float64, v string')
    expect(await printed(p.plan(p.add({ u: 'union', all: false }, a, b)))).toMatchInlineSnapshot(`
      "output result
        4 distinct → [x#5 float64, y#6 string?]
          3 flatten (x#4, y#1) (u#2, v#3) → [x#5 float64, y#6 string?] in source order
            2 project x#4 = cast(x#0 as float64), y#1 → [x#4 float64, y#1 string?] in source order
              0 source memory {} → [x#0 int64, y#1 string?] in source order
            1 source memory {} → [u#2 float64, v#3 string] in source order"
    `)
  })

  it('keeps the part of a sort order whose columns stay', async () => {
    const p = new Program()
    const t = p.table('a int64, b string')
    const o = p.add(
      {
        u: 'orderBy',
        keys: [
          { value: name('a'), desc: true },
          { value: name('b'), desc: false, nulls: 'last' },
        ],
      },
      t,
    )
    expect(await printed(p.plan(p.add({ u: 'drop', names: [{ name: 'b', at }] }, o)))).toMatchInlineSnapshot(`
      "output result
        2 project a#0 → [a#0 int64] sorted a#0 desc
          1 sort a#0 desc, b#1 nulls last → [a#0 int64, b#1 string] sorted a#0 desc, b#1 nulls last
            0 source memory {} → [a#0 int64, b#1 string] in source order"
    `)
  })

  it('unnests into a nullable item when rows without items stay', async () => {
    const p = new Program()
    const t = p.table('tags array<string>')
    expect(
      await printed(p.plan(p.add({ u: 'unnest', value: name('tags'), as: 'tag', offset: 'i', outer: true }, t))),
    ).toMatchInlineSnapshot(`
      "output result
        1 unnest tag#1 = tags#0 with offset i#2 outer → [tags#0 array<string>, tag#1 string?, i#2 int64?] in source order
          0 source memory {} → [tags#0 array<string>] in source order"
    `)
  })

  it('folds constants of limit and refuses others', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const good = p.add({ u: 'limit', count: call('add', number(1), number(2)), offset: number(5) }, t)
    const negative = p.add({ u: 'limit', count: call('negate', number(1)) }, t)
    const column = p.add({ u: 'limit', count: name('a') }, t)
    const half = p.add({ u: 'limit', count: number('1.5') }, t)
    expect(await printed(p.plan(good))).toContain('limit 3 offset 5')
    expect(await errorsOf(p.plan({ negative, column, half }))).toMatchInlineSnapshot(`
      "PLAN_CONSTANT limit needs a number of rows, found -1
      PLAN_CONSTANT 'a' is a name, where a constant is needed
      PLAN_TYPE_MISMATCH limit needs int64, found the number 1.5"
    `)
  })

  it('says why operators do not fit their input', async () => {
    const p = new Program()
    const t = p.table('a int64, s string')
    const nodes = {
      where: p.add({ u: 'where', predicate: name('s') }, t),
      unnest: p.add({ u: 'unnest', value: name('s'), as: 'x', outer: false }, t),
      drop: p.add({ u: 'drop', names: [{ name: 'z', at }] }, t),
      set: p.add(
        {
          u: 'set',
          items: [
            { name: 'a', value: number(1), at },
            { name: 'A', value: number(2), at },
          ],
        },
        t,
      ),
      union: p.add({ u: 'union', all: true }, t, p.table('a string')),
      unionTypes: p.add({ u: 'union', all: true }, t, p.table('a string, s string')),
      sort: p.add({ u: 'orderBy', keys: [{ value: number(1), desc: false }] }, t),
    }
    expect(await errorsOf(p.plan(nodes))).toMatchInlineSnapshot(`
      "PLAN_TYPE_MISMATCH where needs bool, found string
      PLAN_TYPE_MISMATCH unnest needs an array, found string
      PLAN_UNKNOWN_COLUMN unknown column 'z' (columns here: a int64, s string)
      PLAN_DUPLICATE_COLUMN column 'A' is set twice
      PLAN_CONSTANT order by takes columns and expressions, not positions (name the column)
      PLAN_COLUMN_COUNT the inputs of union have 2 and 1 columns (select the same columns from each)
      PLAN_TYPE_MISMATCH column 1 of union is int64 ('a') and string ('a') (cast one of them before the union)"
    `)
  })

  it('reports one cause once, however many nodes hang on it', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const bad = p.add({ u: 'where', predicate: name('b') }, t)
    const x = p.add({ u: 'select', distinct: false, items: [item(name('a'))] }, bad)
    const y = p.add({ u: 'limit', count: number(1) }, bad)
    expect((await errorsOf(p.plan({ x, y }))).split('\n')).toHaveLength(1)
  })
})

describe('sources, tables, values and sinks', () => {
  const source = (
    connector: string,
    named: { name: string; value: ReturnType<typeof name>; at: typeof at }[] = [],
    positional = [] as ReturnType<typeof name>[],
  ) => ({ u: 'source', connector, connectorAt: at, positional, named }) as const

  it('checks connectors, options and their values', async () => {
    const p = new Program()
    const nodes = {
      a: p.add(source('memroy')),
      b: p.add(source('memory', [{ name: 'row', value: number(1), at }])),
      c: p.add(source('memory', [{ name: 'mode', value: text('quick'), at }])),
      d: p.add(source('memory', [{ name: 'rows', value: text('x'), at }])),
      e: p.add(source('memory', [], [number(1)])),
      f: p.add(source('memory', [{ name: 'rows', value: syntax({ s: 'param', name: 'n' }), at }])),
      g: p.add({ u: 'table', name: 'order' }),
    }
    expect(
      await errorsOf(p.plan(nodes), { tables: new Map([['orders', { rows: [], schema: schemaOf('a int64') }]]) }),
    ).toMatchInlineSnapshot(`
      "PLAN_UNKNOWN_TABLE unknown source 'memroy' (did you mean 'memory'?)
      PLAN_UNKNOWN_OPTION 'memory' has no option 'row' (did you mean 'rows'?)
      PLAN_TYPE_MISMATCH option 'mode' is one of 'fast', 'slow', found 'quick'
      PLAN_TYPE_MISMATCH option 'rows' needs int64, found the text 'x'
      PLAN_ARGUMENTS 'memory' takes no argument without a name (options are written name => value: rows, mode)
      PLAN_UNKNOWN_PARAM unknown parameter '@n' (declare it: param n string)
      PLAN_UNKNOWN_TABLE unknown dataset 'order' (did you mean 'orders'?)"
    `)
  })

  it('reads tables given to the run under their own name', async () => {
    const p = new Program()
    const t = p.add({ u: 'table', name: 'orders' })
    const w = p.add({ u: 'where', predicate: call('greater', field('orders', 'a'), number(1)) }, t)
    const tables = new Map([['orders', { rows: [[1], [2]], schema: schemaOf('a int64') }]])
    expect(await printed(p.plan(w), { tables })).toMatchInlineSnapshot(`
      "output result
        1 filter (a#0 > 1) → [a#0 int64] in source order
          0 values 2 rows → [a#0 int64] in source order"
    `)
  })

  it('gives columns of constants the type that all values take', async () => {
    const p = new Program()
    const rows = [
      [number(1), text('a')],
      [number('2.5'), syntax({ s: 'null' })],
    ]
    const { plan } = await bind(p.plan(p.add({ u: 'values', rows, names: ['x', 's'] })), contextOf())
    expect(plan.nodes).toMatchObject([
      {
        rows: [
          [1, 'a'],
          [2.5, null],
        ],
        outputs: [{ fields: [{ type: types.float64 }, { type: types.string, nullable: true }] }],
      },
    ])
    const mixed = p.add({ u: 'values', rows: [[number(1)], [text('a')]] })
    const ragged = p.add({ u: 'values', rows: [[number(1)], [number(1), number(2)]] })
    expect(await errorsOf(p.plan({ mixed, ragged }))).toMatchInlineSnapshot(`
      "PLAN_COLUMN_COUNT every row of values needs 1 values, found 2
      PLAN_TYPE_MISMATCH the values of column '_c0' have no common type: the number 1, the text 'a' (declare a schema, or cast them)"
    `)
  })

  it('writes only columns with distinct names', async () => {
    const p = new Program()
    const t = p.table('a int64')
    const unnamed = p.add({ u: 'select', distinct: false, items: [item(call('add', name('a'), number(1)))] }, t)
    const double = p.add({ u: 'extend', items: [item(number(1), 'a')] }, t)
    for (const input of [unnamed, double, t]) {
      p.add(
        {
          u: 'sink',
          connector: 'file',
          connectorAt: at,
          positional: [text('out')],
          named: [{ name: 'header', value: syntax({ s: 'bool', value: true }), at }],
        },
        input,
      )
    }
    p.add({ u: 'sink', connector: 'fil', connectorAt: at, positional: [], named: [] }, t)
    p.add({ u: 'sink', connector: 'file', connectorAt: at, positional: [], named: [] }, t)
    expect(await errorsOf(p.plan({}))).toMatchInlineSnapshot(`
      "PLAN_UNKNOWN_TABLE unknown sink 'fil' (did you mean 'file'?)
      PLAN_ARGUMENTS 'file' needs a path (write file('...'))
      PLAN_UNNAMED_COLUMN column 1 has no name (name it with as: ... as total)
      PLAN_DUPLICATE_COLUMN two columns are called 'a' (rename or drop one before write)"
    `)
  })

  it('needs a result or a write', async () => {
    expect(await errorsOf(new Program().plan({}))).toMatchInlineSnapshot(
      `"PLAN_NO_OUTPUT the program has no result and no write (end it with a query, or with |> write ...)"`,
    )
  })

  it('refuses retractions where only inserts are understood', async () => {
    const p = new Program()
    const t = p.add({
      ...source('memory', [{ name: 'rows', value: number(7), at }]),
      schema: { schema: schemaOf('k string, x int64') },
    })
    const sums = p.add(
      { u: 'aggregate', items: [item(call('sum', name('x')), 's'), item(countAll, 'n')], by: [item(name('k'))] },
      t,
    )
    const maxima = p.add({ u: 'aggregate', items: [item(call('max', name('x')), 'm')], by: [item(name('k'))] }, t)
    const to = (connector: string, input: number) =>
      new Program().plan(
        {},
        {
          nodes: [
            ...p.nodes,
            {
              id: 99,
              inputs: [{ node: input, out: 0 }],
              at,
              form: { u: 'sink', connector, connectorAt: at, positional: [text('o')], named: [] },
            },
          ],
        },
      )
    expect(await errorsOf(to('log', sums), { incremental: true })).toBe('no error')
    expect(await errorsOf(to('log', maxima), { incremental: true })).toMatchInlineSnapshot(
      `"PLAN_WEIGHTS 'max' cannot take rows back (changes can be filtered, projected, counted and summed, and written with changelog(...))"`,
    )
    expect(await errorsOf(to('file', sums), { incremental: true })).toMatchInlineSnapshot(
      `"PLAN_WEIGHTS rows with retractions reach 'file', which takes inserts only (changes can be filtered, projected, counted and summed, and written with changelog(...))"`,
    )
    expect(await errorsOf(p.plan(sums), { incremental: true })).toMatchInlineSnapshot(
      `"PLAN_WEIGHTS rows with retractions cannot be a result (write them with changelog(...))"`,
    )
    expect(await errorsOf(p.plan(maxima))).toBe('no error')
  })
})
