import type { NodeId } from '../ir/expr.ts'
import type { LogicalNode, Plan } from '../ir/logical.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import { describeNode, nameColumns } from './describe.ts'
import { estimateChange, SizeEstimates } from './estimates.ts'
import type { Firing } from './options.ts'
import { fuseRule } from './rules/index.ts'

/** One firing for each segment that runs several operations in one loop: FlumeJava §4.2, producer-consumer fusion. */
export function fusionsOf(plan: Plan, physical: PhysicalPlan, firstSeq: number): Firing[] {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]))
  const names = nameColumns(plan)
  const sizes = new SizeEstimates()
  const sizesOf = (nodes: readonly LogicalNode[]) => nodes.map((node) => sizes.of(node, (id) => byId.get(id)!))
  const firings: Firing[] = []
  for (const stage of physical.stages) {
    for (const node of stage.nodes) {
      const fused = node.operator === 'segment' ? fusable(node.from, byId) : []
      if (fused.length < 2) continue
      firings.push({
        seq: firstSeq + firings.length,
        group: 'stages',
        rule: fuseRule,
        nodes: fused.map(({ id }) => id),
        before: fused.map((part) => describeNode(part, names)).join('\n'),
        after: `one loop in stage ${stage.id}`,
        reason: `${fused.length} operations run in one loop, no batch is built between them`,
        // What goes from one operation to the next is no batch any more.
        estimate: estimateChange(sizesOf(fused), sizesOf(fused.slice(-1))),
        at: fused[0].at,
      })
    }
  }
  return firings
}

/** Aggregates and joins lend a segment their key columns; only operations that the user wrote count. */
function fusable(from: readonly NodeId[], byId: ReadonlyMap<NodeId, LogicalNode>): LogicalNode[] {
  return from
    .map((id) => byId.get(id))
    .filter((node) => node !== undefined && ['project', 'filter', 'parallelDo', 'unnest'].includes(node.op)) as LogicalNode[]
}
