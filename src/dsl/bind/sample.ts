import { planError, runError, thrownMessage } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { isThrownHere } from '../../base/stack.ts'
import type { FnRef, NodeId } from '../../ir/expr.ts'
import type { LogicalNode, Plan } from '../../ir/logical.ts'
import { finishPlan } from './finish.ts'
import { type InferenceProblem, type InferredRow, inferRow } from './infer-type.ts'
import type { BindState, Relation } from './state.ts'

/** Rows of the key and of the value. */
export interface PairShape {
  key: InferredRow
  value: InferredRow
}

/**
 * Runs the plan up to this node on a few rows and infers what it gives. A function that changes something outside is never run for that.
 *
 * @param knownValue - the row of a pair's value, where it is known.
 * @throws {@link MillraceError} `PLAN_SCHEMA_UNKNOWN` when no type can be found.
 */
export async function sampleRelation(
  state: BindState,
  relation: Relation,
  fn: FnRef,
  at: Place,
  knownValue?: InferredRow,
): Promise<{ shape: InferredRow | PairShape; rowCount: number }> {
  const { node } = relation.port
  const plan = prefixPlan(state, node)
  const effectful = plan.nodes.map(effectfulFunction).find((label) => label !== undefined)
  if (effectful !== undefined) throw schemaUnknown(fn, `'${effectful}' has effects, so it is not tried`, at)
  const values = await state.context.sample(plan, node)
  const shape = readable(fn, at, () => (relation.output.keys === undefined ? inferRow(values) : inferPairs(values, knownValue)))
  if ('problem' in shape) throw schemaUnknown(fn, shape.problem, at)
  return { shape, rowCount: values.length }
}

/** What a function returns may have getters of its own. */
function readable<T>(fn: FnRef, at: Place, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (isThrownHere(thrown)) throw thrown
    throw runError('RUN_FUNCTION_FAILED', `the result of ${fn.label} cannot be read: ${thrownMessage(thrown)}`, {
      at,
      cause: thrown,
    })
  }
}

function inferPairs(values: readonly unknown[], knownValue: InferredRow | undefined): PairShape | InferenceProblem {
  if (!values.every((value): value is [unknown, unknown] => Array.isArray(value) && value.length === 2)) {
    return { problem: 'it did not return [key, value] pairs' }
  }
  const key = inferRow(values.map((pair) => pair[0]))
  if ('problem' in key) return { problem: `${key.problem} as key` }
  const value = knownValue ?? inferRow(values.map((pair) => pair[1]))
  return 'problem' in value ? { problem: `${value.problem} as value` } : { key, value }
}

const schemaUnknown = (fn: FnRef, why: string, at: Place) =>
  planError('PLAN_SCHEMA_UNKNOWN', `the row type of '${fn.label}' is not known: ${why}`, {
    at,
    hint: 'declare it: { returns: { name: type, ... } }',
  })

/** The plan that ends at `node` and gives its rows to the caller. */
function prefixPlan(state: BindState, node: NodeId): Plan {
  return finishPlan(state, [{ name: 'sample', port: { node, out: 0 } }], { sinks: false })
}

function effectfulFunction(node: LogicalNode): string | undefined {
  if (node.op === 'parallelDo') return node.fn.effects ? node.fn.label : undefined
  if (node.op !== 'aggregate') return undefined
  const call = node.calls.find(({ fn }) => typeof fn !== 'string' && fn.effects)
  return call === undefined || typeof call.fn === 'string' ? undefined : call.fn.label
}
