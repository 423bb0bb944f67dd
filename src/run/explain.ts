import { explainJson } from '../planner/explain/json.ts'
import { explainText } from '../planner/explain/text.ts'
import type { Prepared } from './prepare.ts'

/** The plan of a prepared program, for people or for programs. */
export function explainProgram(prepared: Prepared, options: { format: 'text' | 'json'; costs: boolean }): string {
  const context = {
    program: prepared.program.name,
    backend: prepared.choice.backend,
    backendReason: prepared.choice.reason,
    sources: prepared.program.plan.sources,
  }
  if (options.format === 'json') return `${JSON.stringify(explainJson(prepared.planned, context), undefined, 2)}\n`
  return explainText(prepared.planned, { ...context, costs: options.costs })
}
