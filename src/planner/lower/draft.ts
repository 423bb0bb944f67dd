import { invariant } from '../../base/assert.ts'
import { bug } from '../../base/errors.ts'
import type { Schema, Type } from '../../data/type.ts'
import type { ColumnId, Expr, NodeId } from '../../ir/expr.ts'
import type { Field, Output, Plan } from '../../ir/logical.ts'
import type {
  Exchange,
  Partitioning,
  PhysicalForm,
  PhysicalNode,
  PhysicalPlan,
  RowShape,
  SegmentStep,
  Stage,
} from '../../ir/physical.ts'
import { substitute } from '../expressions.ts'
import type { PlannerOptions } from '../options.ts'
import { deriveProperties } from '../properties.ts'
import { narrowSize, type Size } from '../size.ts'
import { tierOf } from './tier.ts'

export interface StageDraft {
  id: number
  nodes: PhysicalNode[]
  tasks: number
  inputs: number[]
  outputs: number[]
  placement: Stage['placement']
}

/** An exchange before the scheduler has chosen its mode. */
export type ExchangeDraft = Omit<Exchange, 'mode' | 'code' | 'why'> & { size: Size }

/** The physical plan while it is being built. */
export interface Draft {
  plan: Plan
  options: PlannerOptions
  stages: StageDraft[]
  exchanges: ExchangeDraft[]
  sinks: PhysicalPlan['sinks'][number][]
  /** Argument types of lifted aggregate calls, by their first state column: the final phase needs them to read the states. */
  liftedArgs: Map<ColumnId, readonly Type[]>
  nextNode: number
  nextColumn: number
  /** Put operations that follow each other into one loop? */
  fuse: boolean
}

/**
 * Rows at a place of the draft: physical node `node` of `stage`, then `steps` that are not yet closed into a segment.
 * Invariant: `fields` is the row after the steps, in ordinal order, under the columns of the logical plan.
 */
export interface Stream {
  stage: StageDraft
  node: number
  steps: readonly SegmentStep[]
  /** Set when the steps read clustered batches of a groupByKey. */
  clustered: boolean
  from: readonly NodeId[]
  fields: readonly Field[]
  /** Columns by whose hash the rows are already partitioned. */
  hashedBy?: readonly ColumnId[]
  /**
   * Do other operators of the stage read the same rows? Then no join may hold them back: a task reads its inputs one after the other, and what
   * shares the probe side would wait for the build side too.
   */
  shared: boolean
  /** Does each partition hold its rows in an order that does not depend on arrival? */
  determined: boolean
  size: Size
}

export function openStage(draft: Draft, tasks: number, placement: Stage['placement'] = 'worker'): StageDraft {
  const stage: StageDraft = { id: draft.stages.length, nodes: [], tasks, inputs: [], outputs: [], placement }
  draft.stages.push(stage)
  return stage
}

interface NodeBasis {
  inputs: readonly number[]
  from: readonly NodeId[]
  fields: readonly Field[]
  size: Size
  inputOrder?: PhysicalNode['inputOrder']
  partitioning?: Partitioning
}

/** Adds a physical node to a stage and returns its id. */
export function addNode(draft: Draft, stage: StageDraft, form: PhysicalForm, basis: NodeBasis): number {
  const inputs = basis.inputs.map((id) => stage.nodes.findLast((node) => node.id === id)!)
  const fields = schemaOf(basis.fields)
  const node = {
    ...form,
    id: draft.nextNode++,
    inputs: basis.inputs,
    inputOrder: basis.inputOrder ?? 'any',
    tier: tierOf(form, draft.options.backend),
    from: basis.from,
    fields,
    properties: deriveProperties(form, inputs, fields, basis.size, basis.partitioning ?? taskPartitioning(stage)),
  } as PhysicalNode
  stage.nodes.push(node)
  return node.id
}

function taskPartitioning(stage: StageDraft): Partitioning {
  return { by: stage.tasks === 1 ? 'gather' : 'forward', count: stage.tasks }
}

export function schemaOf(fields: readonly Field[]): Schema {
  return fields.map(({ name, type, nullable }) => ({ name, type, nullable }))
}

/** The stream that physical node `node` makes. */
export function streamOf(
  stage: StageDraft,
  node: number,
  rest: Pick<Stream, 'fields' | 'determined' | 'size'> & Partial<Stream>,
): Stream {
  return { stage, node, steps: [], clustered: false, from: [], shared: false, ...rest }
}

/** Closes the open steps of a stream into one segment node: the unit that is generated as one loop. */
export function settle(draft: Draft, stream: Stream): Stream {
  if (stream.steps.length === 0) {
    invariant(!stream.clustered, 'clustered rows have no consumer')
    return stream
  }
  const form: PhysicalForm = { operator: 'segment', spec: { steps: stream.steps, clustered: stream.clustered } }
  const node = addNode(draft, stream.stage, form, {
    inputs: [stream.node],
    from: stream.from,
    fields: stream.fields,
    size: stream.size,
  })
  return { ...stream, node, steps: [], clustered: false, from: [] }
}

/** Adds a step whose output row is `fields`. */
export function appendStep(stream: Stream, step: SegmentStep, fields: readonly Field[], hashedBy = stream.hashedBy): Stream {
  return {
    ...stream,
    steps: [...stream.steps, step],
    from: stream.from.includes(step.from) ? stream.from : [...stream.from, step.from],
    fields,
    hashedBy,
    size: narrowSize(stream.size, step.step, {
      shape: step.step === 'parallelDo' ? step.shape : undefined,
      fieldCount: fields.length,
    }),
  }
}

export interface ComputedField extends Field {
  expr: Expr
}

/** Computes `fields` from the row; no step at all when that changes names only. */
export function projectTo(stream: Stream, fields: readonly ComputedField[], from: NodeId): Stream {
  const exprs = fields.map((field) => ({ name: field.name, expr: toOrdinals(field.expr, stream.fields) }))
  const names = fields.map(({ name, column, type, nullable }) => ({ name, column, type, nullable }))
  const hashedBy = stream.hashedBy?.map(
    (key) => fields.find((field) => field.expr.e === 'column' && field.expr.column === key)?.column,
  )
  const kept = hashedBy?.every((key) => key !== undefined) ? (hashedBy as ColumnId[]) : undefined
  const same = exprs.length === stream.fields.length && exprs.every(({ expr }, i) => expr.e === 'column' && expr.column === i)
  if (same && !stream.clustered) return { ...stream, fields: names, hashedBy: kept }
  return appendStep(stream, { step: 'project', exprs, from }, names, kept)
}

/** The fields of an output as plain copies of the stream's columns. */
export function copyFields(fields: readonly Field[]): ComputedField[] {
  return fields.map((field) => ({
    ...field,
    expr: { e: 'column', column: field.column, type: field.type, nullable: field.nullable },
  }))
}

/** The ordinal of a column in a row. */
export function ordinalOf(column: ColumnId, fields: readonly Field[]): number {
  const ordinal = fields.findIndex((field) => field.column === column)
  // The message is as long as the row, and must not be made for each of its columns.
  if (ordinal < 0)
    throw bug(`column ${column} is not in the row (${fields.map((field) => `${field.name}#${field.column}`).join(', ')})`)
  return ordinal
}

/** Rewrites column ids to ordinals of a row. */
export function toOrdinals(expr: Expr, fields: readonly Field[]): Expr {
  return substitute(expr, (column) => {
    const ordinal = ordinalOf(column, fields)
    return { e: 'column', column: ordinal, type: fields[ordinal].type, nullable: fields[ordinal].nullable }
  })
}

/** How closures see a row. */
export function rowShape(output: Output, fields: readonly Field[] = output.fields): RowShape {
  return {
    fields: schemaOf(fields),
    element: output.element,
    ...(output.keys === undefined ? {} : { keys: output.keys.map((key) => ordinalOf(key, fields)) }),
    ...(output.keyElement === undefined ? {} : { keyElement: output.keyElement }),
    ...(output.grouped === undefined ? {} : { grouped: output.grouped }),
  }
}
