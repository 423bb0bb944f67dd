import { asMillraceError, runError } from '../../base/errors.ts'
import { fromJsValue, toJsValue } from '../../data/js-value.ts'
import { valueAt } from '../../data/read.ts'
import { type CallUserFunction, evaluateExpr } from '../../ir/evaluate.ts'
import type { Expr } from '../../ir/expr.ts'
import type { OperatorContext } from '../operator.ts'
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

function userCalls(ctx: OperatorContext): CallUserFunction {
  return (ref, args) => {
    const live = ctx.fn(ref) as (...args: unknown[]) => unknown
    try {
      const given = args.map((arg, i) => (ref.args === undefined ? arg : toJsValue(ref.args[i], arg)))
      const result = live(...given)
      return ref.returns === undefined ? (result as null) : fromJsValue(ref.returns, result, true, ref.label)
    } catch (thrown) {
      throw asMillraceError(thrown, (message, cause) =>
        runError('RUN_FUNCTION_FAILED', `${ref.label} threw '${message}'`, { operator: ref.label, cause }),
      )
    }
  }
}
