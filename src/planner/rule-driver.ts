import { invariant } from '../base/assert.ts'
import { sameType } from '../data/type.ts'
import type { NodeId } from '../ir/expr.ts'
import type { LogicalForm, LogicalNode, Output, Plan } from '../ir/logical.ts'
import { validatePlan } from '../ir/validate.ts'
import { describeNode, nameColumns } from './describe.ts'
import { estimateChange, SizeEstimates } from './estimates.ts'
import type { Firing, PlannerOptions, SkippedRule } from './options.ts'
import { PlanTable } from './plan-table.ts'
import type { Builder, Pass, PassContext, Rule, RuleContext } from './rule.ts'
import type { Size } from './size.ts'

/** Rules that run together until none of them finds anything to do, after passes that run once. */
export interface RuleGroup {
  name: string
  passes: readonly Pass[]
  rules: readonly Rule[]
}

interface Rewritten {
  plan: Plan
  firings: readonly Firing[]
  skipped: readonly SkippedRule[]
}

/**
 * Where filters travel through hundreds of nodes, firings grow with the square of the plan. Beyond this many the plan stays as it is, which is
 * as right as it is fast to make.
 */
const maxFirings = (nodes: number): number => 1000 + 10 * nodes

/**
 * Runs the groups in order. Within a group each rule sweeps over the nodes in its own order; after a firing the nodes around the change are
 * looked at again, the rest of the plan is not, so the cost grows with the number of nodes and firings.
 */
export function rewrite(plan: Plan, groups: readonly RuleGroup[], options: PlannerOptions): Rewritten {
  const log: Log = { firings: [], sizes: new SizeEstimates(), skipped: new Map() }
  const disabled = new Set(options.disabledRules)
  let current = plan
  for (const group of groups) {
    for (const pass of group.passes) if (!disabled.has(pass.name)) current = runPass(current, pass, group.name, options, log)
    const rules = group.rules.filter((rule) => !disabled.has(rule.name))
    if (rules.length > 0) current = runRules(current, rules, group.name, options, log)
  }
  const left = new Set(current.nodes.map((node) => node.id))
  return { plan: current, firings: log.firings, skipped: [...log.skipped.values()].filter((skip) => left.has(skip.node)) }
}

interface Log {
  firings: Firing[]
  sizes: SizeEstimates
  /** By rule and node: what a rule said of a node last. */
  skipped: Map<string, SkippedRule>
}

function runPass(plan: Plan, pass: Pass, group: string, options: PlannerOptions, log: Log): Plan {
  const places = new Map(plan.nodes.map((node) => [node.id, node.at]))
  const changes: Parameters<PassContext['fired']>[0][] = []
  const made = pass.run(plan, { options, fired: (change) => void changes.push(change) })
  if (changes.length > 0) {
    const [before, after] = [plan, made].map((one) => sizesIn(one, log.sizes))
    for (const change of changes) {
      const estimate = estimateChange(before(change.nodes), after(change.nodes))
      const at = places.get(change.nodes[0])!
      log.firings.push({ seq: log.firings.length + 1, group, rule: pass.name, ...change, estimate, at })
    }
  }
  if (options.checkPlans) checkPlan(made)
  return made
}

/** Sizes of those nodes that are in the plan. */
function sizesIn(plan: Plan, sizes: SizeEstimates): (nodes: readonly NodeId[]) => Size[] {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]))
  const find = (id: NodeId): LogicalNode => byId.get(id)!
  return (nodes) => nodes.filter((id) => byId.has(id)).map((id) => sizes.of(find(id), find))
}

function runRules(plan: Plan, rules: readonly Rule[], group: string, options: PlannerOptions, log: Log): Plan {
  const table = new PlanTable(plan)
  const names = nameColumns(plan)
  const state: State = {
    table,
    names,
    rules,
    group,
    options,
    log,
    dirty: new Map(rules.map((rule) => [rule, new Set(table.order())])),
    budget: maxFirings(plan.nodes.length),
  }
  // From sources on, so that no chain of nodes is as deep as the plan is long.
  for (const id of table.order()) log.sizes.of(table.get(id), (input) => table.get(input))
  while (state.budget > 0 && [...state.dirty.values()].some((dirty) => dirty.size > 0)) {
    for (const rule of rules) sweep(state, rule)
  }
  return table.toPlan()
}

interface State {
  table: PlanTable
  names: Map<number, string>
  rules: readonly Rule[]
  group: string
  options: PlannerOptions
  log: Log
  /** Nodes that each rule still has to look at. */
  dirty: Map<Rule, Set<NodeId>>
  /** Firings that are left. */
  budget: number
}

function sweep(state: State, rule: Rule): void {
  const dirty = state.dirty.get(rule)!
  if (dirty.size === 0) return
  const order = state.table.order().filter((id) => dirty.has(id))
  dirty.clear()
  // A stack: its end is looked at next, so what a firing made comes before the rest.
  const open = rule.order === 'top-down' ? order : order.reverse()
  for (let id = open.pop(); id !== undefined && state.budget > 0; id = open.pop()) {
    if (!state.table.has(id)) continue
    const around = applyRule(state, rule, state.table.get(id))
    if (around === undefined) continue
    for (const node of around) for (const other of state.rules) state.dirty.get(other)!.add(node)
    for (const node of around) open.push(node)
    for (const node of around) dirty.delete(node)
  }
}

/** Applies a rule to a node; after a firing, the nodes whose surroundings changed. */
function applyRule(state: State, rule: Rule, node: LogicalNode): NodeId[] | undefined {
  const { table, names, options, log } = state
  const added = new Map<NodeId, LogicalNode>()
  let reason = ''
  const ctx: RuleContext = {
    options,
    input: (of, i) => added.get(of.inputs[i].node) ?? table.get(of.inputs[i].node),
    inputOutput: (of, i) => (added.get(of.inputs[i].node) ?? table.get(of.inputs[i].node)).outputs[of.inputs[i].out],
    isShared: (of) => table.useCount(of.id) > 1,
    build: builder(table, node, added),
    newColumn: () => table.nextColumn++,
    fired: (why) => {
      reason = why
    },
    skip: (of, why) => {
      log.skipped.set(`${rule.name} ${of.id}`, { rule: rule.name, node: of.id, reason: why, at: of.at })
      return undefined
    },
  }
  const made = rule.apply(node, ctx)
  if (made === undefined || made === node) return undefined
  state.budget--
  if (options.checkPlans) checkSameRow(rule, node, made)
  for (const fresh of added.values())
    for (const output of fresh.outputs) for (const field of output.fields) names.set(field.column, field.name)
  const below = node.inputs.map((port) => table.get(port.node))
  const sizesOf = (nodes: readonly LogicalNode[]): Size[] => nodes.map((one) => log.sizes.of(one, (id) => table.get(id)))
  sizesOf([...below, node])
  const root = table.replace(node, made, added)
  const kept = [...added.keys()].filter((id) => id !== made.id && table.has(id))
  const gone = below.filter((input) => !table.has(input.id))
  const fresh = added.size === 0 ? [] : [...new Set([...kept, root])].map((id) => table.get(id))
  log.firings.push({
    seq: log.firings.length + 1,
    group: state.group,
    rule: rule.name,
    nodes: [...gone.map((input) => input.id), node.id],
    before: [...gone, node].map((piece) => describeNode(piece, names)).join('\n'),
    after: afterText([...kept.map((id) => table.get(id)), table.get(root)], added, root, names),
    reason,
    estimate: estimateChange(sizesOf([...gone, node]), sizesOf(fresh)),
    at: node.at,
  })
  for (const id of [...kept, root]) log.skipped.delete(`${rule.name} ${id}`)
  if (options.checkPlans) checkPlan(table.toPlan())
  return [...new Set([...table.readers(root), root, ...kept.flatMap((id) => [id, ...table.readers(id)])])].reverse()
}

function afterText(
  pieces: readonly LogicalNode[],
  added: ReadonlyMap<NodeId, LogicalNode>,
  root: NodeId,
  names: ReadonlyMap<number, string>,
): string {
  if (added.size === 0) return `(its input, ${describeNode(pieces[0], names)})`
  return [...new Set(pieces)]
    .filter((piece) => added.has(piece.id) || piece.id === root)
    .map((piece) => describeNode(piece, names))
    .join('\n')
}

function builder(table: PlanTable, around: LogicalNode, added: Map<NodeId, LogicalNode>): Builder {
  const node: Builder['node'] = (form: LogicalForm, inputs, output) => {
    const made = Object.freeze({
      ...form,
      id: table.nextNode++,
      inputs: inputs.map((input) => ({ node: input.id, out: 0 })),
      outputs: output === undefined ? [] : [output],
      at: around.at,
      origin: [...new Set(around.origin.length > 0 ? around.origin : [around.id])],
      hints: around.hints,
    }) as LogicalNode
    added.set(made.id, made)
    return made
  }
  return {
    node,
    filter: (input, predicate) => node({ op: 'filter', predicate }, [input], input.outputs[0]),
    project: (input, fields, like) =>
      node(
        { op: 'project', exprs: fields.map(({ field, expr }) => ({ column: field.column, expr })) },
        [input],
        withFields(
          like,
          fields.map(({ field }) => field),
        ),
      ),
    onto: (old, inputs, output = old.outputs[0]) => {
      const { id: _, inputs: __, outputs: ___, at, origin, ...form } = old
      const made = node(form as LogicalForm, inputs, output)
      const placed = Object.freeze({ ...made, at, origin: [...new Set([...(origin.length > 0 ? origin : [old.id])])] })
      added.set(placed.id, placed)
      return placed
    },
  }
}

function withFields(like: Output, fields: Output['fields']): Output {
  return { ...like, fields }
}

/** Retractions were checked with the user's own plan; rules add none. */
function checkPlan(plan: Plan): void {
  validatePlan(plan, { takesWeights: () => true })
}

/** A rule may not change what readers of the node see. */
function checkSameRow(rule: Rule, before: LogicalNode, after: LogicalNode): void {
  const old = before.outputs[0]?.fields ?? []
  const made = after.outputs[0]?.fields ?? []
  const same =
    old.length === made.length &&
    old.every((field, i) => field.column === made[i].column && field.name === made[i].name && sameType(field.type, made[i].type))
  invariant(same, `rule ${rule.name} changed the row of node ${before.id}`)
}
