import type { Field, NodeOf, Plan, PlanOutput } from '../../ir/logical.ts'
import type { PhysicalPlan } from '../../ir/physical.ts'
import { sourceSize, valuesSize } from '../size.ts'
import { addNode, type Draft, openStage, ordinalOf, type Stream, schemaOf, settle, streamOf } from './draft.ts'
import { gather, gatherInto } from './exchange.ts'

/** One task a split; a source without splits still has one, which reads nothing. */
export function lowerSource(draft: Draft, node: NodeOf<'source'>): Stream[] {
  const { described, connector, options, pushed } = node
  const stage = openStage(draft, Math.max(1, described.splits.length))
  const kept = new Set(node.outputs[0].fields.map((field) => field.column))
  // The reader knows its columns by their own names, so they are taken from the description.
  const fields = described.fields.filter((field) => kept.has(field.column))
  const size = sourceSize(node, fields.length)
  const id = addNode(
    draft,
    stage,
    {
      operator: 'scan',
      spec: {
        connector,
        options,
        ...(described.reader === undefined ? {} : { reader: described.reader }),
        splits: described.splits,
        ...(pushed.limit === undefined ? {} : { limit: pushed.limit }),
      },
    },
    { inputs: [], from: [node.id], fields, size },
  )
  return [streamOf(stage, id, { fields, size, determined: true })]
}

export function lowerValues(draft: Draft, node: NodeOf<'values'>): Stream[] {
  const stage = openStage(draft, 1)
  const fields = node.outputs[0].fields
  const size = valuesSize(node)
  const id = addNode(
    draft,
    stage,
    { operator: 'values', spec: { rows: node.rows } },
    { inputs: [], from: [node.id], fields, size },
  )
  return [streamOf(stage, id, { fields, size, determined: true })]
}

/** A sink of many parts writes where its rows are made; else all rows go to one task. */
export function lowerSink(draft: Draft, node: NodeOf<'sink'>, parts: readonly Stream[], fields: readonly Field[]): void {
  const { connector, options } = node
  const single = parts.length > 1 || draft.options.isSinglePart(connector, options)
  const stream = settle(draft, single ? gather(draft, parts) : parts[0])
  const sink = draft.sinks.length
  draft.sinks.push({ connector, options, fields: schemaOf(fields), tasks: stream.stage.tasks, stage: stream.stage.id })
  addNode(
    draft,
    stream.stage,
    { operator: 'sink', spec: { sink, connector, options } },
    { inputs: [stream.node], from: [node.id], fields: stream.fields, size: stream.size },
  )
}

/** Rows for the caller end in one task in the coordinator's process. */
export function lowerResult(draft: Draft, output: number, parts: readonly Stream[]): void {
  const stream = gatherInto(draft, parts, openStage(draft, 1, 'coordinator'))
  addNode(
    draft,
    stream.stage,
    { operator: 'collect', spec: { output } },
    { inputs: [stream.node], from: [], fields: stream.fields, size: stream.size },
  )
}

export function describeOutput(plan: Plan, { name, port }: PlanOutput): PhysicalPlan['outputs'][number] {
  const output = plan.nodes.find((node) => node.id === port.node)!.outputs[port.out]
  return {
    name,
    fields: schemaOf(output.fields),
    element: output.element,
    ...(output.keys === undefined ? {} : { keys: output.keys.map((key) => ordinalOf(key, output.fields)) }),
    ...(output.keyElement === undefined ? {} : { keyElement: output.keyElement }),
    ...(output.grouped === undefined ? {} : { grouped: output.grouped }),
    order: typeof output.order === 'string' ? output.order : 'sorted',
  }
}
