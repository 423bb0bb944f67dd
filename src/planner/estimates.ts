import type { NodeId } from '../ir/expr.ts'
import type { LogicalNode } from '../ir/logical.ts'
import { nodeSize, type Size } from './size.ts'

/** What the nodes of a piece of a plan make together before and after a rule changed it. */
export interface EstimatedChange {
  rows: BeforeAfter | null
  bytes: BeforeAfter | null
}
interface BeforeAfter {
  before: number
  after: number
}

/**
 * Estimated sizes of the nodes of a plan while rules change it.
 *
 * A size is kept for as long as its node: a rule below changes how the node's input is made and not which rows it holds.
 */
export class SizeEstimates {
  readonly #sizes = new WeakMap<LogicalNode, Size>()

  /** @param find - the node of an id. */
  of(node: LogicalNode, find: (id: NodeId) => LogicalNode): Size {
    const known = this.#sizes.get(node)
    if (known !== undefined) return known
    const size = nodeSize(
      node,
      node.inputs.map((port) => this.of(find(port.node), find)),
    )
    this.#sizes.set(node, size)
    return size
  }
}

/** Null where neither rows nor bytes are known on both sides. */
export function estimateChange(before: readonly Size[], after: readonly Size[]): EstimatedChange | null {
  const rows = changeOf(before, after, 'rows')
  const bytes = changeOf(before, after, 'bytes')
  return rows === null && bytes === null ? null : { rows, bytes }
}

function changeOf(before: readonly Size[], after: readonly Size[], what: 'rows' | 'bytes'): BeforeAfter | null {
  const sum = (sizes: readonly Size[]): number => sizes.reduce((total, size) => total + (size[what] ?? Number.NaN), 0)
  const change = { before: sum(before), after: sum(after) }
  return Number.isNaN(change.before) || Number.isNaN(change.after) ? null : change
}
