import type { Expr } from '../../ir/expr.ts'
import type { Field, NodeOf } from '../../ir/logical.ts'
import type { PhysicalForm } from '../../ir/physical.ts'
import { columnExpr } from '../expressions.ts'
import { joinSize } from '../size.ts'
import {
  addNode,
  type ComputedField,
  copyFields,
  type Draft,
  projectTo,
  type StageDraft,
  type Stream,
  settle,
  streamOf,
  toOrdinals,
} from './draft.ts'
import { hashExchange, hashInto, receive, send } from './exchange.ts'

/** A build side up to this size goes whole to every task of the probe side, whose rows then need not move. */
const broadcastBytes = 8 * 2 ** 20

interface Side {
  parts: readonly Stream[]
  /** Ordinals of the join keys in the row of every part. */
  keys: readonly number[]
}

/** Input 0 probes, input 1 is built into a hash table first. */
export function lowerJoin(draft: Draft, node: NodeOf<'join'>, left: readonly Stream[], right: readonly Stream[]): Stream[] {
  const probe = withKeys(
    draft,
    node,
    left,
    node.on.map((pair) => pair.left),
  )
  const build = withKeys(
    draft,
    node,
    right,
    node.on.map((pair) => pair.right),
  )
  if (canBroadcast(draft, probe, build))
    return probe.parts.map((part) => joinHere(draft, node, part, probe.keys, broadcast(draft, part, build), build))
  const here = colocated(draft, probe, build)
  if (here !== undefined)
    return [joinHere(draft, node, here, probe.keys, hashInto(draft, build.parts, build.keys, here.stage), build)]
  const moved = hashExchange(draft, probe.parts, probe.keys)
  return [joinHere(draft, node, moved, probe.keys, hashInto(draft, build.parts, build.keys, moved.stage), build)]
}

/** Adds key expressions that are no columns to the rows of a side. */
function withKeys(draft: Draft, node: NodeOf<'join'>, parts: readonly Stream[], exprs: readonly Expr[]): Side {
  const row = parts[0].fields
  const extra: ComputedField[] = []
  const keys = exprs.map((expr) => {
    if (expr.e === 'column') return row.findIndex((field) => field.column === expr.column)
    extra.push({ name: `_key${extra.length}`, column: draft.nextColumn++, type: expr.type, nullable: expr.nullable, expr })
    return row.length + extra.length - 1
  })
  if (extra.length === 0) return { parts, keys }
  return { parts: parts.map((part) => projectTo(part, [...copyFields(part.fields), ...extra], node.id)), keys }
}

/** A join in the stage of its probe side makes that stage wait for the build side: only what belongs to the join alone may wait. */
function canBroadcast(draft: Draft, probe: Side, build: Side): boolean {
  const free = probe.parts.every((part) => !part.shared && !dependsOn(draft, build.parts, part.stage))
  if (build.keys.length === 0) return free
  const bytes = build.parts.map((part) => part.size.bytes)
  return free && bytes.every((value) => value !== undefined) && bytes.reduce((a, b) => a! + b!, 0)! <= broadcastBytes
}

/** Does a stream come, directly or through exchanges, out of `stage`? Then nothing of it may flow back there. */
function dependsOn(draft: Draft, parts: readonly Stream[], stage: StageDraft): boolean {
  const seen = new Set<number>()
  const open = parts.map((part) => part.stage.id)
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === stage.id) return true
    if (seen.has(id)) continue
    seen.add(id)
    for (const exchange of draft.stages[id].inputs) open.push(draft.exchanges[exchange].from)
  }
  return false
}

function broadcast(draft: Draft, probe: Stream, build: Side): Stream {
  const exchanges = build.parts.map((part) => send(draft, part, probe.stage, { by: 'broadcast', count: probe.stage.tasks }))
  return receive(draft, probe.stage, exchanges, false, build.parts)
}

/** The probe side where it is, when its rows already lie by the hash of exactly the join keys. */
function colocated(draft: Draft, probe: Side, build: Side): Stream | undefined {
  const [part] = probe.parts
  const hashedBy = part.hashedBy
  if (probe.parts.length !== 1 || part.shared || hashedBy === undefined || hashedBy.length !== probe.keys.length) return undefined
  if (!probe.keys.every((key, i) => part.fields[key].column === hashedBy[i])) return undefined
  return dependsOn(draft, build.parts, part.stage) ? undefined : part
}

function joinHere(
  draft: Draft,
  node: NodeOf<'join'>,
  probeStream: Stream,
  probeKeys: readonly number[],
  build: Stream,
  buildSide: Side,
): Stream {
  const probe = settle(draft, probeStream)
  const row: Field[] = [
    ...probe.fields,
    ...build.fields.map((field) => (node.kind === 'left' ? { ...field, nullable: true } : field)),
  ]
  const residual = node.residual === undefined ? {} : { residual: toOrdinals(node.residual, row) }
  const form: PhysicalForm = { operator: 'join', spec: { kind: node.kind, probeKeys, buildKeys: buildSide.keys, ...residual } }
  const size = joinSize(probe.size, build.size)
  const id = addNode(draft, probe.stage, form, {
    inputs: [probe.node, build.node],
    inputOrder: 'build-first',
    from: [node.id],
    fields: row,
    size,
  })
  const joined = streamOf(probe.stage, id, {
    fields: row,
    size,
    determined: false,
    hashedBy: probe.hashedBy,
    shared: probe.shared,
  })
  return projectTo(
    joined,
    node.outputs[0].fields.map((field) => ({ ...field, expr: columnExpr(field) })),
    node.id,
  )
}
