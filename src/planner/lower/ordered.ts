import type { SortKey } from '../../ir/expr.ts'
import type { NodeOf } from '../../ir/logical.ts'
import type { PhysicalForm, PhysicalSortKey } from '../../ir/physical.ts'
import { addSizes, capSize } from '../size.ts'
import { addNode, type ComputedField, copyFields, type Draft, projectTo, type Stream, settle } from './draft.ts'
import { gather, rangeExchange } from './exchange.ts'

/** Results of a sort up to this size are sorted in one task, which costs no file. */
const sortedTogetherBytes = 8 * 2 ** 20

/**
 * Ranges of the order in as many tasks as there are partitions, or all rows in one task where they are few; ties are broken by the other columns, so that
 * the order is a function of the data.
 */
export function lowerSort(draft: Draft, node: NodeOf<'sort'>, parts: readonly Stream[]): Stream[] {
  const keyed = parts.map((part) => withSortKeys(draft, node, node.by, part))
  const { by } = keyed[0]
  const streams = keyed.map(({ stream }) => stream)
  const sorted = isSortedTogether(draft, streams)
    ? add(draft, node, { operator: 'sort', spec: { by } }, gather(draft, streams))
    : rangeExchange(draft, streams, by)
  return [projectTo(sorted, copyFields(node.outputs[0].fields), node.id)]
}

function isSortedTogether({ options, plan }: Draft, streams: readonly Stream[]): boolean {
  const { bytes } = streams.map(({ size }) => size).reduce(addSizes)
  return (
    isTogether(streams) || options.incremental || plan.parallelism === 1 || (bytes !== undefined && bytes <= sortedTogetherBytes)
  )
}

/** Each producer keeps its best rows, so that few of them move. */
export function lowerTopK(draft: Draft, node: NodeOf<'topK'>, parts: readonly Stream[]): Stream[] {
  const { count, offset } = node
  const keyed = parts.map((part) => withSortKeys(draft, node, node.by, part))
  const by = keyed[0].by
  const streams = keyed.map(({ stream }) => stream)
  const best = isTogether(streams)
    ? streams
    : streams.map((stream) =>
        add(draft, node, { operator: 'topK', spec: { by, count: count + offset, offset: 0 } }, stream, count + offset),
      )
  const top = add(draft, node, { operator: 'topK', spec: { by, count, offset } }, gather(draft, best), count)
  return [projectTo(top, copyFields(node.outputs[0].fields), node.id)]
}

/** Each producer stops after `count + offset` rows; the partitions are read in their order. */
export function lowerLimit(draft: Draft, node: NodeOf<'limit'>, parts: readonly Stream[]): Stream[] {
  const { count, offset } = node
  const first = isTogether(parts)
    ? parts
    : parts.map((part) =>
        add(draft, node, { operator: 'limit', spec: { count: count + offset, offset: 0 } }, part, count + offset),
      )
  return [add(draft, node, { operator: 'limit', spec: { count, offset } }, gather(draft, first), count)]
}

function isTogether(parts: readonly Stream[]): boolean {
  return parts.length === 1 && parts[0].stage.tasks === 1
}

function add(
  draft: Draft,
  node: NodeOf<'sort' | 'topK' | 'limit'>,
  form: PhysicalForm,
  input: Stream,
  count = Number.POSITIVE_INFINITY,
): Stream {
  const stream = settle(draft, input)
  const size = capSize(stream.size, count)
  const id = addNode(draft, stream.stage, form, { inputs: [stream.node], from: [node.id], fields: stream.fields, size })
  return { ...stream, node: id, size, determined: form.operator === 'limit' ? stream.determined : true }
}

/** Adds sort keys that are no columns to the row. They depend on the row alone, so they change no ties. */
function withSortKeys(
  draft: Draft,
  node: NodeOf<'sort' | 'topK'>,
  keys: readonly SortKey[],
  part: Stream,
): { stream: Stream; by: readonly PhysicalSortKey[] } {
  const extra: ComputedField[] = []
  const by = keys.map(({ expr, desc, nullsFirst }) => {
    const known = expr.e === 'column' ? part.fields.findIndex((field) => field.column === expr.column) : -1
    if (known >= 0) return { column: known, desc, nullsFirst }
    extra.push({ name: `_sort${extra.length}`, column: draft.nextColumn++, type: expr.type, nullable: expr.nullable, expr })
    return { column: part.fields.length + extra.length - 1, desc, nullsFirst }
  })
  return { stream: extra.length === 0 ? part : projectTo(part, [...copyFields(part.fields), ...extra], node.id), by }
}
