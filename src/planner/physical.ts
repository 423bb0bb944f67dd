import { fingerprintData } from '../ir/fingerprint.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import type { Draft } from './lower/draft.ts'
import { describeOutput } from './lower/ends.ts'
import { topologicalOrder } from './plan-graph.ts'
import { schedule } from './schedule.ts'

/** Freezes a draft into a physical plan: stages numbered in dependency order, modes chosen. */
export function finishPlan(draft: Draft): PhysicalPlan {
  renumberStages(draft)
  const { choices, regions, mode, modeReason } = schedule(draft)
  const { plan, options } = draft
  const fingerprinted = {
    stages: draft.stages,
    exchanges: draft.exchanges.map(({ size, ...exchange }) => ({ ...exchange, ...choices.get(exchange.id)! })),
    outputs: plan.outputs.map((output) => describeOutput(plan, output)),
    ...endsOf(draft),
    fns: plan.fns,
    params: plan.params,
    hashSeed: plan.hashSeed,
    incremental: options.incremental,
  }
  return {
    version: 1,
    epoch: 0,
    regions,
    ...fingerprinted,
    mode,
    modeReason,
    fingerprint: fingerprintData(fingerprinted),
  }
}

/** The sinks, and behind them that of dead letters: any task may write to it. */
function endsOf({ sinks, options: { onError } }: Draft): Pick<PhysicalPlan, 'sinks' | 'onError'> {
  if (onError === undefined) return { sinks }
  const { deadLetters, ...policy } = onError
  if (deadLetters === undefined) return { sinks, onError: policy }
  return { sinks: [...sinks, { ...deadLetters, fields: [], tasks: 0, stage: -1 }], onError: { ...policy, sink: sinks.length } }
}

/** A stage that got a broadcast input later than its consumers were made has too small a number. */
function renumberStages(draft: Draft): void {
  const order = topologicalOrder(
    draft.stages.map((stage) => stage.id),
    draft.exchanges,
  )
  const renamed = new Map(order.map((old, id) => [old, id]))
  draft.stages = order.map((old, id) => ({ ...draft.stages[old], id }))
  draft.exchanges = draft.exchanges.map((exchange) => ({
    ...exchange,
    from: renamed.get(exchange.from)!,
    to: renamed.get(exchange.to)!,
  }))
  draft.sinks = draft.sinks.map((sink) => ({ ...sink, stage: renamed.get(sink.stage)! }))
}
