import { exhaustive } from '../../base/assert.ts'
import type { ColumnId, NodeId } from '../../ir/expr.ts'
import type { Field, LogicalNode, NodeOf, Output, Plan, Port } from '../../ir/logical.ts'
import { describeNode, nameColumns } from '../describe.ts'
import { collectColumns, columnExpr, columnsOf, isVolatile } from '../expressions.ts'
import { exprsOfNode } from '../node-exprs.ts'
import type { Pass, PassContext } from '../rule.ts'

/**
 * Columns that nobody reads are not read, computed or exchanged. Demands are collected from the results down; then nodes are rebuilt
 * upwards: sources read fewer columns, selects and aggregates compute fewer, and a select is put below what would carry the rest along.
 *
 * A closure demands the fields that it reads. Sorting, distinct and groupByKey demand the whole row, since all of it counts there.
 */
export const pruneColumns: Pass = {
  name: 'prune-columns',
  run(plan, ctx) {
    const demands = collectDemands(plan)
    const state: State = { plan, demands, rows: new Map(), names: nameColumns(plan), nodes: [], nextNode: plan.nextNode, ctx }
    for (const node of plan.nodes) rebuild(state, node)
    return { ...plan, nodes: state.nodes, nextNode: state.nextNode }
  },
}

type Demands = ReadonlyMap<NodeId, ReadonlySet<ColumnId>>

interface State {
  plan: Plan
  demands: Demands
  /** Rows of the nodes rebuilt so far. */
  rows: Map<NodeId, Output>
  names: ReadonlyMap<ColumnId, string>
  nodes: LogicalNode[]
  nextNode: NodeId
  ctx: PassContext
}

function collectDemands(plan: Plan): Demands {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]))
  const demands = new Map<NodeId, Set<ColumnId>>(plan.nodes.map((node) => [node.id, new Set()]))
  const demand = (port: Port, columns: Iterable<ColumnId>): void => {
    for (const column of columns) demands.get(port.node)!.add(column)
  }
  const outputOf = (port: Port): Output => byId.get(port.node)!.outputs[port.out]
  for (const { port } of plan.outputs) demand(port, columnIds(outputOf(port)))
  for (let i = plan.nodes.length - 1; i >= 0; i--) {
    const node = plan.nodes[i]
    node.inputs.forEach((port, at) => {
      demand(port, demandedOf(node, at, outputOf(port), demands.get(node.id)!))
    })
  }
  return demands
}

/** Columns of input `at` that a node needs to make the columns `wanted`. */
function demandedOf(node: LogicalNode, at: number, input: Output, wanted: ReadonlySet<ColumnId>): Iterable<ColumnId> {
  switch (node.op) {
    case 'project':
      return columnsOf(...keptExprs(node, wanted).map(({ expr }) => expr))
    case 'filter':
    case 'unnest':
    case 'join': {
      const needed = new Set(wanted)
      for (const expr of exprsOfNode(node)) collectColumns(expr, needed)
      return columnIds(input).filter((column) => needed.has(column))
    }
    case 'limit':
      return columnIds(input).filter((column) => wanted.has(column))
    case 'aggregate': {
      const calls = keptCalls(node, wanted)
      const exprs = [
        ...node.by.map(({ expr }) => expr),
        ...calls.flatMap((call) => [...call.args, ...(call.where === undefined ? [] : [call.where])]),
      ]
      return columnsOf(...exprs)
    }
    case 'flatten':
      return keptFields(node, wanted).map((i) => node.columns[at][i])
    case 'parallelDo':
      return readsOf(node, input, wanted)
    case 'distinct':
    case 'sort':
    case 'topK':
    case 'groupByKey':
    case 'sink':
      return columnIds(input)
    case 'source':
    case 'values':
      return []
    default:
      return exhaustive(node)
  }
}

function readsOf(node: NodeOf<'parallelDo'>, input: Output, wanted: ReadonlySet<ColumnId>): Iterable<ColumnId> {
  const { reads } = node.fn
  if (reads === 'all' || input.element || input.keys !== undefined) return columnIds(input)
  const names = new Set(reads)
  const passed = node.shape === 'filter' ? wanted : new Set<ColumnId>()
  return input.fields.filter((field) => names.has(field.name) || passed.has(field.column)).map((field) => field.column)
}

/** Ordinals of the columns of a union that stay: at least one, and the same one in every input, since rows are counted by it. */
function keptFields({ outputs: [output] }: NodeOf<'flatten'>, wanted: ReadonlySet<ColumnId>): number[] {
  return atLeastOne(output.fields, (field) => wanted.has(field.column)).map((field) => output.fields.indexOf(field))
}

/** What of a select is computed; one column at least, since rows are counted by it. */
function keptExprs({ exprs }: NodeOf<'project'>, wanted: ReadonlySet<ColumnId>): NodeOf<'project'>['exprs'] {
  const kept = exprs.filter(({ column, expr }) => wanted.has(column) || isVolatile(expr))
  if (kept.length > 0) return kept
  return [exprs.find(({ expr }) => expr.e === 'column') ?? exprs[0]].filter((item) => item !== undefined)
}

/** Without keys there is one row whatever is asked of it, so one call stays to make it. */
function keptCalls(node: NodeOf<'aggregate'>, wanted: ReadonlySet<ColumnId>): NodeOf<'aggregate'>['calls'] {
  const kept = node.calls.filter((call) => wanted.has(call.column))
  return kept.length === 0 && node.by.length === 0 ? node.calls.slice(0, 1) : kept
}

function rebuild(state: State, node: LogicalNode): void {
  const inputs = node.inputs.map((port, i) => narrowInput(state, node, port, i))
  const made = pruned(state, node, inputs)
  const changed =
    made.outputs[0]?.fields.length !== node.outputs[0]?.fields.length ||
    made.inputs.some((port, i) => port.node !== node.inputs[i].node)
  const result = changed ? Object.freeze(made) : node
  state.nodes.push(result)
  if (result.outputs.length > 0) state.rows.set(result.id, result.outputs[0])
  report(state, node, result)
}

/** A select goes below what would carry columns along that nobody reads: through an exchange, or into memory. */
function narrowInput(state: State, node: LogicalNode, port: Port, at: number): Port {
  if (node.op !== 'join' && node.op !== 'limit') return port
  const row = state.rows.get(port.node)!
  const needed = new Set(demandedOf(node, at, row, state.demands.get(node.id)!))
  const fields = row.fields.filter((field) => needed.has(field.column))
  if (fields.length === row.fields.length || fields.length === 0) return port
  const project: LogicalNode = Object.freeze({
    op: 'project',
    id: state.nextNode++,
    inputs: [port],
    outputs: [withFields(row, fields)],
    exprs: fields.map((field) => ({ column: field.column, expr: columnExpr(field) })),
    at: node.at,
    origin: [node.id],
    hints: {},
  })
  state.nodes.push(project)
  state.rows.set(project.id, project.outputs[0])
  return { node: project.id, out: 0 }
}

/** The node on its narrowed inputs; its own row is what these give and what is wanted of it. */
function pruned(state: State, node: LogicalNode, inputs: readonly Port[]): LogicalNode {
  const wanted = state.demands.get(node.id)!
  const output = node.outputs[0]
  const given = new Set(inputs.flatMap((port) => columnIds(state.rows.get(port.node)!)))
  switch (node.op) {
    case 'source': {
      const fields = atLeastOne(output.fields, (field) => wanted.has(field.column))
      if (!node.described.traits.pushProjection || fields.length === output.fields.length) return node
      return {
        ...node,
        pushed: { ...node.pushed, columns: fields.map((field) => field.column) },
        outputs: [withFields(output, fields)],
      }
    }
    case 'values': {
      const kept = atLeastOne(output.fields, (field) => wanted.has(field.column)).map((field) => output.fields.indexOf(field))
      return {
        ...node,
        rows: node.rows.map((row) => kept.map((i) => row[i])),
        outputs: [
          withFields(
            output,
            kept.map((i) => output.fields[i]),
          ),
        ],
      }
    }
    case 'project': {
      const exprs = keptExprs(node, wanted)
      const columns = new Set(exprs.map(({ column }) => column))
      return {
        ...node,
        inputs,
        exprs,
        outputs: [
          withFields(
            output,
            output.fields.filter((field) => columns.has(field.column)),
          ),
        ],
      }
    }
    case 'aggregate': {
      const calls = keptCalls(node, wanted)
      const columns = new Set([...node.by, ...calls].map(({ column }) => column))
      return {
        ...node,
        inputs,
        calls,
        outputs: [
          withFields(
            output,
            output.fields.filter((field) => columns.has(field.column)),
          ),
        ],
      }
    }
    case 'unnest':
      return {
        ...node,
        inputs,
        outputs: [
          withFields(
            output,
            output.fields.filter(
              (field) => given.has(field.column) || field.column === node.item || field.column === node.ordinal,
            ),
          ),
        ],
      }
    case 'flatten': {
      const kept = keptFields(node, wanted)
      return {
        ...node,
        inputs,
        columns: node.columns.map((columns) => kept.map((i) => columns[i])),
        outputs: [
          withFields(
            output,
            kept.map((i) => output.fields[i]),
          ),
        ],
      }
    }
    case 'parallelDo':
      return node.shape === 'filter'
        ? {
            ...node,
            inputs,
            outputs: [
              withFields(
                output,
                output.fields.filter((field) => given.has(field.column)),
              ),
            ],
          }
        : { ...node, inputs }
    case 'filter':
    case 'join':
    case 'limit':
    case 'sort':
    case 'topK':
    case 'distinct':
      return {
        ...node,
        inputs,
        outputs: [
          withFields(
            output,
            output.fields.filter((field) => given.has(field.column)),
          ),
        ],
      }
    case 'groupByKey':
    case 'sink':
      return { ...node, inputs }
    default:
      return exhaustive(node)
  }
}

/** Rows must have some column to be counted by; numbers are the cheapest to read. */
function atLeastOne(fields: readonly Field[], test: (field: Field) => boolean): readonly Field[] {
  const kept = fields.filter(test)
  if (kept.length > 0) return kept
  return [fields.find((field) => field.type.kind === 'int64' || field.type.kind === 'float64') ?? fields[0]].filter(
    (field) => field !== undefined,
  )
}

function columnIds(output: Output): ColumnId[] {
  return output.fields.map((field) => field.column)
}

/** Rows stay sorted by the keys before the first one that is gone. */
function withFields(output: Output, fields: readonly Field[]): Output {
  const { order } = output
  if (typeof order === 'string') return { ...output, fields }
  const left = new Set(fields.map((field) => field.column))
  const gone = order.sorted.findIndex((key) => ![...columnsOf(key.expr)].every((column) => left.has(column)))
  return { ...output, fields, order: gone < 0 ? order : { sorted: order.sorted.slice(0, gone) } }
}

/** Only what saves reading or computing is worth telling. */
function report({ names, ctx }: State, before: LogicalNode, after: LogicalNode): void {
  if (before === after || (after.op !== 'source' && after.op !== 'project' && after.op !== 'aggregate')) return
  const old = before.outputs[0].fields.length
  const left = after.outputs[0].fields.length
  if (old === left) return
  const verb = after.op === 'source' ? 'reads' : 'computes'
  ctx.fired({
    nodes: [before.id],
    before: describeNode(before, names),
    after: describeNode(after, names),
    reason: `${verb} ${left} of ${old} columns, nobody uses the others`,
  })
}
