import { findFunction } from '../ir/functions/catalogue.ts'
import type { Plan } from '../ir/logical.ts'
import { callsOf } from '../planner/expressions.ts'
import { exprsOfNode } from '../planner/node-exprs.ts'

/** May the plan run code that never comes back: functions or patterns of the user's? */
export const mayBlock = ({ nodes, fns }: Plan): boolean => fns.length > 0 || callsOf(nodes.flatMap(exprsOfNode)).some(backtracks)

function backtracks(name: string): boolean {
  const fn = findFunction(name)
  return fn?.kind === 'scalar' && fn.backtracks === true
}
