import type { Rule } from '../rule.ts'

/** The rows of a topK are held in memory, in each task. */
const maxRows = 100_000

/** `limit(sort(x))` → `topK(x)`: each task keeps its best rows only, and nothing is sorted as a whole. */
export const fuseTopK: Rule = {
  name: 'fuse-top-k',
  order: 'top-down',
  apply(node, ctx) {
    const sort = node.op === 'limit' ? ctx.input(node, 0) : undefined
    if (node.op !== 'limit' || sort?.op !== 'sort') return undefined
    if (ctx.isShared(sort)) return ctx.skip(node, 'the sorted rows have other readers')
    const { count, offset } = node
    if (count + offset > maxRows)
      return ctx.skip(node, `${count + offset} rows are too many to keep in memory (limit: ${maxRows})`)
    ctx.fired(`each task keeps its best ${count + offset} rows instead of sorting all`)
    return ctx.build.node({ op: 'topK', by: sort.by, count, offset }, [ctx.input(sort, 0)], node.outputs[0])
  },
}
