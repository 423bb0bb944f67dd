import type { Plan } from '../ir/logical.ts'
import type { PlanWarning } from './options.ts'

/** What the user should know of the plan as it was written. */
export function findWarnings(plan: Plan): PlanWarning[] {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]))
  return plan.nodes.flatMap((node): PlanWarning[] => {
    if (node.op !== 'limit') return []
    const [port] = node.inputs
    if (byId.get(port.node)!.outputs[port.out].order !== 'undefined') return []
    const message = `limit ${node.count} keeps any ${node.count} rows, since its input has no order; put order by before it`
    return [{ code: 'W-ORDER', message, at: node.at }]
  })
}
