import { alg, Graph } from '@dagrejs/graphlib'
import { invariant } from '../base/assert.ts'
import type { NodeId } from '../ir/expr.ts'
import type { Plan } from '../ir/logical.ts'

/** The nodes that a result or a sink depends on. */
export function reachableNodes(plan: Plan): Set<NodeId> {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]))
  const open = [
    ...plan.outputs.map(({ port }) => port.node),
    ...plan.nodes.filter((node) => node.op === 'sink').map((node) => node.id),
  ]
  const seen = new Set<NodeId>()
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    for (const port of byId.get(id)!.inputs) open.push(port.node)
  }
  return seen
}

interface StageEdge {
  from: number
  to: number
}

/** Ids so that every edge goes forward; among those that are free the smallest comes first, so that the order is stable. */
export function topologicalOrder(ids: readonly number[], edges: readonly StageEdge[]): number[] {
  const waiting = new Map(ids.map((id) => [id, 0]))
  const next = new Map<number, number[]>(ids.map((id) => [id, []]))
  for (const { from, to } of edges) {
    waiting.set(to, waiting.get(to)! + 1)
    next.get(from)!.push(to)
  }
  const free = ids.filter((id) => waiting.get(id) === 0)
  const order: number[] = []
  while (free.length > 0) {
    free.sort((a, b) => b - a)
    const id = free.pop()!
    order.push(id)
    for (const to of next.get(id)!) {
      waiting.set(to, waiting.get(to)! - 1)
      if (waiting.get(to) === 0) free.push(to)
    }
  }
  invariant(order.length === ids.length, 'the stages of a plan form a cycle')
  return order
}

/** Number of the connected component of each id; components count in the order of their smallest id. */
export function componentOf(ids: readonly number[], edges: readonly StageEdge[]): Map<number, number> {
  const found = alg.components(viewOf(ids, edges)).map((members) => members.map(Number).sort((a, b) => a - b))
  found.sort((a, b) => a[0] - b[0])
  return new Map(found.flatMap((members, component) => members.map((id) => [id, component] as const)))
}

/** Number of the strongly connected component of each id. */
export function cycleOf(ids: readonly number[], edges: readonly StageEdge[]): Map<number, number> {
  return new Map(alg.tarjan(viewOf(ids, edges)).flatMap((members, cycle) => members.map((id) => [Number(id), cycle] as const)))
}

/** A throw-away view for the graph algorithms; plans are never kept in it. */
function viewOf(ids: readonly number[], edges: readonly StageEdge[]): Graph {
  const graph = new Graph({ directed: true })
  for (const id of ids) graph.setNode(String(id))
  for (const { from, to } of edges) graph.setEdge(String(from), String(to))
  return graph
}
