import { csv, pipeline } from 'millrace'

const states = ['open', 'paid', 'shipped', 'returned'].map((status, i) => ({ status, done: i > 1 }))

// The first row that a filter and a join give.
export default pipeline('first-row', { input: 'string' }, (p, { input }) =>
  p
    .read(csv(input, { schema: { id: 'int64', price: 'float64', status: 'string', ordered: 'date' } }))
    .where((r) => r.price.gt(1000))
    .join(p.of(states), { on: 'status' })
    .limit(1),
)
