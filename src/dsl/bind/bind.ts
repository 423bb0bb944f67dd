import { exhaustive } from '../../base/assert.ts'
import { type MillraceError, manyErrors, planError } from '../../base/errors.ts'
import { noPlace } from '../../base/place.ts'
import type { Plan, PlanOutput } from '../../ir/logical.ts'
import { validatePlan } from '../../ir/validate.ts'
import type { UnboundNode, UnboundPlan } from '../syntax.ts'
import { bindAggregate } from './aggregate.ts'
import { mentionedColumns, reachableNodes, typeNeeds } from './analyse.ts'
import { bindCombineValues, bindGroupByKey, bindParallelDo } from './closures.ts'
import { type BindContext, type BindWarning, ErrorList } from './context.ts'
import type { BoundParam, Names } from './expression.ts'
import { finishPlan } from './finish.ts'
import { bindJoin } from './join.ts'
import { nullComparisons } from './null-comparisons.ts'
import { bindDistinct, bindLimit, bindOrderBy, bindUnion, bindUnnest, bindWhere } from './operators.ts'
import { bindParams } from './params.ts'
import { bindDrop, bindExtend, bindRename, bindSelect, bindSet } from './project.ts'
import { aliased } from './scope.ts'
import { bindSink } from './sinks.ts'
import { bindSource, bindTable, describeSources } from './sources.ts'
import { type BindState, type Relation, visibleOnly } from './state.ts'
import { typeResolver } from './types.ts'
import { bindValues } from './values.ts'

/**
 * Turns a program as the user wrote it into a plan: sources are described, parameters get their values, names and types are checked, and
 * everything becomes nodes of the one set that both front ends share. No row is read but for schemas and samples.
 *
 * @throws {@link MillraceError} with all errors of the program, in the order of the text.
 */
export async function bind(
  unbound: UnboundPlan,
  context: BindContext,
): Promise<{ plan: Plan; warnings: readonly BindWarning[] }> {
  const errors = new ErrorList()
  const params = new Map<string, BoundParam>()
  const names: Names = { params, functions: unbound.imports, resolveType: typeResolver(unbound.types) }
  bindParams(unbound.params, context.params, names, params, errors)
  const reachable = reachableNodes(unbound)
  if (reachable.size === 0) errors.add(noOutput(unbound))
  const nodes = unbound.nodes.filter((node) => reachable.has(node.id))
  const sources = await describeSources(nodes, names, errors, context)
  const state: BindState = {
    context,
    names,
    errors,
    warnings: nullComparisons(nodes),
    nodes: [],
    nextNode: 0,
    nextColumn: 0,
    mentioned: mentionedColumns(nodes),
    current: 0,
    sources,
    unnamed: new Set(),
    fns: unbound.fns,
    parallelism: unbound.options.parallelism,
  }
  const relations = await bindNodes(state, nodes, typeNeeds(unbound))
  const outputs = bindOutputs(state, unbound, relations)
  if (errors.errors.length > 0) throw manyErrors(inReadingOrder(errors.errors))
  const plan = finishPlan(state, outputs, { sinks: true })
  validatePlan(plan, { takesWeights: (connector) => context.connectors.sinks.get(connector)?.traits.weights === true })
  return { plan, warnings: state.warnings }
}

const noOutput = (unbound: UnboundPlan) =>
  planError('PLAN_NO_OUTPUT', 'the program has no result and no write', {
    at: unbound.nodes[0]?.at ?? { ...noPlace, file: unbound.program },
    hint: 'end it with a query, or with |> write ...',
  })

/** Errors as they stand in the text; those of several files stay as they were found. */
function inReadingOrder(errors: readonly MillraceError[]): readonly MillraceError[] {
  const places = errors.map((error) => error.details.at)
  if (places.some((at) => at === undefined || at.file !== places[0]?.file)) return errors
  return errors.toSorted((a, b) => a.details.at!.line - b.details.at!.line || a.details.at!.column - b.details.at!.column)
}

type Relations = ReadonlyMap<number, Relation>

/**
 * Binds node by node, on after errors: a node that failed passes on what is known of its rows, so that mistakes further down are told too. A node
 * whose input has no rows to speak of is left out without a word.
 */
async function bindNodes(state: BindState, nodes: readonly UnboundNode[], needs: ReadonlySet<number>): Promise<Relations> {
  const relations = new Map<number, Relation>()
  const broken = new Set<number>()
  for (const [place, node] of nodes.entries()) {
    state.current = place
    const inputs = node.inputs.map((port) => relations.get(port.node))
    const isBroken = node.inputs.some((port) => broken.has(port.node))
    const { failures } = state.errors
    let relation: Relation | undefined
    try {
      relation = await bindNode(state, node, isBroken && needsWholeRows(node) ? [] : inputs, needs.has(node.id))
    } catch (thrown) {
      state.errors.add(thrown)
    }
    const hasFailed = state.errors.failures > failures
    if (isBroken || hasFailed) broken.add(node.id)
    if (hasFailed && keepsRow(node)) relation ??= inputs[0]
    if (relation !== undefined) relations.set(node.id, relation)
  }
  return relations
}

/** Functions would be tried on rows, and writes look at all columns. */
const needsWholeRows = ({ form }: UnboundNode): boolean =>
  form.u === 'parallelDo' || form.u === 'groupByKey' || form.u === 'combineValues' || form.u === 'sink'

const keepsRow = ({ form }: UnboundNode): boolean =>
  form.u === 'where' || form.u === 'orderBy' || form.u === 'limit' || form.u === 'distinct' || form.u === 'union'

function bindNode(
  state: BindState,
  node: UnboundNode,
  inputs: readonly (Relation | undefined)[],
  isTyped: boolean,
): Relation | undefined | Promise<Relation | undefined> {
  const { form, at } = node
  switch (form.u) {
    case 'source':
      return bindSource(state, node, form)
    case 'table':
      return bindTable(state, node, form)
    case 'values':
      return bindValues(state, form, at)
    case 'sink':
      return void bindSink(state, form, inputs[0], at)
  }
  if (inputs.length === 0 || inputs.includes(undefined)) return undefined
  const [input, other] = inputs as Relation[]
  switch (form.u) {
    case 'as':
      return { ...input, scope: aliased(input.scope, form.alias) }
    case 'where':
      return bindWhere(state, form, input, at)
    case 'select':
      return bindSelect(state, form, input, at)
    case 'extend':
      return bindExtend(state, form, input, at)
    case 'set':
      return bindSet(state, form, input, at)
    case 'drop':
      return bindDrop(state, form, input, at)
    case 'rename':
      return bindRename(state, form, input, at)
    case 'aggregate':
      return bindAggregate(state, form, input, at)
    case 'distinct':
      return bindDistinct(state, input, at)
    case 'join':
      return bindJoin(state, form, input, other, at)
    case 'unnest':
      return bindUnnest(state, form, input, at)
    case 'orderBy':
      return bindOrderBy(state, form, input, at)
    case 'limit':
      return bindLimit(state, form, input, at)
    case 'union':
      return bindUnion(state, form, inputs as Relation[], at)
    case 'parallelDo':
      return bindParallelDo(state, form, input, at, isTyped)
    case 'groupByKey':
      return bindGroupByKey(state, input, at)
    case 'combineValues':
      return bindCombineValues(state, form, input, at)
    default:
      return exhaustive(form)
  }
}

function bindOutputs(state: BindState, unbound: UnboundPlan, relations: Relations): PlanOutput[] {
  return unbound.outputs.flatMap(({ name, port }) => {
    const relation = relations.get(port.node)
    if (relation === undefined) return []
    const at = unbound.nodes.find((node) => node.id === port.node)!.at
    return [{ name, port: visibleOnly(state, relation, at).port }]
  })
}
