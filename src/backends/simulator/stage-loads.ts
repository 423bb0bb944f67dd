import { usageError } from '../../base/errors.ts'
import type { PhysicalNode, PhysicalPlan, Stage } from '../../ir/physical.ts'
import { exchangeOf } from '../../runtime/stage-shape.ts'
import type { ClusterSpec, CpuWork } from './cluster-spec.ts'

/** How much the tasks of a stage have to do, by the estimates of the plan or what the caller knows better. */
export interface StageLoad {
  stage: Stage
  /** Bytes that each task reads from its input file. */
  readBytes: readonly number[]
  readAll: number
  /** Bytes that all tasks together are sent through each exchange they read. */
  received: ReadonlyMap<number, number>
  /** Bytes that all tasks together send through each exchange, and write to sinks or give to the caller. */
  sent: ReadonlyMap<number, number>
  writtenBytes: number
  /** Milliseconds of a core for a byte taken in. */
  cpuMsPerByte: number
}

/** Bytes that a stage makes in all, by stage, where the caller knows. */
export type StageOutputs = ReadonlyMap<number, number>

/** What a core has to do for an operator; sorting by ranges is done by those who send and receive. */
function cpuWorkOf(plan: PhysicalPlan, node: PhysicalNode): readonly CpuWork[] {
  const isRange = (exchange: number): boolean => exchangeOf(plan, exchange).partitioning.by === 'range'
  switch (node.operator) {
    case 'scan':
      return ['scan']
    case 'segment':
      return ['segment']
    case 'aggregate':
      return [node.spec.phase === 'partial' ? 'aggregate' : 'group']
    case 'join':
    case 'groupByKey':
    case 'sort':
      return ['group']
    case 'topK':
      return ['aggregate']
    case 'send':
      return isRange(node.spec.exchange) ? ['sort', 'send'] : ['send']
    case 'receive':
      return node.spec.exchanges.some(isRange) ? ['group'] : []
    default:
      return []
  }
}

/** The loads of all stages of a plan: sizes of sources and the planner's estimates, carried from producers to consumers. */
export function stageLoads(plan: PhysicalPlan, spec: ClusterSpec, outputs: StageOutputs): ReadonlyMap<number, StageLoad> {
  for (const id of outputs.keys()) {
    if (plan.stages.some((stage) => stage.id === id)) continue
    const ids = plan.stages.map((stage) => stage.id).join(', ')
    throw usageError('USAGE_ARGUMENT', `the plan has no stage ${id}`, {
      hint: `its stages are ${ids}; millrace explain shows them`,
    })
  }
  const loads = new Map<number, StageLoad>()
  // Stages are numbered in the order of their dependencies.
  for (const stage of plan.stages) loads.set(stage.id, loadOf(plan, stage, spec, loads, outputs.get(stage.id)))
  return loads
}

function loadOf(
  plan: PhysicalPlan,
  stage: Stage,
  spec: ClusterSpec,
  before: ReadonlyMap<number, StageLoad>,
  given: number | undefined,
): StageLoad {
  const received = new Map(stage.inputs.map((id) => [id, before.get(exchangeOf(plan, id).from)?.sent.get(id) ?? 0] as const))
  const isLeaf = ({ operator }: PhysicalNode) => operator === 'scan' || operator === 'values' || operator === 'receive'
  const estimates = estimatesOf(stage, received)
  const ofLeaves = sum(stage.nodes.filter(isLeaf).map((node) => estimates.get(node.id) ?? 0))
  const scan = stage.nodes.find((node) => node.operator === 'scan')
  const scanned = scan === undefined ? 0 : (estimates.get(scan.id) ?? 0)
  const values = sum(stage.nodes.filter(({ operator }) => operator === 'values').map(({ id }) => estimates.get(id) ?? 0))
  const taken = scanned + values + sum([...received.values()])
  const factor = ofLeaves === 0 ? 0 : taken / ofLeaves
  const isRoot = ({ operator }: PhysicalNode) => operator === 'send' || operator === 'sink' || operator === 'collect'
  const roots = stage.nodes.filter(isRoot)
  const made = sum(roots.map(({ id }) => (estimates.get(id) ?? 0) * factor))
  const correction = given === undefined ? 1 : made === 0 ? 0 : given / made
  const bytesOf = (node: PhysicalNode): number =>
    made === 0 && given !== undefined ? given / roots.length : (estimates.get(node.id) ?? 0) * factor * correction
  const sent = new Map(roots.flatMap((node) => (node.operator === 'send' ? [[node.spec.exchange, bytesOf(node)] as const] : [])))
  const readBytes = scan?.operator === 'scan' ? scan.spec.splits.map(({ length }) => length) : []
  const readAll = sum(readBytes)
  const cpuMs = sum(stage.nodes.map((node) => cpuOf(plan, node, estimates, spec) * factor * (isRoot(node) ? correction : 1)))
  return {
    stage,
    readBytes,
    readAll,
    received,
    sent,
    writtenBytes: sum(roots.map((node) => (node.operator === 'send' ? 0 : bytesOf(node)))),
    cpuMsPerByte: cpuMs / Math.max(1, readAll + sum([...received.values()])),
  }
}

/** The part of the stage's output that one task makes. */
export function shareOf({ stage, readBytes, readAll }: StageLoad, task: number): number {
  return readAll > 0 ? readBytes[task] / readAll : 1 / stage.tasks
}

/** Bytes that each node makes, for all tasks; where the planner knows nothing, what its inputs make, or what was sent to it. */
function estimatesOf({ nodes }: Stage, received: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const bytes = new Map<number, number>()
  for (const node of nodes) {
    const taken =
      node.operator === 'receive'
        ? node.spec.exchanges.map((id) => received.get(id) ?? 0)
        : node.inputs.map((input) => bytes.get(input) ?? 0)
    bytes.set(node.id, node.properties.bytes?.value ?? sum(taken))
  }
  return bytes
}

function cpuOf(plan: PhysicalPlan, node: PhysicalNode, estimates: ReadonlyMap<number, number>, spec: ClusterSpec): number {
  const inputs = node.inputs.length === 0 ? [node.id] : node.inputs
  const bytes = sum(inputs.map((id) => estimates.get(id) ?? 0))
  return sum(cpuWorkOf(plan, node).map((work) => bytes / (spec.cpuMBps[work] * 1000)))
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
