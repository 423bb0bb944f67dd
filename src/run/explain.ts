import { pathOf } from '../planner/describe.ts'
import { explainJson } from '../planner/explain/json.ts'
import { listWords, wrap } from '../planner/explain/layout.ts'
import { explainText } from '../planner/explain/text.ts'
import type { RunMetrics } from '../runtime/metrics.ts'
import { actualsJson, actualsOf } from './analysis/actuals.ts'
import { findingsOf } from './analysis/findings.ts'
import { analysedStageLines } from './analysis/stage-lines.ts'
import type { Prepared } from './prepare.ts'

/** How a plan is shown. */
export interface ExplainOptions {
  format: 'text' | 'json'
  costs: boolean
  /** What running the program took: shown beside what was planned. */
  metrics?: RunMetrics
}

/** The plan of a prepared program, for people or for programs. */
export function explainProgram(prepared: Prepared, { format, costs, metrics }: ExplainOptions): string {
  const { planned, program, choice } = prepared
  const context = {
    program: program.name,
    backend: choice.backend,
    backendReason: choice.reason,
    sources: program.plan.sources,
  }
  const actuals = metrics === undefined ? undefined : actualsOf(planned.physical, choice.backend, metrics)
  if (format === 'json') {
    const answer = explainJson(planned, context)
    const analysed =
      actuals === undefined || metrics === undefined ? answer : { ...answer, actuals: actualsJson(actuals, metrics) }
    return `${JSON.stringify(analysed, undefined, 2)}\n`
  }
  if (actuals === undefined) return explainText(planned, { ...context, costs })
  const findings = [...findingsOf(actuals), ...unkept(prepared)].flatMap((finding) => wrap(finding, '  ', '  '))
  return explainText(planned, { ...context, costs, analysed: { findings, stages: analysedStageLines(actuals) } })
}

/** Nobody shall look for the files. */
function unkept({ planned }: Prepared): string[] {
  const names = planned.physical.sinks.map(({ connector, options }) => {
    const path = pathOf(options)
    return path === undefined ? connector : `'${path}'`
  })
  return names.length === 0 ? [] : [`Nothing was kept of what it wrote to ${listWords(names)}.`]
}
