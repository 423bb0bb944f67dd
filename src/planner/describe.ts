import { exhaustive } from '../base/assert.ts'
import type { AggCall, ColumnId, Expr } from '../ir/expr.ts'
import type { LogicalNode, Plan } from '../ir/logical.ts'
import { printExpr, printSortKey } from '../ir/print-expr.ts'

/** Names of all columns of a plan, for people: two columns may have the same one. */
export function nameColumns(plan: Plan): Map<ColumnId, string> {
  const names = new Map<ColumnId, string>()
  for (const node of plan.nodes)
    for (const output of node.outputs) for (const field of output.fields) names.set(field.column, field.name)
  return names
}

const shown = 8

/** One line for one plan node: what it does, with the names of its columns. */
export function describeNode(node: LogicalNode, names: ReadonlyMap<ColumnId, string>): string {
  const name = (column: ColumnId): string => names.get(column) ?? `#${column}`
  const print = (expr: Expr): string => printBare(expr, name)
  switch (node.op) {
    case 'source': {
      const { columns, limit } = node.pushed
      const path = pathOf(node.options)
      const parts = [
        path === undefined ? node.connector : `${node.connector} '${path}'`,
        columns === undefined ? '' : `columns ${list(columns.map(name))}`,
        limit === undefined ? '' : `at most ${limit} rows a split`,
      ]
      return `from ${parts.filter((part) => part !== '').join(', ')}`
    }
    case 'values':
      return `values (${node.rows.length} rows)`
    case 'project':
      return `select ${list(node.exprs.map(({ column, expr }) => named(print(expr), name(column))))}`
    case 'filter':
      return `where ${print(node.predicate)}`
    case 'parallelDo':
      return node.fn.label.includes(' at ')
        ? node.fn.label
        : `${node.shape === 'do' ? 'parallelDo' : node.shape} ${node.fn.label}`
    case 'unnest':
      return `unnest ${print(node.expr)} as ${name(node.item)}${node.outer ? ' (outer)' : ''}`
    case 'aggregate': {
      const calls = node.calls.map((call) =>
        named(node.phase === 'final' ? `${functionName(call)}(…)` : describeCall(call, print), name(call.column)),
      )
      const by = node.by.map(({ column, expr }) => named(print(expr), name(column)))
      const phase = node.phase === 'complete' ? '' : `${node.phase} `
      return `${phase}aggregate ${list(calls)}${by.length === 0 ? '' : `${calls.length === 0 ? '' : ' '}by ${list(by)}`}`
    }
    case 'groupByKey':
      return 'group by key'
    case 'join': {
      const on = node.on.map(({ left, right }) => `${print(left)} = ${print(right)}`)
      const residual = node.residual === undefined ? [] : [print(node.residual)]
      return `${node.kind === 'inner' ? '' : `${node.kind} `}join on ${[...on, ...residual].join(' and ')}`
    }
    case 'flatten':
      return `union all of ${node.inputs.length} inputs`
    case 'distinct':
      return 'distinct'
    case 'sort':
      return `order by ${list(node.by.map((key) => printSortKey(key, name)))}`
    case 'limit':
      return `limit ${node.count}${node.offset > 0 ? ` offset ${node.offset}` : ''}`
    case 'topK':
      return `top ${node.count}${node.offset > 0 ? ` offset ${node.offset}` : ''} by ${list(node.by.map((key) => printSortKey(key, name)))}`
    case 'sink': {
      const path = pathOf(node.options)
      return `write ${path === undefined ? node.connector : `${node.connector} '${path}'`}`
    }
    default:
      return exhaustive(node)
  }
}

function describeCall(call: AggCall, print: (expr: Expr) => string): string {
  const args = call.args.length === 0 ? '*' : call.args.map(print).join(', ')
  return `${functionName(call)}(${call.distinct ? 'distinct ' : ''}${args})${call.where === undefined ? '' : ` where ${print(call.where)}`}`
}

/** The arguments of a final call are columns of a state, which say nothing to the reader. */
function functionName(call: AggCall): string {
  return typeof call.fn === 'string' ? call.fn : call.fn.label
}

export function pathOf(options: unknown): string | undefined {
  const path = typeof options === 'object' && options !== null ? (options as Record<string, unknown>).path : undefined
  return typeof path === 'string' ? path : undefined
}

function named(text: string, name: string): string {
  return text === name ? text : `${text} as ${name}`
}

function list(parts: readonly string[]): string {
  const rest = parts.length - shown
  return rest > 1 ? `${parts.slice(0, shown).join(', ')}, … ${rest} more` : parts.join(', ')
}

/** Operators print in parentheses, which the outermost one does not need. */
function printBare(expr: Expr, name: (column: ColumnId) => string): string {
  const text = printExpr(expr, name)
  const wrapped =
    expr.e === 'call' && expr.fn !== 'subscript' && expr.fn !== 'field' && text.startsWith('(') && text.endsWith(')')
  return wrapped ? text.slice(1, -1) : text
}
