import type { Place } from '../base/place.ts'
import type { Value } from '../data/type.ts'
import type { NodeId } from '../ir/expr.ts'
import type { Plan } from '../ir/logical.ts'
import type { OnError } from '../ir/on-error.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { RunMode } from '../ir/run-mode.ts'
import type { BackendTraits } from '../ir/traits.ts'
import type { EstimatedChange } from './estimates.ts'

/** What the planner is told beside the plan. All of it is data, so that the same input always gives the same plan. */
export interface PlannerOptions {
  mode: RunMode
  backend: BackendTraits
  /** Plan for deltas by epochs instead of one whole run. */
  incremental: boolean
  /** Names of rules that must not fire. */
  disabledRules: readonly string[]
  /** Check the plan after each firing: slow, for tests. */
  checkPlans: boolean
  /** Rows that fail, and the sink of dead letters where there is one. Absent: they end the run. */
  onError?: OnError & { deadLetters?: { connector: string; options: Value } }
  /** Do all rows of this sink go to one file? Connectors know, and the planner cannot ask them itself. */
  isSinglePart(connector: string, options: Value): boolean
}

/** One change that a rule made, with the plan pieces before and after it. */
export interface Firing {
  seq: number
  group: string
  rule: string
  /** Nodes that the piece consisted of; the last one's id lives on. */
  nodes: readonly NodeId[]
  before: string
  after: string
  reason: string
  /** What it changes in rows and bytes by the sizes of sources and default factors; null where these are not known. */
  estimate: EstimatedChange | null
  at: Place
}

/** A rule whose pattern was there and whose condition failed. */
export interface SkippedRule {
  rule: string
  node: NodeId
  reason: string
  at: Place
}

/** Something the user should know and that is no error. */
export interface PlanWarning {
  code: string
  message: string
  at: Place
}

/** A block of groupings that read the same fused producers: FlumeJava §4.3. */
export interface Mscr {
  id: number
  /** Logical nodes that group. */
  groupings: readonly NodeId[]
  /** Stages that feed it, and stages that hold its groups. */
  inputChannels: readonly number[]
  outputChannels: readonly number[]
}

export interface PlannedProgram {
  logical: Plan
  optimised: Plan
  firings: readonly Firing[]
  skipped: readonly SkippedRule[]
  warnings: readonly PlanWarning[]
  physical: PhysicalPlan
  mscrs: readonly Mscr[]
  options: PlannerOptions
}
