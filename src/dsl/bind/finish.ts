import type { NodeId } from '../../ir/expr.ts'
import type { Plan, PlanOutput } from '../../ir/logical.ts'
import type { BindState } from './state.ts'

/** Seed of key hashes: one for all plans, so that the partition of a key is the same in every run. */
const hashSeed = 0x6d696c6c
const defaultParallelism = 8

/** The plan of the nodes that the outputs, and the sinks unless left out, need. */
export function finishPlan(state: BindState, outputs: readonly PlanOutput[], { sinks }: { sinks: boolean }): Plan {
  const needed = new Set<NodeId>(outputs.map((output) => output.port.node))
  // Topological order: consumers come later, so one pass from the end finds everything.
  for (let i = state.nodes.length - 1; i >= 0; i--) {
    const node = state.nodes[i]
    if (sinks && node.op === 'sink') needed.add(node.id)
    if (needed.has(node.id)) for (const port of node.inputs) needed.add(port.node)
  }
  return Object.freeze({
    version: 1,
    nodes: Object.freeze(state.nodes.filter((node) => needed.has(node.id))),
    outputs: Object.freeze([...outputs]),
    params: Object.freeze(Object.fromEntries(state.names.params)),
    fns: state.fns,
    hashSeed,
    nextColumn: state.nextColumn,
    nextNode: state.nextNode,
    parallelism: state.parallelism ?? defaultParallelism,
  })
}
