import type { PhysicalNode } from '../ir/physical.ts'
import type { Draft, StageDraft } from './lower/draft.ts'
import type { Mscr } from './options.ts'
import { componentOf } from './plan-graph.ts'

interface Grouping {
  node: PhysicalNode
  stage: StageDraft
  /** Stages whose rows it groups. */
  producers: readonly number[]
}

/**
 * Groupings that read the same fused producer belong to one block: its rows are made once and go to all of them (FlumeJava §4.3).
 * Groupings are aggregates, distinct, groupByKey and joins by key; a join with a broadcast side groups nothing.
 */
export function findMscrs(draft: Draft): Mscr[] {
  const groupings = draft.stages.flatMap((stage) => groupingsOf(draft, stage))
  // One vertex a grouping, then one a producer stage.
  const offset = groupings.length
  const edges = groupings.flatMap(({ producers }, i) => producers.map((stage) => ({ from: i, to: offset + stage })))
  const component = componentOf(
    Array.from({ length: offset + draft.stages.length }, (_, i) => i),
    edges,
  )
  const blocks = new Map<number, Grouping[]>()
  groupings.forEach((grouping, i) => {
    const block = blocks.get(component.get(i)!) ?? []
    block.push(grouping)
    blocks.set(component.get(i)!, block)
  })
  return [...blocks.values()].map((members, id) => ({
    id,
    groupings: members.flatMap(({ node }) => node.from),
    inputChannels: sorted(members.flatMap(({ producers }) => producers)),
    outputChannels: sorted(members.map(({ stage }) => stage.id)),
  }))
}

function isGrouping(draft: Draft, node: PhysicalNode, exchanges: readonly number[]): boolean {
  if (node.operator === 'groupByKey') return true
  if (node.operator === 'aggregate') return node.spec.phase !== 'partial'
  return node.operator === 'join' && exchanges.every((id) => draft.exchanges[id].partitioning.by === 'hash')
}

function groupingsOf(draft: Draft, stage: StageDraft): Grouping[] {
  const under = exchangesUnder(stage)
  return stage.nodes.flatMap((node) => {
    const exchanges = under.get(node.id)!
    if (!isGrouping(draft, node, exchanges)) return []
    const producers = exchanges.map((id) => draft.exchanges[id].from)
    return [{ node, stage, producers: producers.length === 0 ? [stage.id] : producers }]
  })
}

/** The exchanges that the rows of each node of a stage come from; a chain of nodes shares one list. */
function exchangesUnder(stage: StageDraft): Map<number, readonly number[]> {
  const under = new Map<number, readonly number[]>()
  for (const node of stage.nodes) {
    const inputs = node.inputs.map((id) => under.get(id)!)
    const own = node.operator === 'receive' ? node.spec.exchanges : []
    under.set(node.id, inputs.length === 1 ? inputs[0] : [...own, ...inputs.flat()])
  }
  return under
}

function sorted(ids: readonly number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b)
}
