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
  const groupings = draft.stages.flatMap((stage) =>
    stage.nodes.filter((node) => isGrouping(draft, stage, node)).map((node) => describe(draft, stage, node)),
  )
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
    blocks.set(component.get(i)!, [...block, grouping])
  })
  return [...blocks.values()].map((members, id) => ({
    id,
    groupings: members.flatMap(({ node }) => node.from),
    inputChannels: sorted(members.flatMap(({ producers }) => producers)),
    outputChannels: sorted(members.map(({ stage }) => stage.id)),
  }))
}

function isGrouping(draft: Draft, stage: StageDraft, node: PhysicalNode): boolean {
  if (node.operator === 'groupByKey') return true
  if (node.operator === 'aggregate') return node.spec.phase !== 'partial'
  return node.operator === 'join' && exchangesUnder(stage, node).every((id) => draft.exchanges[id].partitioning.by === 'hash')
}

function describe(draft: Draft, stage: StageDraft, node: PhysicalNode): Grouping {
  const producers = exchangesUnder(stage, node).map((id) => draft.exchanges[id].from)
  return { node, stage, producers: producers.length === 0 ? [stage.id] : producers }
}

function exchangesUnder(stage: StageDraft, node: PhysicalNode): number[] {
  const byId = new Map(stage.nodes.map((member) => [member.id, member]))
  const found: number[] = []
  const open = [...node.inputs]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const below = byId.get(id)!
    if (below.operator === 'receive') found.push(...below.spec.exchanges)
    open.push(...below.inputs)
  }
  return found
}

function sorted(ids: readonly number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b)
}
