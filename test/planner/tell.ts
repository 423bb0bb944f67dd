import type { Plan } from '../../src/ir/logical.ts'
import { planTree } from '../../src/planner/explain/tree.ts'
import type { PlannerOptions } from '../../src/planner/plan.ts'
import type { Pass, Rule } from '../../src/planner/rule.ts'
import { rewrite } from '../../src/planner/rule-driver.ts'
import { options } from './build.ts'

/** The plan as an indented text, without the rows. */
export function outline(plan: Plan): string {
  return planTree(plan, false).join('\n')
}

/** Applies one rule or pass until it has nothing to do: the plan before → after and the reasons, or why nothing happened. */
export function tell(what: Rule | Pass, plan: Plan, changed: Partial<PlannerOptions> = {}): string {
  const group = 'apply' in what ? { passes: [], rules: [what] } : { passes: [what], rules: [] }
  const made = rewrite(plan, [{ name: 'test', ...group }], { ...options, ...changed })
  const skipped = made.skipped.map(({ reason }) => `not: ${reason}`)
  if (made.firings.length === 0) return ['unchanged', ...skipped].join('\n')
  const reasons = made.firings.map(({ reason }) => `because ${reason}`)
  return [outline(plan), '→', outline(made.plan), ...reasons, ...skipped].join('\n')
}
