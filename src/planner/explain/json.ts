import { createHash } from 'node:crypto'
import { formatType } from '../../data/type.ts'
import type { Field, Plan } from '../../ir/logical.ts'
import type { PhysicalNode, PhysicalPlan, Stage } from '../../ir/physical.ts'
import { encodeData } from '../../ir/serde.ts'
import type { PlannedProgram } from '../options.ts'
import { reachableNodes } from '../plan-graph.ts'
import type { ExplainContext } from './context.ts'
import { describeOperator } from './stage-text.ts'

/**
 * Everything the planner decided, as plain data of the form that `docs/explain.schema.json` describes. Within version 1 keys are only added.
 */
export function explainJson(planned: PlannedProgram, context: ExplainContext): Record<string, unknown> {
  const { logical, optimised, physical, firings, skipped, mscrs, warnings } = planned
  return {
    version: 1,
    program: context.program,
    mode: physical.mode,
    modeReason: physical.modeReason,
    backend: context.backend,
    backendReason: context.backendReason,
    summary: {
      operators: reachableNodes(optimised).size,
      mscrs: mscrs.length,
      stages: physical.stages.length,
      exchanges: physical.exchanges.length,
      rules: firings.length,
    },
    outputs: optimised.outputs.map(({ name, port }, i) => ({
      name,
      node: port.node,
      fields: fieldsOf(optimised, port.node),
      order: physical.outputs[i].order,
    })),
    logical: plainPlan(logical),
    optimised: plainPlan(optimised),
    rules: firings.map(({ seq, group, rule, nodes, before, after, reason, estimate, at }) => ({
      seq,
      group,
      rule,
      version: 1,
      nodes,
      before,
      after,
      reason,
      estimate,
      at,
    })),
    skipped,
    mscrs,
    physical: {
      regions: physical.regions,
      stages: physical.stages.map(stageJson),
      exchanges: physical.exchanges.map(({ id, from, to, partitioning, mode, code, why }) => ({
        id,
        from,
        to,
        partitioning,
        mode,
        code,
        why,
      })),
      fingerprint: physical.fingerprint,
    },
    estimates: estimatesOf(physical),
    warnings,
    text: Object.fromEntries(
      Object.entries(context.sources).map(([file, text]) => [file, createHash('sha256').update(text).digest('hex')]),
    ),
  }
}

/** JSON has no bigint and no bytes: they are tagged, as in stored plans. */
function plainPlan(plan: Plan): unknown {
  return JSON.parse(encodeData(plan))
}

function fieldsOf(plan: Plan, node: number): { name: string; type: string; nullable: boolean }[] {
  const fields: readonly Field[] = plan.nodes.find((candidate) => candidate.id === node)!.outputs[0].fields
  return fields.map(({ name, type, nullable }) => ({ name, type: formatType(type), nullable }))
}

const tiers: readonly PhysicalNode['tier'][] = ['A', 'A*', 'B']

/** The tier of a stage is its slowest one. */
function stageJson(stage: Stage): Record<string, unknown> {
  const slowest = Math.max(0, ...stage.nodes.map((node) => tiers.indexOf(node.tier)))
  return {
    id: stage.id,
    tasks: stage.tasks,
    placement: stage.placement,
    tier: tiers[slowest],
    segments: stage.nodes.map((node) => ({
      id: node.id,
      operator: node.operator,
      inputs: node.inputs,
      from: node.from,
      tier: node.tier,
      does: describeOperator(node, stage),
    })),
  }
}

function estimatesOf(plan: PhysicalPlan): Record<string, unknown>[] {
  return plan.stages.flatMap((stage) =>
    stage.nodes.flatMap(({ id, properties: { rows, bytes } }) => {
      if (rows === undefined && bytes === undefined) return []
      return [{ stage: stage.id, node: id, rows: rows ?? null, bytes: bytes ?? null }]
    }),
  )
}
