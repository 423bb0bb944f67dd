import type { Plan } from '../ir/logical.ts'
import { callsOf } from '../planner/expressions.ts'
import { exprsOfNode } from '../planner/node-exprs.ts'

/** Functions whose time depends on a pattern of the user's, without a bound that anybody would wait for. */
const patternFunctions: ReadonlySet<string> = new Set(['like', 'regexp_contains', 'regexp_extract', 'regexp_replace'])

/** May the plan run code that never comes back: functions or patterns of the user's? */
export const mayBlock = ({ nodes, fns }: Plan): boolean =>
  fns.length > 0 || callsOf(nodes.flatMap(exprsOfNode)).some((name) => patternFunctions.has(name))
