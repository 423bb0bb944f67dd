import type { SegmentStep } from '../../ir/physical.ts'

/**
 * For each output column the input column that it is, unchanged, or undefined when it is computed. Undefined for segments that do more than project
 * and filter.
 */
export function sourcesOf(steps: readonly SegmentStep[], inputColumns: number): readonly (number | undefined)[] | undefined {
  let sources: readonly (number | undefined)[] = Array.from({ length: inputColumns }, (_, i) => i)
  for (const step of steps) {
    if (step.step === 'filter') continue
    if (step.step !== 'project') return undefined
    const known = sources
    sources = step.exprs.map(({ expr }) => (expr.e === 'column' ? known[expr.column] : undefined))
  }
  return sources
}
