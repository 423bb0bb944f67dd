import { valueAt } from '../../data/read.ts'
import { evaluateExpr } from '../../ir/evaluate.ts'
import type { Expr } from '../../ir/expr.ts'
import type { OperatorContext } from '../operator.ts'
import { userCalls } from '../user-calls.ts'
import type { ResidualFilter } from './join-table.ts'

/** The part of a join condition that is no equality, row by row over pairs that the keys found. */
export function compileResidual(predicate: Expr, ctx: OperatorContext): ResidualFilter {
  const callUser = userCalls(ctx)
  return (columns, rowCount) => {
    const passes = new Uint8Array(rowCount)
    for (let row = 0; row < rowCount; row++) {
      if (evaluateExpr(predicate, (column) => valueAt(columns[column], row), callUser) === true) passes[row] = 1
    }
    return passes
  }
}
