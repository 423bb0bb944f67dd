import { count, csv, desc, jsonl, pipeline, sum } from 'millrace'

const saleColumns = { id: 'int64', day: 'date', shop: 'string', product: 'string', qty: 'int64?', price: 'float64' } as const

// Revenue by city, as sales.flow: csv joined with jsonl, with a shop that has no city.
export default pipeline('sales', { folder: { type: 'string', default: 'examples/sales' } }, (p, { folder }) => {
  const sales = p.read(csv(`${folder}/sales.csv`, { schema: saleColumns }))
  const shops = p.read(jsonl(`${folder}/shops.jsonl`, { schema: { shop: 'string', city: 'string' } }))
  return sales
    .where((r) => r.qty.isNotNull())
    .extend((r) => ({ revenue: r.price.mul(r.qty) }))
    .leftJoin(shops, { on: 'shop' })
    .aggregate({ orders: count(), revenue: sum('revenue') }, { by: (r) => ({ city: r.city.coalesce('unknown') }) })
    .orderBy(desc('revenue'))
})
