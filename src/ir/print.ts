import { exhaustive } from '../base/assert.ts'
import { formatType } from '../data/type.ts'
import type { AggCall, ColumnId, SortKey } from './expr.ts'
import type { LogicalNode, Output, Plan } from './logical.ts'
import { printExpr, printSortKey, printValue } from './print-expr.ts'

/**
 * A logical plan as text, one line a node, inputs indented below their consumer. A node with several consumers is spelled out once and then
 * referred to by its id. Columns are `name#id`; `?` after a type says that it may be null. The text depends on the plan alone.
 */
export function printPlan(plan: Plan): string {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]))
  const names = columnNames(plan)
  const printed = new Set<number>()
  const lines: string[] = []
  const visit = (id: number, depth: number): void => {
    const node = byId.get(id)!
    const indent = '  '.repeat(depth)
    if (printed.has(id)) {
      lines.push(`${indent}${id} (above)`)
      return
    }
    printed.add(id)
    const output = node.outputs[0]
    lines.push(`${indent}${id} ${printNode(node, names)}${output === undefined ? '' : printOutput(output, names)}`)
    for (const port of node.inputs) visit(port.node, depth + 1)
  }
  for (const { name, port } of plan.outputs) {
    lines.push(`output ${name}`)
    visit(port.node, 1)
  }
  for (const node of plan.nodes) if (node.op === 'sink') visit(node.id, 0)
  return lines.join('\n')
}

type ColumnNames = (column: ColumnId) => string

/** The first name that a column has anywhere, with its id. */
function columnNames(plan: Plan): ColumnNames {
  const names = new Map<ColumnId, string>()
  for (const node of plan.nodes) {
    for (const output of node.outputs)
      for (const { column, name } of output.fields) if (!names.has(column)) names.set(column, name)
  }
  return (column) => `${names.get(column) ?? ''}#${column}`
}

function printNode(node: LogicalNode, name: ColumnNames): string {
  switch (node.op) {
    case 'source': {
      const { columns, limit } = node.pushed
      const pushed = `${columns === undefined ? '' : ` columns ${columns.map(name).join(', ')}`}${limit === undefined ? '' : ` limit ${limit}`}`
      return `source ${node.connector} ${printValue(node.options)}${pushed}`
    }
    case 'values':
      return `values ${node.rows.length} rows`
    case 'project':
      return `project ${node.exprs.map(({ column, expr }) => (expr.e === 'column' && expr.column === column ? name(column) : `${name(column)} = ${printExpr(expr, name)}`)).join(', ')}`
    case 'filter':
      return `filter ${printExpr(node.predicate, name)}`
    case 'parallelDo':
      return `${node.shape} ${node.fn.label}${node.sampledRows === undefined ? '' : ` (sampled ${node.sampledRows} rows)`}`
    case 'unnest':
      return `unnest ${name(node.item)} = ${printExpr(node.expr, name)}${node.ordinal === undefined ? '' : ` with offset ${name(node.ordinal)}`}${node.outer ? ' outer' : ''}`
    case 'aggregate': {
      const phase = node.phase === 'complete' ? '' : ` ${node.phase}`
      const by = node.by.map(({ column, expr }) =>
        expr.e === 'column' && expr.column === column ? name(column) : `${name(column)} = ${printExpr(expr, name)}`,
      )
      return `aggregate${phase} ${[node.calls.map((call) => printCall(call, name)).join(', '), by.length === 0 ? '' : `by ${by.join(', ')}`].filter((part) => part !== '').join(' ')}`
    }
    case 'groupByKey':
      return 'groupByKey'
    case 'join': {
      const on = node.on.map(({ left, right }) => `${printExpr(left, name)} = ${printExpr(right, name)}`).join(' and ')
      return `${node.kind} join on ${on}${node.residual === undefined ? '' : ` residual ${printExpr(node.residual, name)}`}`
    }
    case 'flatten':
      return `flatten ${node.columns.map((columns) => `(${columns.map(name).join(', ')})`).join(' ')}`
    case 'distinct':
      return 'distinct'
    case 'sort':
      return `sort ${printKeys(node.by, name)}`
    case 'limit':
      return `limit ${node.count}${node.offset === 0 ? '' : ` offset ${node.offset}`}`
    case 'topK':
      return `topK ${printKeys(node.by, name)} limit ${node.count}${node.offset === 0 ? '' : ` offset ${node.offset}`}`
    case 'sink':
      return `sink ${node.connector} ${printValue(node.options)}`
    default:
      return exhaustive(node)
  }
}

function printCall({ column, fn, args, distinct, where }: AggCall, name: ColumnNames): string {
  const label = typeof fn === 'string' ? fn : fn.label
  const list = args.length === 0 ? '*' : args.map((arg) => printExpr(arg, name)).join(', ')
  return `${name(column)} = ${label}(${distinct ? 'distinct ' : ''}${list}${where === undefined ? '' : ` where ${printExpr(where, name)}`})`
}

const printKeys = (keys: readonly SortKey[], name: ColumnNames): string => keys.map((key) => printSortKey(key, name)).join(', ')

/** ` → [columns] keys order changes`; what is usual is left out. */
function printOutput({ fields, element, keys, keyElement, grouped, changes, order }: Output, name: ColumnNames): string {
  const columns = fields
    .map((field) => `${field.name}#${field.column} ${formatType(field.type)}${field.nullable ? '?' : ''}`)
    .join(', ')
  const keyed = keys === undefined ? '' : ` keys ${keys.map(name).join(', ')}${keyElement ? ' element' : ''}`
  const sorted =
    typeof order === 'string'
      ? order === 'source'
        ? ' in source order'
        : ''
      : ` sorted ${printKeys(order.sorted, name)}`.trimEnd()
  return ` → ${element ? 'element ' : ''}[${columns}]${keyed}${grouped ? ' grouped' : ''}${sorted}${changes === 'zset' ? ' with retractions' : ''}`
}
