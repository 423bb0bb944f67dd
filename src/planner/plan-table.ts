import { invariant } from '../base/assert.ts'
import type { NodeId } from '../ir/expr.ts'
import type { LogicalNode, Plan } from '../ir/logical.ts'

const result = -1

/**
 * The nodes of a plan while rules change it, with their readers counted. Nodes are frozen; a change replaces an entry.
 * Nodes without readers leave at once, so what is here is what the results need.
 */
export class PlanTable {
  readonly #plan: Plan
  readonly #nodes = new Map<NodeId, LogicalNode>()
  /** Readers of each node, with how often each of them reads it; `result` stands for the caller. */
  readonly #readers = new Map<NodeId, Map<NodeId, number>>()
  /** Nodes that were dropped in favour of their input. */
  readonly #standIns = new Map<NodeId, NodeId>()
  nextNode: number
  nextColumn: number

  constructor(plan: Plan) {
    this.#plan = plan
    this.nextNode = plan.nextNode
    this.nextColumn = plan.nextColumn
    for (const node of plan.nodes) this.#set(node)
    for (const { port } of plan.outputs) this.#read(port.node, result)
    for (const node of [...plan.nodes].reverse()) this.#dropUnread(node.id)
  }

  get(id: NodeId): LogicalNode {
    const node = this.#nodes.get(this.resolve(id))
    invariant(node !== undefined, `plan node ${id} is gone`)
    return node
  }

  has(id: NodeId): boolean {
    return this.#nodes.has(id)
  }

  /** The id under which a node can be found now. */
  resolve(id: NodeId): NodeId {
    let at = id
    for (let next = this.#standIns.get(at); next !== undefined; next = this.#standIns.get(at)) at = next
    return at
  }

  readers(id: NodeId): NodeId[] {
    return [...(this.#readers.get(id)?.keys() ?? [])].filter((reader) => reader !== result)
  }

  useCount(id: NodeId): number {
    return [...(this.#readers.get(id)?.values() ?? [])].reduce((a, b) => a + b, 0)
  }

  /** Puts `made` in the place of `old`, which must have the same row. New nodes below it come in through `added`. */
  replace(old: LogicalNode, made: LogicalNode, added: ReadonlyMap<NodeId, LogicalNode>): NodeId {
    const fresh = added.has(made.id)
    const root = fresh ? Object.freeze({ ...made, id: old.id }) : made
    for (const node of added.values()) if (node.id !== made.id) this.#set(node)
    if (fresh) {
      for (const port of old.inputs) this.#unread(port.node, old.id)
      this.#set(root)
      for (const port of old.inputs) this.#dropUnread(port.node)
    } else this.#standIn(old, root.id)
    for (const node of added.values()) if (node.id !== made.id) this.#dropUnread(node.id)
    return root.id
  }

  /** Ids from sources to results. */
  order(): NodeId[] {
    const order: NodeId[] = []
    const seen = new Set<NodeId>()
    for (const root of this.#roots()) {
      const open: { id: NodeId; next: number }[] = [{ id: root, next: 0 }]
      while (open.length > 0) {
        const top = open[open.length - 1]
        const inputs = this.get(top.id).inputs
        if (seen.has(top.id)) open.pop()
        else if (top.next < inputs.length) {
          const input = this.resolve(inputs[top.next++].node)
          if (!seen.has(input)) open.push({ id: input, next: 0 })
        } else {
          seen.add(top.id)
          order.push(top.id)
          open.pop()
        }
      }
    }
    return order
  }

  toPlan(): Plan {
    const nodes = this.order().map((id) => {
      const node = this.get(id)
      const inputs = node.inputs.map((port) => ({ ...port, node: this.resolve(port.node) }))
      return inputs.every((port, i) => port.node === node.inputs[i].node) ? node : Object.freeze({ ...node, inputs })
    })
    const outputs = this.#plan.outputs.map(({ name, port }) => ({ name, port: { ...port, node: this.resolve(port.node) } }))
    return { ...this.#plan, nodes, outputs, nextNode: this.nextNode, nextColumn: this.nextColumn }
  }

  #roots(): NodeId[] {
    const roots = this.#plan.outputs.map(({ port }) => this.resolve(port.node))
    for (const node of this.#nodes.values()) if (node.op === 'sink') roots.push(node.id)
    return roots
  }

  #set(node: LogicalNode): void {
    this.#nodes.set(node.id, node)
    for (const port of node.inputs) this.#read(this.resolve(port.node), node.id)
  }

  #read(id: NodeId, reader: NodeId): void {
    const readers = this.#readers.get(id) ?? new Map<NodeId, number>()
    this.#readers.set(id, readers)
    readers.set(reader, (readers.get(reader) ?? 0) + 1)
  }

  #unread(id: NodeId, reader: NodeId): void {
    const readers = this.#readers.get(this.resolve(id))
    const count = readers?.get(reader) ?? 0
    if (count > 1) readers!.set(reader, count - 1)
    else readers?.delete(reader)
  }

  #dropUnread(start: NodeId): void {
    const open = [start]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const node = this.#nodes.get(this.resolve(id))
      if (node === undefined || node.op === 'sink' || this.useCount(node.id) > 0) continue
      this.#nodes.delete(node.id)
      for (const port of node.inputs) {
        this.#unread(port.node, node.id)
        open.push(port.node)
      }
    }
  }

  /** Readers of a dropped node read `input` from now on. */
  #standIn(old: LogicalNode, input: NodeId): void {
    const readers = this.#readers.get(old.id) ?? new Map<NodeId, number>()
    for (const port of old.inputs) this.#unread(port.node, old.id)
    this.#nodes.delete(old.id)
    this.#readers.delete(old.id)
    this.#standIns.set(old.id, input)
    for (const [reader, count] of readers) for (let i = 0; i < count; i++) this.#read(input, reader)
    for (const port of old.inputs) this.#dropUnread(port.node)
  }
}
