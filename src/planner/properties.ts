import type { Schema } from '../data/type.ts'
import type { Estimate, Partitioning, PhysicalForm, PhysicalNode, Properties, SegmentStep } from '../ir/physical.ts'
import type { Size } from './size.ts'

/**
 * What holds for the rows of a node, from what holds for its inputs.
 * `taskPartitioning` is how the rows lie when the node itself does not say more.
 */
export function deriveProperties(
  form: PhysicalForm,
  inputs: readonly PhysicalNode[],
  fields: Schema,
  size: Size,
  taskPartitioning: Partitioning,
): Properties {
  const input = inputs[0]?.properties
  return {
    partitioning: partitioningOf(form, input, taskPartitioning),
    order:
      form.operator === 'receive' && taskPartitioning.by === 'range' ? { sorted: taskPartitioning.keys } : orderOf(form, input),
    unique: uniqueOf(form, input, fields),
    ...(size.rows === undefined ? {} : { rows: estimate(size.rows, size.from) }),
    ...(size.bytes === undefined ? {} : { bytes: estimate(size.bytes, size.from) }),
  }
}

function estimate(value: number, from: Size['from']): Estimate {
  return { value, from }
}

function partitioningOf(form: PhysicalForm, input: Properties | undefined, task: Partitioning): Partitioning {
  const from = input?.partitioning
  const moved = movedColumns(form)
  if (from?.by === 'range') {
    const keys = from.keys.map((key) => ({ ...key, column: moved(key.column) ?? -1 }))
    return keys.every(({ column }) => column >= 0) ? { ...from, keys } : { by: 'forward', count: from.count }
  }
  if (from?.by !== 'hash') return from ?? task
  const keys = from.keys.map((key) => moved(key))
  return keys.every((key) => key !== undefined) ? { ...from, keys: keys as number[] } : { by: 'forward', count: from.count }
}

/** Where a column of the first input stands in the output row. */
function movedColumns(form: PhysicalForm): (column: number) => number | undefined {
  switch (form.operator) {
    case 'aggregate':
    case 'groupByKey':
      return (column) => indexOf(form.spec.keys, column)
    case 'segment':
      return (column) => form.spec.steps.reduce<number | undefined>((at, step) => moveThrough(step, at), column)
    default:
      return (column) => column
  }
}

function moveThrough(step: SegmentStep, column: number | undefined): number | undefined {
  if (column === undefined) return undefined
  if (step.step === 'project') {
    return indexOf(
      step.exprs.map(({ expr }) => (expr.e === 'column' ? expr.column : -1)),
      column,
    )
  }
  if (step.step === 'parallelDo' && step.shape !== 'filter') return undefined
  return column
}

function indexOf(list: readonly number[], value: number): number | undefined {
  const at = list.indexOf(value)
  return at < 0 ? undefined : at
}

function orderOf(form: PhysicalForm, input: Properties | undefined): Properties['order'] {
  switch (form.operator) {
    case 'scan':
    case 'values':
      return 'source'
    case 'sort':
    case 'topK':
      return { sorted: form.spec.by }
    case 'receive':
      return form.spec.ordered ? 'source' : 'undefined'
    case 'aggregate':
    case 'groupByKey':
    case 'join':
      return 'undefined'
    case 'segment': {
      const order = input?.order ?? 'undefined'
      if (typeof order === 'string') return order
      const moved = movedColumns(form)
      const sorted = order.sorted.map((key) => ({ ...key, column: moved(key.column) ?? -1 }))
      return sorted.every((key) => key.column >= 0) ? { sorted } : 'source'
    }
    default:
      return input?.order ?? 'undefined'
  }
}

function uniqueOf(form: PhysicalForm, input: Properties | undefined, fields: Schema): Properties['unique'] {
  switch (form.operator) {
    case 'aggregate':
      return form.spec.phase === 'partial' ? [] : [form.spec.keys.map((_, i) => i)]
    case 'groupByKey':
      return form.spec.clustered ? [] : [form.spec.keys.map((_, i) => i)]
    case 'segment': {
      if (form.spec.steps.some((step) => step.step === 'unnest')) return []
      const moved = movedColumns(form)
      return (input?.unique ?? []).flatMap((columns) => {
        const at = columns.map(moved)
        return at.every((column) => column !== undefined && column < fields.length) ? [at as number[]] : []
      })
    }
    case 'limit':
    case 'sort':
    case 'topK':
    case 'send':
    case 'sink':
    case 'collect':
      return input?.unique ?? []
    default:
      return []
  }
}
