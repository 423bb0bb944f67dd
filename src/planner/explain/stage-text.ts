import { exhaustive } from '../../base/assert.ts'
import type { Schema } from '../../data/type.ts'
import type {
  Exchange,
  Partitioning,
  PhysicalAggCall,
  PhysicalNode,
  PhysicalPlan,
  PhysicalSortKey,
  SegmentStep,
  Stage,
} from '../../ir/physical.ts'
import { printExpr } from '../../ir/print-expr.ts'
import { pathOf } from '../describe.ts'
import { count, listWords } from './layout.ts'

/** What the nodes of a stage do, in a few words each; `send` and `receive` speak of exchanges by their number. */
export function describeOperator(node: PhysicalNode, stage: Stage): string {
  const input = stage.nodes.find((other) => other.id === node.inputs[0])?.fields ?? []
  const name = (ordinal: number): string => input[ordinal]?.name ?? `#${ordinal}`
  switch (node.operator) {
    case 'scan': {
      const path = pathOf(node.spec.options)
      const limit = node.spec.limit === undefined ? '' : `, at most ${count(node.spec.limit, 'row')} a split`
      return `read ${node.spec.connector}${path === undefined ? '' : ` '${path}'`}${limit}`
    }
    case 'values':
      return `${count(node.spec.rows.length, 'row')} of constants`
    case 'receive': {
      const from = listWords(node.spec.exchanges.map((id) => `exchange ${id}`))
      const { order } = node.properties
      if (typeof order !== 'string')
        return `merge ${from}, sorted by ${sortText(order.sorted, (column) => node.fields[column].name)}`
      return `receive ${from}${node.spec.ordered ? ', partitions in their order' : ''}`
    }
    case 'segment':
      return segmentText(node.spec.steps, input)
    case 'aggregate': {
      const { keys, calls, phase } = node.spec
      const phaseText = phase === 'complete' ? '' : `${phase} `
      if (calls.length === 0) return `${phaseText}distinct`
      const by = keys.length === 0 ? '' : ` by ${keys.map(name).join(', ')}`
      return `${phaseText}aggregate ${calls.map((call) => callText(call, phase === 'final' ? () => '…' : name)).join(', ')}${by}`
    }
    case 'join': {
      const build = stage.nodes.find((other) => other.id === node.inputs[1])!.fields
      const on = node.spec.probeKeys.map((key, i) => `${name(key)} = ${build[node.spec.buildKeys[i]].name}`)
      return `${node.spec.kind} hash join on ${on.join(' and ')}`
    }
    case 'groupByKey':
      return `group by ${node.spec.keys.map(name).join(', ')}${node.spec.clustered ? ', values handed on as they come' : ', values as arrays'}`
    case 'sort':
      return `sort by ${sortText(node.spec.by, name)}`
    case 'topK':
      return `keep the first ${node.spec.count + node.spec.offset} by ${sortText(node.spec.by, name)}`
    case 'limit':
      return `limit ${node.spec.count}${node.spec.offset > 0 ? ` offset ${node.spec.offset}` : ''}`
    case 'send':
      return `send to exchange ${node.spec.exchange}`
    case 'sink': {
      const path = pathOf(node.spec.options)
      return `write ${node.spec.connector}${path === undefined ? '' : ` '${path}'`}`
    }
    case 'collect':
      return `hand to the caller as output ${node.spec.output}`
    default:
      return exhaustive(node)
  }
}

function segmentText(steps: readonly SegmentStep[], input: Schema): string {
  let row: readonly { name: string }[] = input
  const texts = steps.map((step) => {
    const name = (ordinal: number): string => row[ordinal]?.name ?? `#${ordinal}`
    const text = stepText(step, name)
    row = rowAfter(step, row)
    return text
  })
  return `${texts.length > 1 ? 'one loop: ' : ''}${texts.join('; ')}`
}

function stepText(step: SegmentStep, name: (ordinal: number) => string): string {
  switch (step.step) {
    case 'project':
      return `select ${step.exprs.map(({ name: as, expr }) => aliased(printExpr(expr, name), as)).join(', ')}`
    case 'filter':
      return `where ${printExpr(step.predicate, name)}`
    case 'unnest':
      return `unnest ${printExpr(step.expr, name)} as ${step.name}`
    case 'parallelDo':
      return step.fn.label
    default:
      return exhaustive(step)
  }
}

function rowAfter(step: SegmentStep, row: readonly { name: string }[]): readonly { name: string }[] {
  switch (step.step) {
    case 'project':
      return step.exprs
    case 'unnest':
      return [...row, { name: step.name }, ...(step.ordinalName === undefined ? [] : [{ name: step.ordinalName }])]
    case 'parallelDo':
      return step.shape === 'filter' ? row : step.output.fields
    case 'filter':
      return row
    default:
      return exhaustive(step)
  }
}

function aliased(text: string, name: string): string {
  return text === name ? text : `${text} as ${name}`
}

function callText(call: PhysicalAggCall, name: (ordinal: number) => string): string {
  const fn = typeof call.fn === 'string' ? call.fn : call.fn.label
  const args = call.args.length === 0 ? '*' : [...new Set(call.args.map(name))].join(', ')
  return `${fn}(${call.distinct ? 'distinct ' : ''}${args})`
}

function sortText(by: readonly PhysicalSortKey[], name: (ordinal: number) => string): string {
  return by.map((key) => `${name(key.column)}${key.desc ? ' desc' : ''}`).join(', ')
}

export function describePartitioning(partitioning: Partitioning, fields: Schema): string {
  const parts = `${count(partitioning.count, 'partition')}`
  switch (partitioning.by) {
    case 'hash':
      return `by hash of ${partitioning.keys.map((key) => fields[key].name).join(', ')}, ${parts}`
    case 'range':
      return `sorted by ${sortText(partitioning.keys, (column) => fields[column].name)}, by range, ${parts}`
    case 'gather':
      return 'gathered in one task'
    case 'broadcast':
      return `all rows to ${partitioning.count === 1 ? 'the task' : `each of ${partitioning.count} tasks`}`
    case 'forward':
      return `task to task, ${parts}`
    case 'roundRobin':
      return `in turn, ${parts}`
    default:
      return exhaustive(partitioning)
  }
}

/** Why a stage has its number of tasks, and where they run. */
export function describeTasks(stage: Stage, plan: PhysicalPlan): string {
  const tasks = count(stage.tasks, 'task')
  if (stage.placement === 'coordinator') return `${tasks}, in the caller's process`
  const scan = stage.nodes.find((node) => node.operator === 'scan')
  if (scan !== undefined) return stage.tasks === 1 ? tasks : `${tasks}, one a split`
  const into = plan.exchanges.filter((exchange) => exchange.to === stage.id)
  return into.some((exchange) => exchange.partitioning.by === 'hash') ? `${tasks}, one a partition` : tasks
}

export function describeExchange(exchange: Exchange): string {
  return `exchange ${exchange.id}, stage ${exchange.from} → stage ${exchange.to}: ${describePartitioning(exchange.partitioning, exchange.fields)}; ${exchange.mode} (${exchange.code}): ${exchange.why}`
}
