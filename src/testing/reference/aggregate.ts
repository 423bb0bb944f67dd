import { bug, withPlace } from '../../base/errors.ts'
import { valueKey } from '../../data/compare.ts'
import { fromJsValue, toJsValue } from '../../data/js-value.ts'
import type { Value } from '../../data/type.ts'
import type { AggCall, FnRef } from '../../ir/expr.ts'
import { findFunction } from '../../ir/functions/catalogue.ts'
import type { NodeOf } from '../../ir/logical.ts'
import { callGuarded } from './closures.ts'
import { type Evaluate, groupRows, type Relation, type Row } from './relation.ts'

/** A user aggregate as the reference calls it. */
export interface Combine {
  zero(): unknown
  add(accumulator: unknown, value: unknown): unknown
  extract(accumulator: unknown): unknown
}

/** One row a group: key values, then results. Without keys one row always. */
export function aggregateRows(
  node: NodeOf<'aggregate'>,
  input: Relation,
  evaluate: Evaluate,
  combine: (ref: FnRef) => Combine,
): readonly Row[] {
  if (node.phase !== 'complete') throw bug('the reference runs plans without partial aggregates')
  const groups =
    node.by.length === 0
      ? [{ key: [], rows: input.rows }]
      : groupRows(
          input.rows,
          node.by.map((item) => item.expr),
          evaluate,
        )
  return groups.map(({ key, rows }) => [...key, ...node.calls.map((call) => resultOf(call, rows, evaluate, combine))])
}

function resultOf(call: AggCall, rows: readonly Row[], evaluate: Evaluate, combine: (ref: FnRef) => Combine): Value {
  const { where, fn } = call
  const wanted = where === undefined ? rows : rows.filter((row) => evaluate(where, row) === true)
  const args = wanted.map((row) => call.args.map((arg) => evaluate(arg, row)))
  if (typeof fn !== 'string') return combined(call, fn, distinctOf(call, args), combine(fn))
  const aggregate = findFunction(fn)
  if (aggregate?.kind !== 'aggregate') throw bug(`no aggregate function '${fn}'`)
  const counted = aggregate.skipsNulls && call.args.length > 0 ? args.filter(([first]) => first !== null) : args
  try {
    return aggregate.evaluate(distinctOf(call, counted), { args: call.args.map((arg) => arg.type), returns: call.type })
  } catch (thrown) {
    throw withPlace(thrown, call.at)
  }
}

function distinctOf({ distinct, args: exprs }: AggCall, args: readonly Row[]): readonly Row[] {
  if (!distinct) return args
  const seen = new Map(args.map((row) => [row.map((value, i) => valueKey(exprs[i].type, value)).join('|'), row]))
  return [...seen.values()]
}

/** One argument reaches a user's aggregate as it is. */
function combined(call: AggCall, ref: FnRef, args: readonly Row[], fn: Combine): Value {
  const result = callGuarded(ref, () => {
    let state = fn.zero()
    for (const [value] of args) state = fn.add(state, toJsValue(call.args[0].type, value))
    return fn.extract(state)
  })
  return fromJsValue(call.type, result, call.nullable, ref.label)
}
