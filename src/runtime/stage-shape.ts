import type { Exchange, Partitioning, PhysicalNode, PhysicalPlan, Stage } from '../ir/physical.ts'
import { slots } from './slots.ts'

/** The exchange of this number; ids need not be positions. */
export function exchangeOf(plan: PhysicalPlan, id: number): Exchange {
  const exchange = plan.exchanges.find((candidate) => candidate.id === id)
  if (exchange === undefined) throw new RangeError(`exchange ${id} is not in the plan`)
  return exchange
}

/** An exchange whose consumers merge ranges of what the producers have sorted. */
export type RangeExchange = Exchange & { partitioning: Extract<Partitioning, { by: 'range' }> }

export const isRange = (exchange: Exchange): exchange is RangeExchange => exchange.partitioning.by === 'range'

export function stageOf(plan: PhysicalPlan, id: number): Stage {
  const stage = plan.stages.find((candidate) => candidate.id === id)
  if (stage === undefined) throw new RangeError(`stage ${id} is not in the plan`)
  return stage
}

/** Do both ends of the exchange run at the same time? Else it goes through files. */
export function isPipelined(plan: PhysicalPlan, exchange: Exchange): boolean {
  return plan.regions.some(({ stages }) => stages.includes(exchange.from) && stages.includes(exchange.to))
}

/** Do the tasks of the region exchange rows while they run, so that they succeed or fail together? */
export function isPipelinedRegion(plan: PhysicalPlan, id: number): boolean {
  const region = plan.regions.find((candidate) => candidate.id === id)
  return region !== undefined && region.stages.length > 1
}

export const isLeaf = (node: PhysicalNode): boolean =>
  node.operator === 'scan' || node.operator === 'values' || node.operator === 'receive'

/**
 * The leaves of a stage in the order in which a task reads them, one after the other: build sides before probe sides.
 * Tasks and coordinator use the same order, so that what is read first is also started first.
 */
export function leavesInOrder(stage: Stage): readonly PhysicalNode[] {
  const byId = new Map(stage.nodes.map((node) => [node.id, node]))
  const consumed = new Set(stage.nodes.flatMap((node) => node.inputs))
  const ordered: PhysicalNode[] = []
  const seen = new Set<number>()
  const visit = (node: PhysicalNode): void => {
    if (seen.has(node.id)) return
    seen.add(node.id)
    if (isLeaf(node)) ordered.push(node)
    const inputs = node.inputOrder === 'build-first' ? node.inputs.toReversed() : node.inputs
    for (const input of inputs) visit(byId.get(input) as PhysicalNode)
  }
  // A leaf on the probe side of a join may feed another root too: build sides go first whoever else reads the probe side.
  for (const node of stage.nodes) if (node.inputOrder === 'build-first') visit(byId.get(node.inputs[1]) as PhysicalNode)
  for (const node of stage.nodes) if (!consumed.has(node.id)) visit(node)
  return ordered
}

/** Exchanges in the order in which a task of the stage reads them. */
export function exchangesInOrder(stage: Stage): readonly number[] {
  return leavesInOrder(stage).flatMap((leaf) => (leaf.operator === 'receive' ? leaf.spec.exchanges : []))
}

/** Exchanges that tasks of the stage may begin to read before all of their producers are done. */
export function hybridInputs(plan: PhysicalPlan, stage: Stage): readonly Exchange[] {
  return stage.inputs.map((id) => exchangeOf(plan, id)).filter(({ mode }) => mode === 'hybrid')
}

/** Does the stage read anything that its own region makes at the same time? */
export function hasPipelinedInput(plan: PhysicalPlan, stage: Stage): boolean {
  return stage.inputs.some((id) => isPipelined(plan, exchangeOf(plan, id)))
}

/**
 * Must a consumer that is not reading this exchange yet still take its batches in, to disk if need be?
 *
 * A producer that waits for credit stalls everything that feeds it and everything else that it feeds. Where the consumer's turn depends on one of
 * those, nobody would ever go on (the input-priority deadlock). A producer which only reads a source and has no other output can wait safely.
 */
export function mustSpool(plan: PhysicalPlan, exchange: Exchange): boolean {
  const producer = stageOf(plan, exchange.from)
  if (plan.incremental || hasPipelinedInput(plan, producer)) return true
  return producer.outputs.filter((id) => isPipelined(plan, exchangeOf(plan, id))).length > 1
}

/** The tasks of the producer stage whose rows reach task `task` of the consumer. */
export function producersOf(plan: PhysicalPlan, exchange: Exchange, task: number): readonly number[] {
  if (exchange.partitioning.by === 'forward') return [task]
  return Array.from({ length: stageOf(plan, exchange.from).tasks }, (_, producer) => producer)
}

/** How many channels of pipelined exchanges may end in one of `workers` workers at a time. */
export function channelsOf(plan: PhysicalPlan, workers: number): number {
  const inRegion = plan.regions.map(({ stages }) => {
    const inside = plan.exchanges.filter(({ from, to }) => stages.includes(from) && stages.includes(to))
    return inside.reduce((sum, exchange) => sum + channelsOfExchange(plan, exchange, workers), 0)
  })
  return Math.max(0, ...inRegion)
}

function channelsOfExchange(plan: PhysicalPlan, { from, to, partitioning }: Exchange, workers: number): number {
  const [producer, consumer] = [stageOf(plan, from), stageOf(plan, to)]
  const readers = consumer.placement === 'coordinator' ? 1 : Math.ceil(consumer.tasks / workers)
  if (partitioning.by === 'forward') return readers
  const isSlotted = producer.placement === 'worker' && !hasPipelinedInput(plan, producer)
  return (isSlotted ? Math.min(producer.tasks, slots.pipelined * workers) : producer.tasks) * readers
}
