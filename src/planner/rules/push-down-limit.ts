import type { LogicalNode, NodeOf } from '../../ir/logical.ts'
import { isVolatile } from '../expressions.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * `limit(project(x))` → `project(limit(x))`, the same for a closure that maps one row to one; two limits become one; a source that can
 * stops early is told how many rows of a split are enough.
 */
export const pushDownLimit: Rule = {
  name: 'push-down-limit',
  order: 'top-down',
  apply(node, ctx) {
    if (node.op !== 'limit') return undefined
    const input = ctx.input(node, 0)
    if (input.op === 'source') return intoSource(node, input, ctx)
    if (input.op === 'limit') return mergeLimits(node, input, ctx)
    if (!isOneToOne(input)) return undefined
    if (leavesRowsOut(input, ctx)) return ctx.skip(node, 'a row that fails is left out, and another takes its place')
    if (ctx.isShared(input)) return ctx.skip(node, 'what is below it has other readers, and would be computed twice')
    if (input.op === 'project' && input.exprs.some(({ expr }) => isVolatile(expr))) return undefined
    if (input.op === 'parallelDo' && (input.fn.effects || !input.fn.deterministic))
      return ctx.skip(node, `${input.fn.label} may have effects on rows that are cut off`)
    const below = ctx.input(input, 0)
    // Rows meet behind a limit, from other threads too, which opaque values cannot leave.
    if (below.outputs[0].fields.some(({ type }) => type.kind === 'js'))
      return ctx.skip(node, 'values between functions cannot leave their thread')
    ctx.fired('rows that are cut off need not be computed')
    return ctx.build.onto(input, [ctx.build.onto(node, [below], below.outputs[0])])
  },
}

function isOneToOne(node: LogicalNode): node is NodeOf<'project' | 'parallelDo'> {
  return node.op === 'project' || (node.op === 'parallelDo' && node.shape === 'map')
}

/** Where rows that fail are left out, only columns and constants make a row of each row. */
function leavesRowsOut(node: NodeOf<'project' | 'parallelDo'>, { options }: RuleContext): boolean {
  if ((options.onError?.policy ?? 'fail') === 'fail') return false
  return node.op === 'parallelDo' || node.exprs.some(({ expr }) => expr.e !== 'column' && expr.e !== 'constant')
}

function intoSource(node: NodeOf<'limit'>, input: NodeOf<'source'>, ctx: RuleContext): LogicalNode | undefined {
  const enough = node.count + node.offset
  if (input.pushed.limit !== undefined && input.pushed.limit <= enough) return undefined
  if (!input.described.traits.pushLimit) return ctx.skip(node, `a ${input.connector} source cannot stop early`)
  if (ctx.isShared(input)) return ctx.skip(node, 'the source has other readers, which want all of its rows')
  if (input.outputs[0].changes === 'zset') return undefined
  ctx.fired('reading stops when there are rows enough')
  return ctx.build.onto(node, [ctx.build.onto({ ...input, pushed: { ...input.pushed, limit: enough } }, [])])
}

function mergeLimits(node: NodeOf<'limit'>, input: NodeOf<'limit'>, ctx: RuleContext): LogicalNode | undefined {
  if (ctx.isShared(input)) return undefined
  ctx.fired('the smaller limit holds')
  const count = Math.max(0, Math.min(node.count, input.count - node.offset))
  return ctx.build.onto({ ...node, count, offset: input.offset + node.offset }, [ctx.input(input, 0)])
}
