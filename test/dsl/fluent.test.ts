import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  avg,
  type Collection,
  count,
  countDistinct,
  countIf,
  csv,
  desc,
  expr,
  lit,
  MillraceError,
  max,
  min,
  type PipelineContext,
  pipeline,
  type RunOptions,
  run,
  scratch,
  sum,
  text,
  when,
} from '../../src/index.ts'
import { ruleNames } from '../../src/planner/rules/index.ts'
import { runOnBackend } from '../flow/run-program.ts'

let cwd = ''
const csvText =
  'id,shop,product,amount,qty\n1,north,apple,10,2\n2,north,pear,5.5,1\n3,south,apple,7.25,3\n4,,apple,1,1\n5,south,pear,,\n'
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-fluent-'))
  writeFileSync(join(cwd, 'sales.csv'), csvText)
  writeFileSync(join(cwd, 'shops.csv'), 'name,city\nnorth,Oslo\nsouth,Rome\neast,Delhi\n')
  writeFileSync(join(cwd, 'words.txt'), 'the quick the\nlazy the\n')
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const ways: readonly RunOptions[] = [
  { checkPlans: true },
  { mode: 'serial' },
  { memoryBytes: 4 * 1024 * 1024, disabledRules: ruleNames },
]

/** The rows of a pipeline's one result; every way of running gives the same ones. */
async function rowsOf<T>(build: (p: PipelineContext) => Collection<T>): Promise<T[]> {
  const made = pipeline('test', {}, build, { module: '' })
  const all: T[][] = []
  for (const options of ways) {
    const { outputs, close } = await run(made, {}, { backend: 'inline', cwd, ...options })
    all.push((outputs as { result: { toArray(): T[] } }).result.toArray())
    close()
  }
  for (const rows of all.slice(1)) expect(sorted(rows)).toEqual(sorted(all[0]))
  return all[0]
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted()
const failure = async (promise: Promise<unknown>): Promise<MillraceError> => {
  const error = await promise.then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(MillraceError)
  return error as MillraceError
}

const sales = csv('sales.csv', { schema: { id: 'int64', shop: 'string?', product: 'string', amount: 'float64?', qty: 'int64?' } })
const shops = csv('shops.csv', { schema: { name: 'string', city: 'string' } })

describe('closures', () => {
  it('maps elements', async () => {
    expect(await rowsOf((p) => p.of([1, 2, 3]).map((n) => n * 10))).toEqual([10, 20, 30])
  })

  it('maps rows to rows and filters them', async () => {
    const rows = await rowsOf((p) =>
      p
        .read(sales)
        .filter((sale) => sale.qty !== null && sale.qty > 1)
        .map(({ id, product }) => ({ id, label: `${product}!` })),
    )
    expect(rows).toEqual([
      { id: 1, label: 'apple!' },
      { id: 3, label: 'apple!' },
    ])
  })

  it('gives null for missing fields, and whole numbers for int64', async () => {
    expect(
      await rowsOf((p) => p.read(sales).map((sale) => [typeof sale.id, sale.amount === null, sale.shop === null].join())),
    ).toEqual(['number,false,false', 'number,false,false', 'number,false,false', 'number,false,true', 'number,true,false'])
  })

  it('flatMap gives any number of results, in their order', async () => {
    expect(await rowsOf((p) => p.read(text('words.txt')).flatMap(({ line }) => line.split(' ')))).toEqual([
      'the',
      'quick',
      'the',
      'lazy',
      'the',
    ])
  })

  it('flatMap takes generators', async () => {
    const upTo = function* (n: number): Iterable<number> {
      for (let i = 0; i < n; i++) yield i
    }
    expect(await rowsOf((p) => p.of([2, 0, 3]).flatMap(upTo))).toEqual([0, 1, 0, 1, 2])
  })

  it('parallelDo emits', async () => {
    const rows = await rowsOf((p) =>
      p.of([1, 2, 3, 4]).parallelDo((n: number, emit: (value: string) => void) => {
        if (n % 2 === 0) {
          emit(`a${n}`)
          emit(`b${n}`)
        }
      }),
    )
    expect(rows).toEqual(['a2', 'b2', 'a4', 'b4'])
  })

  it('passes values of any kind between closures', async () => {
    const rows = await rowsOf((p) =>
      p
        .of(['b,a', 'c'])
        .map((line) => new Map(line.split(',').map((word, i) => [word, i])))
        .filter((map) => map.has('a'))
        .map((map) => [...map.keys()].join('+')),
    )
    expect(rows).toEqual(['b+a'])
  })

  it('a closure after an aggregate gets its rows', async () => {
    const rows = await rowsOf((p) =>
      p
        .read(sales)
        .aggregate({ n: count(), total: sum('amount') }, { by: 'product' })
        .map(({ product, n, total }) => `${product} ${n} ${total}`),
    )
    expect(rows.toSorted()).toEqual(['apple 3 18.25', 'pear 2 5.5'])
  })

  it('samples the type of a closure that a relational verb reads', async () => {
    const rows = await rowsOf((p) =>
      p
        .read(text('words.txt'))
        .flatMap(({ line }) => line.split(' '))
        .aggregate({ n: count() }, { by: (word) => ({ word }) })
        .orderBy(desc('n'), 'word'),
    )
    expect(rows).toEqual([
      { word: 'the', n: 3 },
      { word: 'lazy', n: 1 },
      { word: 'quick', n: 1 },
    ])
  })

  it('samples rows: numbers are float64, optional properties may be null', async () => {
    const rows = await rowsOf((p) =>
      p
        .of([1, 2, 3])
        .map((n): { n: number; even?: boolean } => (n % 2 === 0 ? { n, even: true } : { n }))
        .extend((row) => ({ half: row.n.div(2) })),
    )
    expect(rows).toEqual([
      { n: 1, even: null, half: 0.5 },
      { n: 2, even: true, half: 1 },
      { n: 3, even: null, half: 1.5 },
    ])
  })

  it('a declared type needs no sample', async () => {
    let calls = 0
    const built = pipeline(
      'declared',
      {},
      (p) =>
        p
          .of([1, 2])
          .map(
            (n) => {
              calls++
              return { n, s: `${n}` }
            },
            { returns: { n: 'int64', s: 'string' } },
          )
          .where((row) => row.n.gt(1)),
      { module: '' },
    )
    const { outputs, close } = await run(built, {}, { backend: 'inline' })
    expect(outputs.result.toArray()).toEqual([{ n: 2, s: '2' }])
    expect(calls).toBe(2)
    close()
  })
})

describe('keyed collections', () => {
  const byShop = (p: PipelineContext) => p.read(sales).keyBy((sale) => sale.shop ?? '?')

  it('groupByKey gives each key with all of its values', async () => {
    const rows = await rowsOf((p) =>
      byShop(p)
        .groupByKey()
        .map(([shop, values]) => `${shop}:${[...values].map((sale) => sale.id).toSorted()}`),
    )
    expect(rows.toSorted()).toEqual(['?:4', 'north:1,2', 'south:3,5'])
  })

  it('combineValues combines the values of a key', async () => {
    const rows = await rowsOf((p) =>
      byShop(p).combineValues({
        zero: () => ({ qty: 0, n: 0 }),
        add: (state, sale) => ({ qty: state.qty + (sale.qty ?? 0), n: state.n + 1 }),
        merge: (a, b) => ({ qty: a.qty + b.qty, n: a.n + b.n }),
        extract: (state) => `${state.qty}/${state.n}`,
      }),
    )
    expect(rows.toSorted()).toEqual([
      ['?', '1/1'],
      ['north', '3/2'],
      ['south', '3/2'],
    ])
  })

  it('combineValues after groupByKey is the same', async () => {
    const rows = await rowsOf((p) =>
      p
        .of([1, 2, 3, 4, 5])
        .keyBy((n) => n % 2 === 0)
        .groupByKey()
        .map(([even, values]) => `${even} ${[...values].reduce((a, b) => a + b, 0)}`),
    )
    expect(rows.toSorted()).toEqual(['false 9', 'true 6'])
  })

  it('keys may be objects', async () => {
    const rows = await rowsOf((p) =>
      p
        .read(sales)
        .keyBy(({ shop, product }) => ({ shop, product }))
        .combineValues({ zero: () => 0, add: (n: number) => n + 1, merge: (a, b) => a + b, extract: (n) => n }),
    )
    expect(sorted(rows)).toEqual(
      sorted([
        [{ shop: 'north', product: 'apple' }, 1],
        [{ shop: 'north', product: 'pear' }, 1],
        [{ shop: 'south', product: 'apple' }, 1],
        [{ shop: null, product: 'apple' }, 1],
        [{ shop: 'south', product: 'pear' }, 1],
      ]),
    )
  })

  it('filters pairs and maps them', async () => {
    const rows = await rowsOf((p) =>
      p
        .of(['a', 'bb', 'cc'])
        .keyBy((word) => word.length)
        .filter(([length]) => length > 1)
        .map(([length, word]) => `${length}${word}`),
    )
    expect(rows).toEqual(['2bb', '2cc'])
  })

  it('refuses a second pass over the values of a group', async () => {
    const twice = scratch()
      .of([1, 2])
      .keyBy((n) => n > 0)
      .groupByKey()
      .map(([, values]) => [...values].length + [...values].length)
      .toArray()
    const error = await failure(twice)
    expect(error.code).toBe('RUN_ITERABLE_REUSED')
    expect(error.details.hint).toContain('[...values]')
  })
})

describe('relational verbs', () => {
  // The same program in both languages.
  const programs: readonly [title: string, program: string, build: (p: PipelineContext) => Collection<unknown>][] = [
    [
      'where, extend and select',
      `from csv('sales.csv') |> where amount > 5 and product != 'pear' |> extend amount * qty as total |> select id, total`,
      (p) =>
        p
          .read(sales)
          .where((r) => r.amount.gt(5).and(r.product.ne('pear')))
          .extend((r) => ({ total: r.amount.mul(r.qty) }))
          .select('id', 'total'),
    ],
    [
      'set, drop and rename',
      `from csv('sales.csv') |> set qty = coalesce(qty, 0) + 1 |> drop amount, product |> rename id as sale`,
      (p) =>
        p
          .read(sales)
          .set((r) => ({ qty: r.qty.coalesce(0).add(1) }))
          .drop('amount', 'product')
          .rename({ id: 'sale' }),
    ],
    [
      'aggregate by columns',
      `from csv('sales.csv') |> aggregate count(*) as n, sum(amount) as total, avg(qty) as mean, min(id) as first, max(product) as last, count(distinct product) as products, countif(amount > 6) as big group by shop`,
      (p) =>
        p.read(sales).aggregate(
          (r) => ({
            n: count(),
            total: sum('amount'),
            mean: avg('qty'),
            first: min('id'),
            last: max('product'),
            products: countDistinct('product'),
            big: countIf(r.amount.gt(6)),
          }),
          { by: 'shop' },
        ),
    ],
    [
      'aggregate by expressions',
      `from csv('sales.csv') |> aggregate sum(amount * 2) as twice group by substr(product, 1, 1) as initial`,
      (p) =>
        p.read(sales).aggregate((r) => ({ twice: sum(r.amount.mul(2)) }), { by: (r) => ({ initial: r.product.substr(1, 1) }) }),
    ],
    [
      'a join and an order',
      `from csv('sales.csv') as s |> join csv('shops.csv') as h on s.shop = h.name |> order by city desc, id |> select city, id`,
      (p) =>
        p
          .read(sales)
          .join(p.read(shops), { on: { shop: 'name' } })
          .orderBy(desc('city'), 'id')
          .select('city', 'id'),
    ],
    [
      'a left join on one name',
      `from csv('sales.csv') |> left join (from csv('shops.csv') |> rename name as shop) using (shop) |> select id, shop, city`,
      (p) =>
        p
          .read(sales)
          .leftJoin(p.read(shops).rename({ name: 'shop' }), { on: 'shop' })
          .select('id', 'shop', 'city'),
    ],
    [
      'flatten, distinct, order and limit',
      `from csv('sales.csv') |> select product |> union all (from csv('shops.csv') |> select city) |> distinct |> order by product |> limit 3 offset 1`,
      (p) =>
        p
          .read(sales)
          .select('product')
          .flatten(p.read(shops).select('city').rename({ city: 'product' }))
          .distinct()
          .orderBy('product')
          .limit(3, { offset: 1 }),
    ],
    [
      'unnest',
      `from csv('sales.csv') |> join unnest(split(product, 'p')) as part |> select id, part`,
      (p) =>
        p
          .read(sales)
          .unnest((r) => r.product.split('p'), { as: 'part' })
          .select('id', 'part'),
    ],
    [
      'case, text expressions and constants',
      `from csv('sales.csv') |> select case when amount is null then 'none' else 'some' end as kind, id + 1 as next, 'x' as x`,
      (p) =>
        p
          .read(sales)
          .select((r) => ({ kind: when(r.amount.isNull(), 'none', 'some'), next: expr<number>('id + 1'), x: lit('x') })),
    ],
    [
      'a predicate as text',
      `from csv('sales.csv') |> where product like '%ea%' |> select id`,
      (p) => p.read(sales).where(`product like '%ea%'`).select('id'),
    ],
  ]
  for (const [title, program, build] of programs) {
    it(`gives the rows of the same text program: ${title}`, async () => {
      const rows = await rowsOf(build)
      const [found] = [...(await runOnBackend({ program }, cwd, { backend: 'inline' })).values()]
      const names = found.header.split(', ').map((column) => column.split(' ')[0])
      const texts = rows.map((row) => JSON.stringify(names.map((name) => (row as Record<string, unknown>)[name])))
      if (found.ordered) expect(texts).toEqual(found.rows)
      else expect(texts.toSorted()).toEqual(found.rows.toSorted())
    })
  }

  it('columns may have the names of methods', async () => {
    const rows = await rowsOf((p) =>
      p.of([{ length: 2, value: 'a' }]).extend((r) => ({ twice: (r.length as never as { mul(n: number): unknown }).mul(2) })),
    )
    expect(rows).toEqual([{ length: 2, value: 'a', twice: 4 }])
  })

  it('elements are one column called value', async () => {
    expect(
      await rowsOf((p) =>
        p
          .of([3, 1, 2])
          .where((n) => n.gt(1))
          .orderBy('value'),
      ),
    ).toEqual([2, 3])
  })
})

describe('results', () => {
  it('can be iterated', async () => {
    const seen: number[] = []
    for await (const n of scratch().of([1, 2, 3])) seen.push(n)
    expect(seen).toEqual([1, 2, 3])
  })

  it('can be shown as a table', async () => {
    const { outputs, close } = await run(
      pipeline('t', {}, (p) => p.of([{ a: 1, b: 'x' }]), { module: '' }),
      {},
    )
    expect(outputs.result.table(20, 80)).toContain('a')
    expect(outputs.result.rowCount).toBe(1)
    expect(outputs.result.toArray()).toEqual(outputs.result.toArray())
    close()
  })

  it('come by their names', async () => {
    const two = pipeline('two', {}, (p) => ({ small: p.of([1]), large: p.of([100]) }), { module: '' })
    const { outputs, close } = await run(two, {})
    expect([outputs.small.toArray(), outputs.large.toArray()]).toEqual([[1], [100]])
    close()
  })

  it('parameters have their declared types and defaults', async () => {
    const limited = pipeline(
      'limited',
      { least: 'int64', name: { type: 'string', default: 'x' } },
      (p, { least, name }) =>
        p
          .of([1, 2, 3])
          .filter((n) => n >= least)
          .map((n) => `${name}${n}`),
      { module: '' },
    )
    const { outputs, close } = await run(limited, { least: 2 })
    expect(outputs.result.toArray()).toEqual(['x2', 'x3'])
    close()
    expect((await failure(run(limited, {} as { least: number }))).code).toBe('USAGE_PARAM')
  })

  it('write makes a file, and asking for rows does not', async () => {
    const writing = (p: PipelineContext) => {
      const rows = p.read(sales).select('id').orderBy('id').limit(2)
      rows.write(csv('out.csv'))
      return rows
    }
    const { close } = await run(pipeline('writing', {}, writing, { module: '' }), {}, { cwd })
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe('id\n1\n2\n')
    close()
  })
})

describe('mistakes', () => {
  it('an expression is no JavaScript value', async () => {
    const error = await failure(
      (async () =>
        scratch()
          .of([{ a: 1 }])
          .where((r) => ((r.a as never as number) > 1) as never)
          .toArray())(),
    )
    expect(error.code).toBe('PLAN_EXPRESSION_COERCED')
    expect(error.details.hint).toContain('r.a.gt(1)')
  })

  it('an expression in a text is none either', async () => {
    const error = await failure(
      (async () =>
        scratch()
          .of([{ a: 1 }])
          .extend((r) => ({ b: `${r.a}` }))
          .toArray())(),
    )
    expect(error.code).toBe('PLAN_EXPRESSION_COERCED')
  })

  it('the type of a closure that gives nothing cannot be found out', async () => {
    const error = await failure(
      scratch()
        .of([1])
        .flatMap((): { a: number }[] => [])
        .where((r) => r.a.gt(1))
        .toArray(),
    )
    expect(error.code).toBe('PLAN_SCHEMA_UNKNOWN')
    expect(error.details.hint).toContain('returns')
  })

  it('a function with effects is not tried', async () => {
    const error = await failure(
      scratch()
        .of([1])
        .map((n) => ({ a: n }), { effects: true })
        .where((r) => r.a.gt(1))
        .toArray(),
    )
    expect(error.code).toBe('PLAN_SCHEMA_UNKNOWN')
  })

  it('mixed results have no type', async () => {
    const mixed = scratch()
      .of([1, 2])
      .map((n): unknown => (n === 1 ? 'a' : 2))
      .distinct()
    expect((await failure(mixed.toArray())).code).toBe('PLAN_SCHEMA_UNKNOWN')
  })

  it('a later row of another shape is told', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => i)
    const error = await failure(
      scratch()
        .of(many)
        .map((n): unknown => (n < 2000 ? n : 'late'))
        .distinct()
        .toArray(),
    )
    expect(error.code).toBe('DATA_SHAPE_CHANGED')
    expect(error.message).toContain('late')
  })

  it('a declared type is held to', async () => {
    const error = await failure(
      scratch()
        .of([1])
        .map((n) => ({ a: `${n}` as never as number }), { returns: { a: 'int64' } })
        .toArray(),
    )
    expect(error.code).toBe('DATA_SHAPE_CHANGED')
  })

  it('an error of user code keeps its message and cause', async () => {
    const error = await failure(
      scratch()
        .of([1])
        .map((): number => {
          throw new TypeError('not today')
        })
        .toArray(),
    )
    expect(error.code).toBe('RUN_FUNCTION_FAILED')
    expect(error.message).toContain('not today')
    expect((error.cause as Error).message).toBe('not today')
  })

  it('an asynchronous function is refused', async () => {
    const later = scratch()
      .of([1])
      .map(async (n) => n)
    expect((await failure(later.toArray())).code).toBe('RUN_FUNCTION_FAILED')
  })

  it('a promise is no value', async () => {
    const p = scratch().of([1])
    const declared = p.map((n) => Promise.resolve(n) as never as number, { returns: 'int64' })
    expect((await failure(declared.toArray())).code).toBe('DATA_SHAPE_CHANGED')
    expect((await failure(p.map((n) => Promise.resolve(n)).toArray())).code).toBe('PLAN_SCHEMA_UNKNOWN')
  })

  it('flatMap must return an iterable', async () => {
    const flat = scratch()
      .of([1])
      .flatMap((n) => n as never as number[])
    expect((await failure(flat.toArray())).code).toBe('DATA_SHAPE_CHANGED')
  })

  it('unknown columns are told at bind', async () => {
    const error = await failure(
      scratch()
        .of([{ amount: 1 }])
        .where((r) => (r as never as { amuont: { gt(n: number): never } }).amuont.gt(1))
        .toArray(),
    )
    expect(error.code).toBe('PLAN_UNKNOWN_COLUMN')
    expect(error.details.hint).toContain("did you mean 'amount'?")
  })

  it('workers need an exported pipeline', async () => {
    const error = await failure(
      run(
        pipeline('inner', {}, (p) => p.of([1]).map((n) => n), { module: '' }),
        {},
        { backend: 'threads' },
      ),
    )
    expect(error.code).toBe('PLAN_NOT_EXPORTED')
  })
})
