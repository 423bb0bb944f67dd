import { formatType } from '../../data/type.ts'
import type { ColumnId, NodeId } from '../../ir/expr.ts'
import type { LogicalNode, Output, Plan } from '../../ir/logical.ts'
import { describeNode, nameColumns } from '../describe.ts'
import { wrap } from './layout.ts'

/**
 * The plan as trees, one for each result and sink: a node, its row where that differs from what it reads (never if `rows` is false), then
 * what it reads. What several nodes read is spelled out once.
 */
export function planTree(plan: Plan, rows = true): string[] {
  const names = nameColumns(plan)
  const tree: Tree = {
    names,
    byId: new Map(plan.nodes.map((node) => [node.id, node])),
    readers: countReaders(plan),
    seen: new Set(),
    rows,
  }
  const lines: string[] = []
  for (const { name, port } of plan.outputs) lines.push(`  result ${name}`, ...nodeLines(tree, port.node, '  └─ ', '     '))
  for (const node of plan.nodes) if (node.op === 'sink') lines.push(...nodeLines(tree, node.id, '  ', '  '))
  return lines
}

interface Tree {
  names: ReadonlyMap<ColumnId, string>
  byId: ReadonlyMap<NodeId, LogicalNode>
  readers: ReadonlyMap<NodeId, number>
  seen: Set<NodeId>
  rows: boolean
}

function nodeLines(tree: Tree, id: NodeId, first: string, rest: string): string[] {
  const node = tree.byId.get(id)!
  const mark = (tree.readers.get(id) ?? 0) > 1 ? `[${id}] ` : ''
  if (tree.seen.has(id)) return wrap(`${mark}${describeNode(node, tree.names)} (as above)`, first, `${rest}     `)
  tree.seen.add(id)
  const below = node.inputs.length > 0 ? `${rest}│    ` : `${rest}     `
  const row = tree.rows ? newRow(tree, node) : undefined
  const lines = [
    ...wrap(mark + describeNode(node, tree.names), first, below),
    ...(row === undefined ? [] : wrap(row, `${below}: `, `${below}  `)),
  ]
  node.inputs.forEach((port, i) => {
    const last = i === node.inputs.length - 1
    lines.push(...nodeLines(tree, port.node, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`))
  })
  return lines
}

function newRow(tree: Tree, node: LogicalNode): string | undefined {
  if (node.outputs.length === 0) return undefined
  const row = rowText(node.outputs[0])
  const [port] = node.inputs
  return port !== undefined && rowText(tree.byId.get(port.node)!.outputs[port.out]) === row ? undefined : row
}

const shownFields = 12

function rowText({ fields, keys, changes }: Output): string {
  const texts = fields.map((field) => `${keys?.includes(field.column) ? 'key ' : ''}${field.name} ${formatType(field.type)}`)
  const more = texts.length - shownFields
  const shown = more > 1 ? [...texts.slice(0, shownFields), `and ${more} more`] : texts
  return `${shown.join(', ')}${changes === 'zset' ? ' (with retractions)' : ''}`
}

function countReaders(plan: Plan): Map<NodeId, number> {
  const readers = new Map<NodeId, number>()
  const ports = [...plan.nodes.flatMap((node) => node.inputs), ...plan.outputs.map(({ port }) => port)]
  for (const { node } of ports) readers.set(node, (readers.get(node) ?? 0) + 1)
  return readers
}
