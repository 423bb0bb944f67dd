import { invariant } from '../base/assert.ts'
import type { Exchange, PhysicalNode, PhysicalPlan, Stage } from '../ir/physical.ts'
import { topologicalOrder } from './plan-graph.ts'

/**
 * Checks what must hold for every physical plan: ids and ends of exchanges, partition counts, the partitioning that keyed operators
 * rest on, and regions that can run one after the other.
 *
 * @throws {@link MillraceError} `BUG_INVARIANT`
 */
export function validatePhysical(plan: PhysicalPlan): void {
  const stages = new Map(plan.stages.map((stage) => [stage.id, stage]))
  for (const exchange of plan.exchanges) checkExchange(exchange, stages)
  for (const stage of plan.stages) for (const node of stage.nodes) checkNode(stage, node)
  checkRegions(plan)
}

function checkExchange(exchange: Exchange, stages: ReadonlyMap<number, Stage>): void {
  const from = stages.get(exchange.from)
  const to = stages.get(exchange.to)
  invariant(from !== undefined && to !== undefined, `exchange ${exchange.id} has an end that is no stage`)
  invariant(from.outputs.includes(exchange.id), `exchange ${exchange.id} has no producer`)
  invariant(to.inputs.includes(exchange.id), `exchange ${exchange.id} has no consumer`)
  invariant(
    exchange.partitioning.count === to.tasks,
    `exchange ${exchange.id} has ${exchange.partitioning.count} partitions for ${to.tasks} tasks`,
  )
  invariant(
    exchange.fields.every((field) => field.type.kind !== 'js'),
    `exchange ${exchange.id} carries an opaque value`,
  )
  const { partitioning } = exchange
  if (partitioning.by === 'range') {
    invariant(exchange.mode === 'blocking', `exchange ${exchange.id} is to send ranges before their bounds are known`)
    invariant(
      partitioning.keys.every(({ column }) => column < exchange.fields.length),
      `exchange ${exchange.id} is sorted by a column that it does not carry`,
    )
  }
  if (partitioning.by === 'hash') {
    invariant(
      partitioning.keys.every((key) => key < exchange.fields.length),
      `exchange ${exchange.id} is hashed by a column that it does not carry`,
    )
  }
}

function checkNode(stage: Stage, node: PhysicalNode): void {
  const at = stage.nodes.indexOf(node)
  const inputs = node.inputs.map((id) => stage.nodes.find((other) => other.id === id))
  invariant(
    inputs.every((input) => input !== undefined && stage.nodes.indexOf(input) < at),
    `node ${node.id} (${node.operator}) reads a node that does not come before it`,
  )
  if (node.operator === 'aggregate' && node.spec.phase !== 'partial') checkTogether(stage, node, inputs[0]!, node.spec.keys)
  if (node.operator === 'groupByKey') checkTogether(stage, node, inputs[0]!, node.spec.keys)
}

/** All rows of a key must come to one task. */
function checkTogether(stage: Stage, node: PhysicalNode, input: PhysicalNode, keys: readonly number[]): void {
  const { partitioning } = input.properties
  const together = stage.tasks === 1 || (partitioning.by === 'hash' && partitioning.keys.every((key) => keys.includes(key)))
  invariant(together, `node ${node.id} (${node.operator}) does not see all rows of a key`)
}

function checkRegions(plan: PhysicalPlan): void {
  const region = new Map(plan.regions.flatMap(({ id, stages }) => stages.map((stage) => [stage, id] as const)))
  const stored = plan.exchanges.filter((exchange) => exchange.mode !== 'pipelined')
  for (const { id, mode, from, to } of stored)
    invariant(region.get(from) !== region.get(to), `${mode} exchange ${id} lies inside a region`)
  topologicalOrder(
    plan.regions.map(({ id }) => id),
    stored.map(({ from, to }) => ({ from: region.get(from)!, to: region.get(to)! })),
  )
}
