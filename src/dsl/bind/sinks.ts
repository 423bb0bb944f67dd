import { sep } from 'node:path'
import { suggest } from '../../base/did-you-mean.ts'
import { planError, withPlace } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { ConnectorOptions } from '../../io/connector.ts'
import { absolutePath } from '../../io/files.ts'
import type { UnboundForm } from '../syntax.ts'
import { bindOptions } from './options.ts'
import { type BindState, type Relation, visibleOnly } from './state.ts'

type SinkForm = Extract<UnboundForm, { u: 'sink' }>

/** A sink node: every column named, names distinct, and the connector content with its options and columns. */
export function bindSink(state: BindState, form: SinkForm, input: Relation | undefined, at: Place): void {
  const { connectors, host, cwd, checkSinks } = state.context
  const connector = connectors.sinks.get(form.connector.toLowerCase())
  if (connector === undefined || connector.isInternal === true) {
    const known = [...connectors.sinks.values()].filter((sink) => sink.isInternal !== true).map((sink) => sink.kind)
    throw planError('PLAN_UNKNOWN_TABLE', `unknown sink '${form.connector}'`, {
      at: form.connectorAt,
      hint: suggest(form.connector, known, `sinks: ${known.join(', ')}`),
    })
  }
  const options = bindOptions(state.names, state.errors, connector, form)
  if (options === undefined || input === undefined) return
  const visible = visibleOnly(state, input, at)
  checkNames(state, visible, at)
  checkTarget(state, options, form.connectorAt)
  const { fields } = visible.output
  const schema = fields.map(({ name, type, nullable }) => ({ name, type, nullable }))
  try {
    if (checkSinks) connector.check(options, { host, cwd, fields: schema })
  } catch (thrown) {
    throw withPlace(thrown, form.connectorAt)
  }
  state.nodes.push(
    Object.freeze({
      id: state.nextNode++,
      op: 'sink',
      connector: connector.kind,
      options,
      inputs: [visible.port],
      outputs: [],
      at,
      origin: [],
      hints: {},
    }),
  )
}

/** Two writes to one place would mix their rows, or one would replace what the other wrote. */
function checkTarget(state: BindState, { path }: ConnectorOptions, at: Place): void {
  if (typeof path !== 'string') return
  const target = absolutePath(state.context.cwd, path)
  for (const node of state.nodes) {
    if (node.op !== 'sink') continue
    const other = absolutePath(state.context.cwd, String((node.options as ConnectorOptions).path))
    if (target !== other && !target.startsWith(`${other}${sep}`) && !other.startsWith(`${target}${sep}`)) continue
    throw planError(
      'PLAN_SAME_TARGET',
      target === other ? `'${path}' is written twice` : `of two writes one is to go into the other's folder`,
      {
        at,
        related: [{ at: node.at, text: 'the other write' }],
      },
    )
  }
}

function checkNames(state: BindState, { output }: Relation, at: Place): void {
  const unnamed = output.fields.findIndex((field) => state.unnamed.has(field.column) && /^_c\d+$/.test(field.name))
  if (unnamed >= 0) {
    throw planError('PLAN_UNNAMED_COLUMN', `column ${unnamed + 1} has no name`, { at, hint: 'name it with as: ... as total' })
  }
  const names = new Set<string>()
  for (const { name } of output.fields) {
    if (names.has(name))
      throw planError('PLAN_DUPLICATE_COLUMN', `two columns are called '${name}'`, {
        at,
        hint: 'rename or drop one before write',
      })
    names.add(name)
  }
}
