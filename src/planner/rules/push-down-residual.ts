import type { Expr } from '../../ir/expr.ts'
import { canFail, columnsOf, isVolatile } from '../expressions.ts'
import type { Rule } from '../rule.ts'
import { conjunction, conjunctsOf } from './conjuncts.ts'

/**
 * `join(x, y, a = b and p(y))` → `join(x, filter(p, y), a = b)`; the same for the left side of an inner join. The left side of a
 * left join keeps its rows whatever the condition says, so its parts stay.
 */
export const pushDownResidual: Rule = {
  name: 'push-down-residual',
  order: 'top-down',
  apply(node, ctx) {
    if (node.op !== 'join' || node.residual === undefined) return undefined
    const rows = [0, 1].map((i) => new Set(ctx.inputOutput(node, i).fields.map((field) => field.column)))
    const sideOf = (part: Expr): number => {
      const columns = [...columnsOf(part)]
      if (columns.length === 0 || canFail(part) || isVolatile(part)) return -1
      const side = rows.findIndex((row) => columns.every((column) => row.has(column)))
      return side === 0 && node.kind === 'left' ? -1 : side
    }
    const parts = conjunctsOf(node.residual)
    const inputs = [0, 1].map((i) => {
      const predicate = conjunction(parts.filter((part) => sideOf(part) === i))
      return predicate === undefined ? ctx.input(node, i) : ctx.build.filter(ctx.input(node, i), predicate)
    })
    if (inputs.every((input, i) => input === ctx.input(node, i))) return undefined
    ctx.fired('the condition is about one side only, so fewer rows reach the join')
    const { residual: _, ...rest } = node
    const residual = conjunction(parts.filter((part) => sideOf(part) < 0))
    return ctx.build.onto(residual === undefined ? rest : { ...rest, residual }, inputs)
  },
}
