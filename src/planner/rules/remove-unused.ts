import { describeNode, nameColumns } from '../describe.ts'
import { reachableNodes } from '../plan-graph.ts'
import type { Pass } from '../rule.ts'

/** Nodes that neither a result nor a sink depends on go away. */
export const removeUnused: Pass = {
  name: 'remove-unused',
  run(plan, ctx) {
    const needed = reachableNodes(plan)
    const unused = plan.nodes.filter((node) => !needed.has(node.id))
    if (unused.length === 0) return plan
    const names = nameColumns(plan)
    ctx.fired({
      nodes: unused.map((node) => node.id),
      before: unused.map((node) => describeNode(node, names)).join('\n'),
      after: '(nothing)',
      reason: 'no result and no file depends on it',
    })
    return { ...plan, nodes: plan.nodes.filter((node) => needed.has(node.id)) }
  },
}
