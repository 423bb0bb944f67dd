import type { Exchange, PhysicalNode, PhysicalPlan } from '../ir/physical.ts'
import type { Draft, ExchangeDraft, StageDraft } from './lower/draft.ts'
import type { PlannerOptions } from './options.ts'
import { componentOf, cycleOf, topologicalOrder } from './plan-graph.ts'

/** Chosen mode of one exchange. */
interface Choice {
  mode: Exchange['mode']
  code: string
  why: string
}

interface Schedule {
  choices: ReadonlyMap<number, Choice>
  regions: PhysicalPlan['regions']
  mode: PhysicalPlan['mode']
  modeReason: string
}

/**
 * Decides for every exchange whether batches flow as they are made, or go through files which are read when all of them are there, or each as soon
 * as it is (hybrid).
 *
 * Pipelined is the default. An exchange is made blocking where two inputs of a stage are read one after the other and their producers
 * hang together, since the first could then wait for the second for ever (Flink: input priority deadlock). Regions are the components
 * of the pipelined exchanges; where a blocking exchange would lie inside one, or regions would wait for each other in a circle,
 * everything upstream of that exchange is cut off. What was cut so is hybrid where its producers are committed one by one: a file is never full, so
 * nobody waits for ever.
 */
export function schedule(draft: Draft): Schedule {
  const choices = new Map(draft.exchanges.map((exchange) => [exchange.id, firstChoice(draft, exchange)]))
  // An epoch passes through all stages; what waits for its turn is spooled by the runtime.
  if (!draft.options.incremental) {
    cutPriorities(draft, choices)
    cutCircles(draft, choices)
    readWhileMade(draft, choices)
  }
  const { mode, modeReason } = explainMode(draft.options, [...choices.values()])
  return { choices, regions: regionsOf(draft, choices), mode, modeReason }
}

function firstChoice(draft: Draft, exchange: ExchangeDraft): Choice {
  if (isSerial(draft.options))
    return { mode: 'blocking', code: 'E-SERIAL', why: 'serial mode: each stage ends before the next one starts' }
  if (exchange.partitioning.by === 'range')
    return { mode: 'blocking', code: 'E-SORT', why: 'where ranges begin is known only when all rows are sorted' }
  if (isHybrid(draft.options))
    return { mode: 'hybrid', code: 'E-STORE', why: 'hybrid mode: each task is stored, and read as soon as it is done' }
  if (isBuildSide(draft, exchange)) {
    return {
      mode: 'pipelined',
      code: 'E-BUILD',
      why: 'goes straight into the hash table, which is complete before the other side is read',
    }
  }
  return {
    mode: 'pipelined',
    code: 'E-GAIN',
    why: 'batches flow as they are made; nothing is written and read again',
  }
}

function isBuildSide(draft: Draft, exchange: ExchangeDraft): boolean {
  const { nodes } = draft.stages[exchange.to]
  return nodes.some((node) => node.operator === 'join' && leavesOf(nodes, node.inputs[1]).has(exchange.input))
}

/** The receive nodes under a node of a stage. */
function leavesOf(nodes: readonly PhysicalNode[], root: number): Set<number> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const leaves = new Set<number>()
  const open = [root]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = byId.get(id)!
    if (node.operator === 'receive') leaves.add(id)
    open.push(...node.inputs)
  }
  return leaves
}

/** Pairs of exchanges into a stage of which the first is read to its end before the second. */
function prioritiesOf(draft: Draft, stage: StageDraft): [first: ExchangeDraft, later: ExchangeDraft][] {
  const pairs: [ExchangeDraft, ExchangeDraft][] = []
  const into = stage.inputs.map((id) => draft.exchanges[id])
  for (const node of stage.nodes) {
    if (node.operator === 'join') {
      const build = leavesOf(stage.nodes, node.inputs[1])
      const probe = leavesOf(stage.nodes, node.inputs[0])
      for (const first of into)
        for (const later of into) if (build.has(first.input) && probe.has(later.input)) pairs.push([first, later])
    }
    if (node.operator === 'receive' && node.spec.ordered) {
      const list = node.spec.exchanges
      for (let i = 1; i < list.length; i++) {
        for (let j = 0; j < i; j++) pairs.push([draft.exchanges[list[j]], draft.exchanges[list[i]]])
      }
    }
  }
  return pairs
}

function cutPriorities(draft: Draft, choices: Map<number, Choice>): void {
  for (const stage of draft.stages) {
    const pairs = prioritiesOf(draft, stage)
    if (pairs.length === 0) continue
    // What hangs together without this stage; a stage that merely joins two inputs does not connect them.
    const others = draft.stages.filter((other) => other !== stage).map((other) => other.id)
    const edges = draft.exchanges.filter(
      (exchange) => choices.get(exchange.id)!.mode === 'pipelined' && exchange.from !== stage.id && exchange.to !== stage.id,
    )
    const component = componentOf(others, edges)
    for (const [first, later] of pairs) {
      // Opaque values, which no file can hold, wait in memory: only a closure that is tried on a few rows sends any.
      if (later.fields.some(({ type }) => type.kind === 'js')) continue
      if (choices.get(later.id)!.mode === 'blocking' || component.get(first.from) !== component.get(later.from)) continue
      choices.set(later.id, {
        mode: 'blocking',
        code: 'E-PRIORITY',
        why: `exchange ${first.id} is read to its end first and both come from stages that depend on each other, so a full channel here could stop both`,
      })
    }
  }
}

/** Until no blocking exchange lies inside a region or on a circle of regions. Each turn makes at least one exchange blocking. */
function cutCircles(draft: Draft, choices: Map<number, Choice>): void {
  const ids = draft.stages.map((stage) => stage.id)
  for (;;) {
    const pipelined = draft.exchanges.filter((exchange) => choices.get(exchange.id)!.mode === 'pipelined')
    const region = componentOf(ids, pipelined)
    const blocking = draft.exchanges.filter((exchange) => choices.get(exchange.id)!.mode === 'blocking')
    const contracted = blocking.map(({ from, to }) => ({ from: region.get(from)!, to: region.get(to)! }))
    const circle = cycleOf([...new Set(region.values())], contracted)
    const bad = blocking.find(({ from, to }) => circle.get(region.get(from)!) === circle.get(region.get(to)!))
    if (bad === undefined) return
    const before = upstreamOf(draft, bad.from)
    for (const exchange of pipelined) {
      if (!before.has(exchange.from) || before.has(exchange.to)) continue
      choices.set(exchange.id, {
        mode: 'blocking',
        code: 'E-FANOUT',
        why: `exchange ${bad.id} must be complete before its stage starts, so what shares its producers ends with them`,
      })
    }
  }
}

/** Whoever reads what was cut off need not wait for all of it, unless its producers are committed together. */
function readWhileMade(draft: Draft, choices: Map<number, Choice>): void {
  const pipelined = draft.exchanges.filter(({ id }) => choices.get(id)!.mode === 'pipelined')
  const isShared = (stage: number): boolean => pipelined.some(({ from, to }) => from === stage || to === stage)
  for (const { id, from } of draft.exchanges) {
    const choice = choices.get(id)!
    if ((choice.code === 'E-FANOUT' || choice.code === 'E-PRIORITY') && !isShared(from))
      choices.set(id, { ...choice, mode: 'hybrid' })
  }
}

function upstreamOf(draft: Draft, stage: number): Set<number> {
  const seen = new Set<number>()
  const open = [stage]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    for (const exchange of draft.stages[id].inputs) open.push(draft.exchanges[exchange].from)
  }
  return seen
}

function regionsOf(draft: Draft, choices: ReadonlyMap<number, Choice>): PhysicalPlan['regions'] {
  const ids = draft.stages.map((stage) => stage.id)
  const pipelined = draft.exchanges.filter((exchange) => choices.get(exchange.id)!.mode === 'pipelined')
  const stored = draft.exchanges.filter((exchange) => choices.get(exchange.id)!.mode !== 'pipelined')
  const component = componentOf(ids, pipelined)
  const edges = stored.map(({ from, to }) => ({ from: component.get(from)!, to: component.get(to)! }))
  const order = topologicalOrder([...new Set(component.values())], edges)
  const stages = topologicalOrder(ids, draft.exchanges)
  return order.map((number, id) => ({ id, stages: stages.filter((stage) => component.get(stage) === number) }))
}

function explainMode(options: PlannerOptions, choices: readonly Choice[]): Pick<Schedule, 'mode' | 'modeReason'> {
  if (isSerial(options)) {
    return { mode: 'serial', modeReason: 'serial, as asked: every stage ends before the stages that read it start' }
  }
  if (isHybrid(options)) {
    return { mode: 'hybrid', modeReason: 'hybrid, as asked: every task is stored, and read as soon as it is done' }
  }
  const blocking = choices.filter((choice) => choice.mode === 'blocking').length
  const hybrid = choices.filter((choice) => choice.mode === 'hybrid').length
  const asked = options.incremental
    ? 'pipelined, since an epoch must pass through all stages'
    : options.mode === 'auto'
      ? 'pipelined'
      : 'pipelined, as asked'
  const rest =
    choices.length === 0
      ? 'there is no exchange to wait for'
      : blocking + hybrid === 0
        ? 'no exchange has to be complete before it is read'
        : `of ${choices.length} exchanges ${[...storedWords(blocking, 'must be complete before they are read'), ...storedWords(hybrid, 'are stored and read while they are made')].join(', and ')}`
  return { mode: 'pipelined', modeReason: `${asked}: ${rest}` }
}

const storedWords = (count: number, what: string): string[] => (count === 0 ? [] : [`${count} ${what}`])

/** An epoch passes through all stages at once, so deltas cannot wait for a stage to end. */
function isSerial(options: PlannerOptions): boolean {
  return options.mode === 'serial' && !options.incremental
}

const isHybrid = (options: PlannerOptions): boolean => options.mode === 'hybrid' && !options.incremental
