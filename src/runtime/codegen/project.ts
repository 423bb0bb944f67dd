import type { Batch } from '../../data/batch.ts'
import { makeBatch } from '../../data/read.ts'
import type { SegmentStep } from '../../ir/physical.ts'

/** For steps that only choose and order columns: shares the columns of the input. Undefined for all others. */
export function projectColumns(steps: readonly SegmentStep[]): ((batch: Batch) => Batch) | undefined {
  let columns: readonly number[] | undefined
  for (const step of steps) {
    if (step.step !== 'project') return undefined
    const chosen: number[] = []
    for (const { expr } of step.exprs) {
      if (expr.e !== 'column') return undefined
      chosen.push(columns === undefined ? expr.column : columns[expr.column])
    }
    columns = chosen
  }
  const ordinals = columns
  if (ordinals === undefined) return undefined
  return (batch) => {
    const { source: _, openGroup: __, ...header } = batch.header
    return makeBatch(
      ordinals.map((i) => batch.columns[i]),
      batch.rowCount,
      { header, weights: batch.weights },
    )
  }
}
