import { exhaustive } from '../../base/assert.ts'
import type { Expr } from '../../ir/expr.ts'
import type { PhysicalForm, PhysicalNode, SegmentStep } from '../../ir/physical.ts'
import type { BackendTraits } from '../../ir/traits.ts'
import { callsOf, functionsOf } from '../expressions.ts'

/** How a node will run, decided from data alone: B calls user functions, A* has a function without a kernel, A is generated loops only. */
export function tierOf(form: PhysicalForm, backend: BackendTraits): PhysicalNode['tier'] {
  // Every catalogue aggregate has an accumulator over typed arrays.
  if (form.operator === 'aggregate') return form.spec.calls.some((call) => typeof call.fn !== 'string') ? 'B' : 'A'
  if (form.operator === 'segment' && form.spec.steps.some((step) => step.step === 'parallelDo')) return 'B'
  const exprs = exprsOf(form)
  if (functionsOf(exprs).length > 0) return 'B'
  // A residual is evaluated for each pair of rows.
  if (form.operator === 'join' && exprs.length > 0) return 'A*'
  return callsOf(exprs).every((fn) => backend.functions.has(fn)) ? 'A' : 'A*'
}

function exprsOf(form: PhysicalForm): Expr[] {
  if (form.operator === 'join') return form.spec.residual === undefined ? [] : [form.spec.residual]
  if (form.operator !== 'segment') return []
  return form.spec.steps.flatMap(stepExprs)
}

function stepExprs(step: SegmentStep): Expr[] {
  switch (step.step) {
    case 'project':
      return step.exprs.map(({ expr }) => expr)
    case 'filter':
      return [step.predicate]
    case 'unnest':
      return [step.expr]
    case 'parallelDo':
      return []
    default:
      return exhaustive(step)
  }
}
