import { suggest } from '../../base/did-you-mean.ts'
import { planError, withPlace } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { Schema } from '../../data/type.ts'
import type { ConnectorOptions, SourceConnector, SourceDescription } from '../../io/connector.ts'
import type { Described, Field } from '../../ir/logical.ts'
import type { UnboundForm, UnboundNode } from '../syntax.ts'
import type { BindContext, ErrorList } from './context.ts'
import type { Names } from './expression.ts'
import { bindOptions } from './options.ts'
import { aliased } from './scope.ts'
import { addNode, type BindState, type BoundSource, newColumn, type Relation } from './state.ts'
import { bindRowType } from './types.ts'
import { addValues } from './values.ts'

type Form<U extends UnboundForm['u']> = Extract<UnboundForm, { u: U }>

/** Asks the connectors of all these nodes, at the same time; failed ones are missing from the answer and their errors are kept. */
export async function describeSources(
  nodes: readonly UnboundNode[],
  names: Names,
  errors: ErrorList,
  context: BindContext,
): Promise<Map<number, BoundSource>> {
  const bound = new Map<number, BoundSource>()
  const asked = nodes.flatMap((node) => {
    const request = errors.attempt(() => sourceRequest(node, names, errors, context))
    return request === undefined ? [] : [{ node, request }]
  })
  const answers = await Promise.allSettled(asked.map(({ request }) => describe(request, context)))
  answers.forEach((answer, i) => {
    const { node, request } = asked[i]
    if (answer.status === 'rejected') errors.add(withPlace(answer.reason, request.at))
    else bound.set(node.id, { connector: request.connector.kind, options: request.options, description: answer.value })
  })
  return bound
}

interface SourceRequest {
  connector: SourceConnector
  options: ConnectorOptions
  schema: Schema | undefined
  at: Place
}

// An async function, so that a connector which throws at once is treated like one which rejects.
async function describe({ connector, options, schema, at }: SourceRequest, context: BindContext): Promise<SourceDescription> {
  const { host, cwd, incremental } = context
  return connector.describe(options, { host, cwd, incremental, schema, at })
}

/** What to ask for a node; undefined when it is no source or its options are wrong. */
function sourceRequest(node: UnboundNode, names: Names, errors: ErrorList, context: BindContext): SourceRequest | undefined {
  const { form, at } = node
  if (form.u === 'table') return tableRequest(form, at, context)
  if (form.u !== 'source') return undefined
  const connector = context.connectors.sources.get(form.connector.toLowerCase())
  if (connector === undefined) throw unknownSource(form.connector, form.connectorAt, context)
  const options = bindOptions(names, errors, connector, form)
  const schema = form.schema === undefined ? undefined : bindRowType(names, form.schema, form.connectorAt)
  if (schema !== undefined && !connector.takesSchema) {
    throw planError('PLAN_UNKNOWN_OPTION', `'${connector.kind}' takes no schema`, {
      at: form.connectorAt,
      hint: 'its columns are fixed',
    })
  }
  return options && { connector, options, schema, at: form.connectorAt }
}

function tableRequest({ name, datasets = [] }: Form<'table'>, at: Place, context: BindContext): SourceRequest | undefined {
  const table = context.tables.get(name)
  if (table === undefined) throw unknownTable(name, datasets, at, context)
  if ('rows' in table) return undefined
  const connector = context.connectors.sources.get(table.connector)
  if (connector === undefined) throw unknownSource(table.connector, at, context)
  return { connector, options: table.options, schema: table.schema, at }
}

function unknownTable(name: string, datasets: readonly string[], at: Place, context: BindContext): Error {
  const known = [...datasets, ...context.tables.keys()]
  if (context.connectors.sources.has(name.toLowerCase())) {
    return planError('PLAN_UNKNOWN_TABLE', `unknown dataset '${name}'`, { at, hint: `'${name}' is a source: write ${name}(...)` })
  }
  const list = known.length > 0 ? `datasets: ${known.join(', ')}` : "read a file with a source, such as csv('x.csv')"
  return planError('PLAN_UNKNOWN_TABLE', `unknown dataset '${name}'`, { at, hint: suggest(name, known, list) })
}

function unknownSource(name: string, at: Place, context: BindContext): Error {
  const sources = [...context.connectors.sources.keys()]
  const names = [...sources, ...context.tables.keys()]
  return planError('PLAN_UNKNOWN_TABLE', `unknown source '${name}'`, {
    at,
    hint: suggest(name, names, `sources: ${sources.join(', ')}`),
  })
}

/** A source node; undefined when it could not be described. */
export function bindSource(state: BindState, node: UnboundNode, form: Form<'source'>): Relation | undefined {
  const source = state.sources.get(node.id)
  return source && withAlias(addSource(state, source, node.at), form.alias)
}

/** A table that the run was given; its name is its alias unless it has another. */
export function bindTable(state: BindState, node: UnboundNode, form: Form<'table'>): Relation | undefined {
  const table = state.context.tables.get(form.name)
  const source = state.sources.get(node.id)
  const alias = form.alias ?? form.name
  if (table !== undefined && 'rows' in table) return withAlias(addValues(state, table.schema, table.rows, false, node.at), alias)
  return source && withAlias(addSource(state, source, node.at), alias)
}

function withAlias(relation: Relation, alias: string | undefined): Relation {
  return alias === undefined ? relation : { ...relation, scope: aliased(relation.scope, alias) }
}

function addSource(state: BindState, { connector, options, description }: BoundSource, at: Place): Relation {
  const { schema, changes = 'insertOnly', ...rest } = description
  const fields = schema.map(({ name, type, nullable }): Field => ({ name, column: newColumn(state), type, nullable }))
  const described: Described = { ...rest, fields }
  const output = { name: '', fields, element: false, changes, order: 'source' } as const
  return addNode(state, { op: 'source', connector, options, described, pushed: {} }, [], output, at)
}
