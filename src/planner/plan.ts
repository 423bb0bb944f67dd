import type { Plan } from '../ir/logical.ts'
import { fusionsOf } from './fusion.ts'
import { lowerPlan } from './lower.ts'
import { findMscrs } from './mscr.ts'
import type { PlannedProgram, PlannerOptions } from './options.ts'
import { finishPlan } from './physical.ts'
import { rewrite } from './rule-driver.ts'
import { ruleGroups } from './rules/index.ts'
import { validatePhysical } from './validate-physical.ts'
import { findWarnings } from './warnings.ts'

export type { PlannedProgram, PlannerOptions } from './options.ts'

/**
 * Plans a bound program: rewrites it by rules and lowers it to stages and exchanges.
 *
 * Pure and deterministic: the same plan and options always give the same result, and every decision is recorded with its reason.
 */
export function planProgram(plan: Plan, options: PlannerOptions): PlannedProgram {
  const { plan: optimised, firings, skipped } = rewrite(plan, ruleGroups, options)
  const draft = lowerPlan(optimised, options)
  const physical = finishPlan(draft)
  if (options.checkPlans) validatePhysical(physical)
  return {
    logical: plan,
    optimised,
    firings: [...firings, ...fusionsOf(optimised, physical, firings.length + 1)],
    skipped,
    warnings: findWarnings(plan),
    physical,
    mscrs: findMscrs(draft),
    options,
  }
}
