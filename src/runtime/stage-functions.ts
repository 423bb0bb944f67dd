import type { FnRef } from '../ir/expr.ts'
import type { Stage } from '../ir/physical.ts'

/** The user functions of a stage, wherever they stand in the specs of its operators. */
export function functionsOf({ nodes }: Stage): readonly FnRef[] {
  const found = new Map<number, FnRef>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { sourceHash, id } = value as Partial<FnRef>
    if (typeof sourceHash === 'string' && typeof id === 'number') found.set(id, value as FnRef)
    for (const part of Object.values(value)) visit(part)
  }
  // Rows and splits hold no functions, and there may be very many of them.
  for (const { operator, spec } of nodes) if (operator !== 'values' && operator !== 'scan') visit(spec)
  return [...found.values()]
}
