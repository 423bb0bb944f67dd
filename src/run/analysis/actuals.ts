import type { PhysicalNode, PhysicalPlan, Stage } from '../../ir/physical.ts'
import { describeExchange, describeOperator, describeTasks } from '../../planner/explain/stage-text.ts'
import { estimateText } from '../../planner/explain/text.ts'
import type { NodeMetrics, RowSpread, RunMetrics, Spread, StageMetrics, TaskMetrics } from '../../runtime/metrics.ts'
import { coordinatorHost } from '../../runtime/orders.ts'

/** One operator of a stage, what was expected of it, and what it did. */
export interface OperatorActuals {
  node: number
  operator: string
  does: string
  tier: PhysicalNode['tier']
  /** In words; absent where nothing is known. */
  expected?: string
  expectedRows?: number
  rowsIn: number
  rowsOut: number
  bytesOut: number
  busyMs: number
  /** Of the time of all operators of the run, from 0 to 1. */
  share: number
  creditWaitMs: number
  spilledBytes: number
  spillFiles: number
  peakMemoryBytes: number
  /** Over tasks: rows that it made; of the last operators of a stage, rows that it took in. */
  rows: RowSpread
  busy: Spread
}

export interface StageActuals extends Omit<StageMetrics, 'stage' | 'tasks' | 'each'> {
  id: number
  /** `4 tasks, one a split`. */
  runs: string
  /** What the number of a task stands for. */
  part: 'split' | 'partition'
  taskCount: number
  operators: readonly OperatorActuals[]
}

/** What a run did, beside what was planned; plain data. */
export interface Actuals extends Omit<RunMetrics, 'stages' | 'nodes' | 'warnings' | 'failedRows' | 'chaos'> {
  backend: string
  /** Tasks that gave other rows when they were done again. */
  warnings: readonly { code: string; stage: number; task: number; redone: number }[]
  /** Rows that failed and were left out, by the code of their error. */
  failedRows: readonly { code: string; rows: number }[]
  stages: readonly StageActuals[]
  exchanges: readonly { id: number; from: number; to: number; does: string }[]
}

/** How a plan is put into words. */
export interface PlanWords {
  operator(node: PhysicalNode, stage: Stage): string
  /** May this estimate not be told? */
  hides(rows: number): boolean
}

const plainWords: PlanWords = { operator: describeOperator, hides: () => false }

/**
 * Puts what a run took beside its plan.
 *
 * @param words - where constants must not be told, the caller has words of its own.
 */
export function actualsOf(plan: PhysicalPlan, backend: string, metrics: RunMetrics, words: PlanWords = plainWords): Actuals {
  const { stages, nodes, warnings, failedRows, chaos: _, ...totals } = metrics
  const allMs = stages.reduce((sum, { busyMs }) => sum + busyMs, 0)
  const byNode = new Map(nodes.map((one) => [one.node, one]))
  return {
    backend,
    ...totals,
    warnings: warnings.map(({ code, stage, task, redone }) => ({ code, stage, task, redone })),
    failedRows: failedRows.map(({ code, rows }) => ({ code, rows })),
    stages: plan.stages.map((stage, i) => {
      const { stage: id, tasks: taskCount, each: __, ...figures } = stages[i]
      const operators = stage.nodes.map((node) =>
        operatorOf(node, words.operator(node, stage), estimateOf(node, words), byNode.get(node.id) as NodeMetrics, allMs),
      )
      const part = stage.nodes.some((node) => node.operator === 'scan') ? 'split' : 'partition'
      return { id, runs: describeTasks(stage, plan), part, taskCount, ...figures, operators }
    }),
    exchanges: plan.exchanges.map((exchange) => ({
      id: exchange.id,
      from: exchange.from,
      to: exchange.to,
      does: describeExchange(exchange),
    })),
  }
}

/** The form of explain's JSON, with every task. */
export function actualsJson(actuals: Actuals, metrics: RunMetrics): object {
  const stages = actuals.stages.map((stage, i) => ({ ...stage, tasks: metrics.stages[i].each().map(taskJson) }))
  return { ...actuals, stages }
}

const taskJson = ({ stage: _, worker, ...task }: TaskMetrics): object => ({
  ...task,
  worker: worker === coordinatorHost ? null : worker,
})

type Expected = Pick<OperatorActuals, 'expected' | 'expectedRows'>

function estimateOf({ operator, properties }: PhysicalNode, words: PlanWords): Expected {
  const { rows } = properties
  // What is sent or written is what was made before.
  const isRoot = operator === 'send' || operator === 'sink' || operator === 'collect'
  if (isRoot || (rows !== undefined && words.hides(rows.value))) return {}
  const expected = estimateText(properties)
  return expected === '' ? {} : { expected, ...(rows === undefined ? {} : { expectedRows: rows.value }) }
}

function operatorOf(node: PhysicalNode, does: string, expected: Expected, metrics: NodeMetrics, allMs: number): OperatorActuals {
  const { rowsIn, rowsOut, bytesOut, busyMs, creditWaitMs, spilledBytes, spillFiles, peakMemoryBytes, rows, busy } = metrics
  return {
    node: node.id,
    operator: node.operator,
    does,
    tier: node.tier,
    ...expected,
    rowsIn,
    rowsOut,
    bytesOut,
    busyMs,
    share: allMs === 0 ? 0 : busyMs / allMs,
    creditWaitMs,
    spilledBytes,
    spillFiles,
    peakMemoryBytes,
    rows,
    busy,
  }
}
