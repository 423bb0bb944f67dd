import { exhaustive } from '../base/assert.ts'
import type { NodeId } from '../ir/expr.ts'
import type { LogicalNode, Output, Plan } from '../ir/logical.ts'
import { type ComputedField, type Draft, openStage, projectTo, type Stream, settle } from './lower/draft.ts'
import { lowerResult, lowerSink, lowerSource, lowerValues } from './lower/ends.ts'
import { gatherInto } from './lower/exchange.ts'
import { lowerJoin } from './lower/join.ts'
import { clusteredShape, lowerAggregate, lowerDistinct, lowerGroupByKey } from './lower/keyed.ts'
import { isNarrow, lowerNarrow } from './lower/narrow.ts'
import { lowerLimit, lowerSort, lowerTopK } from './lower/ordered.ts'
import type { PlannerOptions } from './options.ts'
import { reachableNodes } from './plan-graph.ts'
import { fuseRule } from './rules/index.ts'

/**
 * Lowers a logical plan to stages and exchanges, one node at a time in topological order.
 *
 * The rows of a node are a list of streams: a flatten has several, and what needs one row at a time is applied to each of them
 * (FlumeJava §4.2, sinking flattens), so that a union costs no operator and no copy. A node with several consumers is
 * settled into one physical node that all of them read; nothing is computed twice.
 */
export function lowerPlan(plan: Plan, options: PlannerOptions): Draft {
  const draft: Draft = {
    plan,
    options,
    stages: [],
    exchanges: [],
    sinks: [],
    liftedArgs: new Map(),
    nextNode: 0,
    nextColumn: plan.nextColumn,
    fuse: !options.disabledRules.includes(fuseRule),
  }
  const needed = reachableNodes(plan)
  const nodes = plan.nodes.filter((node) => needed.has(node.id))
  const uses = countUses(plan, nodes)
  const consumers = new Map(nodes.flatMap((node) => node.inputs.map((port) => [port.node, node] as const)))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const streams = new Map<NodeId, readonly Stream[]>()
  for (const node of nodes) {
    const inputs = node.inputs.map((port) => streams.get(port.node)!)
    const outputs = node.inputs.map((port) => byId.get(port.node)!.outputs[port.out])
    const onlyConsumer = uses.get(node.id) === 1 ? consumers.get(node.id) : undefined
    const made = lowerNode(draft, node, inputs, outputs, { onlyConsumer, byId })
    const shared = (uses.get(node.id) ?? 0) > 1
    const closed = shared || (isNarrow(node) && !draft.fuse) ? made.map((stream) => settle(draft, stream)) : made
    streams.set(node.id, shared ? closed.map((stream) => ({ ...stream, shared })) : closed)
  }
  plan.outputs.forEach(({ port }, i) => {
    lowerResult(draft, i, streams.get(port.node)!)
  })
  return draft
}

interface Around {
  onlyConsumer?: LogicalNode
  byId: ReadonlyMap<NodeId, LogicalNode>
}

function lowerNode(
  draft: Draft,
  node: LogicalNode,
  inputs: readonly (readonly Stream[])[],
  outputs: readonly Output[],
  around: Around,
): readonly Stream[] {
  if (isNarrow(node)) {
    const producer = around.byId.get(node.inputs[0].node)!
    return onePlace(draft, node, inputs[0]).map((stream) => {
      const seen =
        stream.clustered && stream.steps.length === 0 ? clusteredInput(producer, outputs[0], stream, around) : outputs[0]
      return lowerNarrow(node, stream, seen)
    })
  }
  switch (node.op) {
    case 'source':
      return lowerSource(draft, node)
    case 'values':
      return lowerValues(draft, node)
    case 'flatten':
      return inputs.flatMap((parts, i) => parts.map((part) => renamed(part, node.columns[i], node)))
    case 'aggregate':
      return lowerAggregate(draft, node, inputs[0], outputs[0])
    case 'distinct':
      return lowerDistinct(draft, node, inputs[0], outputs[0])
    case 'groupByKey':
      return lowerGroupByKey(draft, node, inputs[0], outputs[0], readsGroupsOnce(around.onlyConsumer))
    case 'join':
      return lowerJoin(draft, node, inputs[0], inputs[1])
    case 'sort':
      return lowerSort(draft, node, inputs[0])
    case 'topK':
      return lowerTopK(draft, node, inputs[0])
    case 'limit':
      return lowerLimit(draft, node, inputs[0])
    case 'sink':
      lowerSink(draft, node, inputs[0], outputs[0].fields)
      return []
    default:
      return exhaustive(node)
  }
}

/**
 * A closure is tried in one place: where its opaque values are the result, the rows that it reads meet in a stage of their own first, since no file can
 * hold what comes behind it.
 */
function onePlace(draft: Draft, node: LogicalNode, streams: readonly Stream[]): readonly Stream[] {
  const isOpaque = (fields: Stream['fields']): boolean => fields.some(({ type }) => type.kind === 'js')
  const { plan } = draft
  const isTried = plan.outputs.some(({ port }) =>
    isOpaque(plan.nodes.find(({ id }) => id === port.node)!.outputs[port.out].fields),
  )
  const canMeet = !streams.some((stream) => stream.clustered || isOpaque(stream.fields))
  return isTried && canMeet && isOpaque(node.outputs[0].fields) ? [gatherInto(draft, streams, openStage(draft, 1))] : streams
}

/** A closure reads a group's values once, as they come; everybody else needs them as an array. A filter keeps its row, so it does too. */
function readsGroupsOnce(consumer: LogicalNode | undefined): boolean {
  return consumer?.op === 'parallelDo' && consumer.shape !== 'filter'
}

function clusteredInput(producer: LogicalNode, grouped: Output, stream: Stream, around: Around): Output {
  const values = around.byId.get(producer.inputs[0].node)!.outputs[producer.inputs[0].out]
  return clusteredShape(grouped, values, stream)
}

function renamed(part: Stream, columns: readonly number[], node: LogicalNode): Stream {
  const fields = node.outputs[0].fields.map((field, i): ComputedField => {
    return { ...field, expr: { e: 'column', column: columns[i], type: field.type, nullable: field.nullable } }
  })
  return projectTo(part, fields, node.id)
}

function countUses(plan: Plan, nodes: readonly LogicalNode[]): Map<NodeId, number> {
  const uses = new Map<NodeId, number>()
  const use = (id: NodeId): void => void uses.set(id, (uses.get(id) ?? 0) + 1)
  for (const node of nodes) for (const port of node.inputs) use(port.node)
  for (const { port } of plan.outputs) use(port.node)
  return uses
}
