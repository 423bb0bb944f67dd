import { valueKey } from '../../data/compare.ts'
import type { Expr } from '../../ir/expr.ts'
import { equalValues } from '../../ir/functions/comparison.ts'
import type { NodeOf } from '../../ir/logical.ts'
import type { Evaluate, Relation, Row } from './relation.ts'

interface Sides {
  left: Evaluate
  right: Evaluate
  both: Evaluate
}

/**
 * Every pair of rows whose keys are equal and for which the residual is true; in a left join also the left rows without one, with nulls.
 * Null and NaN equal nothing, here as in `=`.
 */
export function joinRows(node: NodeOf<'join'>, left: Relation, right: Relation, sides: Sides): readonly Row[] {
  const candidates = new Map<string, Row[]>()
  const leftKeys = node.on.map((pair) => pair.left)
  const rightKeys = node.on.map((pair) => pair.right)
  for (const row of right.rows) {
    const key = keyOf(rightKeys, row, sides.right)
    const known = candidates.get(key)
    if (known === undefined) candidates.set(key, [row])
    else known.push(row)
  }
  const none: Row = right.output.fields.map(() => null)
  return left.rows.flatMap((row) => {
    const equal = (candidates.get(keyOf(leftKeys, row, sides.left)) ?? []).filter((other) => areEqual(node, row, other, sides))
    const pairs = equal.map((other) => [...row, ...other])
    const { residual } = node
    const kept = residual === undefined ? pairs : pairs.filter((pair) => sides.both(residual, pair) === true)
    return kept.length === 0 && node.kind === 'left' ? [[...row, ...none]] : kept
  })
}

/** Equal keys have equal texts; texts are equal for some keys more, with nulls and NaN. */
function keyOf(exprs: readonly Expr[], row: Row, evaluate: Evaluate): string {
  return exprs.map((expr) => valueKey(expr.type, evaluate(expr, row))).join('|')
}

function areEqual(node: NodeOf<'join'>, row: Row, other: Row, { left, right }: Sides): boolean {
  return node.on.every((pair) => {
    const a = left(pair.left, row)
    const b = right(pair.right, other)
    return a !== null && b !== null && equalValues(pair.left.type, a, b) === true
  })
}
