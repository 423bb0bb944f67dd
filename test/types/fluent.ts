// Checked by the compiler, never run: each `@ts-expect-error` is a mistake that must not compile.
import { count, max, sum } from '../../src/dsl/aggregates.ts'
import { csv, jsonl, text } from '../../src/dsl/connectors.ts'
import type { PCollection } from '../../src/dsl/pcollection.ts'
import { pipeline } from '../../src/dsl/pipeline.ts'
import { asc, desc } from '../../src/dsl/sort.ts'

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const same = <A, B>(..._: Equal<A, B> extends true ? [] : ['types differ', A, B]): void => {}
type RowOfCollection<C> = C extends PCollection<infer R> ? R : never

pipeline('types', { input: 'string', day: { type: 'date', default: '2026-01-01' } }, (p, { input, day }) => {
  same<typeof input, string>()
  same<typeof day, string>()
  const orders = p.read(csv(input, { schema: { id: 'int64', shop: 'string', price: 'float64', qty: 'int64?' } }))
  same<RowOfCollection<typeof orders>, { id: number; shop: string; price: number; qty: number | null }>()

  const big = orders.where((r) => r.price.gt(100)).extend((r) => ({ total: r.price.mul(r.qty), label: r.shop.upper() }))
  same<
    RowOfCollection<typeof big>,
    { id: number; shop: string; price: number; qty: number | null; total: number; label: string }
  >()
  // @ts-expect-error no such column
  orders.where((r) => r.prize.gt(100))
  // @ts-expect-error a number is no condition
  orders.where((r) => r.price)
  // @ts-expect-error no such column
  orders.select('id', 'prize')
  // @ts-expect-error no such column
  orders.orderBy(desc('prize'))
  // @ts-expect-error no such column
  orders.aggregate({ s: sum('prize') }, { by: 'shop' })
  // @ts-expect-error no such column
  orders.aggregate({ n: count() }, { by: 'shopp' })
  // @ts-expect-error no such column
  orders.drop('prize')

  const byShop = orders.aggregate({ n: count(), total: sum('price'), last: max('id') }, { by: 'shop' })
  same<RowOfCollection<typeof byShop>, { shop: string; n: number; total: number | null; last: number | null }>()
  const whole = orders.aggregate({ n: count() })
  same<RowOfCollection<typeof whole>, { n: number }>()
  const computed = orders.aggregate((r) => ({ s: sum(r.price.mul(r.qty)) }), { by: (r) => ({ initial: r.shop.substr(1, 1) }) })
  same<RowOfCollection<typeof computed>, { initial: string; s: number | null }>()

  const shops = p.read(jsonl('shops.jsonl', { schema: { shop: 'string', city: 'string' } }))
  const joined = byShop.join(shops, { on: 'shop' }).orderBy(desc('n'), asc('city'))
  same<RowOfCollection<typeof joined>, { shop: string; n: number; total: number | null; last: number | null; city: string }>()
  // @ts-expect-error `n` is no column of the right side
  byShop.join(shops, { on: 'n' })
  const left = byShop.leftJoin(shops, { on: { shop: 'city' } })
  same<RowOfCollection<typeof left>['city'], string | null>()

  const words = p.read(text(input)).flatMap(({ line }) => line.split(' '))
  same<RowOfCollection<typeof words>, string>()
  const counts = words.aggregate({ n: count() }, { by: (word) => ({ word }) })
  same<RowOfCollection<typeof counts>, { word: string; n: number }>()
  // @ts-expect-error elements have the one column `value`
  words.orderBy('word')

  const table = words
    .keyBy((word) => word.length)
    .combineValues({
      zero: () => 0,
      add: (n: number, word: string) => n + word.length,
      merge: (a, b) => a + b,
      extract: (n) => n,
    })
  const lengths = table.map(([length, total]) => length + total)
  same<RowOfCollection<typeof lengths>, number>()
  const renamed = orders.rename({ id: 'order_id' }).drop('qty')
  same<RowOfCollection<typeof renamed>, { order_id: number; shop: string; price: number }>()
  const declared = orders.map((r) => ({ a: r.id }), { returns: { a: 'int64' } })
  same<RowOfCollection<typeof declared>, { a: number }>()
})
