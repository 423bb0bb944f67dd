import type { Partitioning, PhysicalForm, PhysicalSortKey } from '../../ir/physical.ts'
import { addSizes } from '../size.ts'
import {
  addNode,
  type Draft,
  type ExchangeDraft,
  openStage,
  type StageDraft,
  type Stream,
  schemaOf,
  settle,
  streamOf,
} from './draft.ts'

/** Sends a stream through a new exchange to a stage; `connect` gives the receive node that reads it. */
export function send(draft: Draft, stream: Stream, to: StageDraft, partitioning: Partitioning): ExchangeDraft {
  const settled = settle(draft, stream)
  const exchange: ExchangeDraft = {
    id: draft.exchanges.length,
    from: settled.stage.id,
    to: to.id,
    input: -1,
    partitioning,
    fields: schemaOf(settled.fields),
    size: settled.size,
  }
  draft.exchanges.push(exchange)
  settled.stage.outputs.push(exchange.id)
  to.inputs.push(exchange.id)
  addNode(
    draft,
    settled.stage,
    { operator: 'send', spec: { exchange: exchange.id } },
    { inputs: [settled.node], from: [], fields: settled.fields, size: settled.size },
  )
  return exchange
}

/** Reads exchanges that carry the same row: one receive node of `stage`. */
export function receive(
  draft: Draft,
  stage: StageDraft,
  exchanges: readonly ExchangeDraft[],
  ordered: boolean,
  from: readonly Stream[],
): Stream {
  const fields = from[0].fields
  const size = from.map((stream) => stream.size).reduce(addSizes)
  const partitioning = exchanges[0].partitioning
  const form: PhysicalForm = { operator: 'receive', spec: { exchanges: exchanges.map((exchange) => exchange.id), ordered } }
  const node = addNode(draft, stage, form, { inputs: [], from: [], fields, size, partitioning })
  for (const exchange of exchanges) exchange.input = node
  const hashedBy = partitioning.by === 'hash' ? partitioning.keys.map((key) => fields[key].column) : undefined
  return streamOf(stage, node, { fields, size, hashedBy, determined: ordered })
}

/** Brings streams to one task, partitions in their order; nothing moves when they are there already. */
export function gather(draft: Draft, streams: readonly Stream[]): Stream {
  if (streams.length === 1 && streams[0].stage.tasks === 1) return streams[0]
  return gatherInto(draft, streams, openStage(draft, 1))
}

export function gatherInto(draft: Draft, streams: readonly Stream[], stage: StageDraft): Stream {
  const exchanges = streams.map((stream) => send(draft, stream, stage, { by: 'gather', count: 1 }))
  return receive(
    draft,
    stage,
    exchanges,
    streams.every((stream) => stream.determined),
    streams,
  )
}

/** Brings rows of equal keys to one task each. */
export function hashExchange(draft: Draft, streams: readonly Stream[], keys: readonly number[], ordered = false): Stream {
  if (keys.length === 0) return gather(draft, streams)
  const count = draft.plan.parallelism
  const stage = openStage(draft, count)
  return hashInto(draft, streams, keys, stage, ordered)
}

export function hashInto(
  draft: Draft,
  streams: readonly Stream[],
  keys: readonly number[],
  stage: StageDraft,
  ordered = false,
): Stream {
  const exchanges = streams.map((stream) => send(draft, stream, stage, { by: 'hash', keys, count: stage.tasks }))
  return receive(draft, stage, exchanges, ordered, streams)
}

/** Sorts rows in the tasks that make them, and brings each range of the order to one task, which merges it. */
export function rangeExchange(draft: Draft, streams: readonly Stream[], keys: readonly PhysicalSortKey[]): Stream {
  const stage = openStage(draft, draft.plan.parallelism)
  const exchanges = streams.map((stream) => send(draft, stream, stage, { by: 'range', keys, count: stage.tasks }))
  return receive(draft, stage, exchanges, true, streams)
}
