import type { MillraceError } from '../../../src/base/errors.ts'
import type { Host } from '../../../src/base/host.ts'
import type { Schema, Type } from '../../../src/data/type.ts'
import { scalarTypeByName, types } from '../../../src/data/type.ts'
import { bind } from '../../../src/dsl/bind/bind.ts'
import type { BindContext } from '../../../src/dsl/bind/context.ts'
import type { ItemSyntax, Syntax, SyntaxForm, UnboundForm, UnboundNode, UnboundPlan } from '../../../src/dsl/syntax.ts'
import type { SinkConnector, SourceConnector } from '../../../src/io/connector.ts'
import type { FnRef } from '../../../src/ir/expr.ts'
import { printPlan } from '../../../src/ir/print.ts'

export const at = { file: 'test.flow', line: 1, column: 1 }
const make = (form: SyntaxForm): Syntax => ({ at, ...form })

export const name = (text: string): Syntax => make({ s: 'name', name: text })
export const field = (of: string | Syntax, text: string): Syntax =>
  make({ s: 'field', of: typeof of === 'string' ? name(of) : of, name: text, nameAt: at })
export const number = (text: string | number): Syntax => make({ s: 'number', text: String(text) })
export const text = (value: string): Syntax => make({ s: 'string', value })
export const nothing: Syntax = make({ s: 'null' })
export const bool = (value: boolean): Syntax => make({ s: 'bool', value })
export const call = (fn: string, ...args: Syntax[]): Syntax => make({ s: 'call', fn, fnAt: at, args, named: [] })
export const countAll: Syntax = make({ s: 'call', fn: 'count', fnAt: at, args: [], named: [], star: true })
export const syntax = make
export const item = (value: Syntax, as?: string): ItemSyntax => ({ item: 'expr', value, name: as, at })
export const star = (of?: string): ItemSyntax => ({ item: 'star', of, except: [], replace: [], at })
export const ref = (label: string, extra: Partial<FnRef> = {}): FnRef => ({
  id: 0,
  label,
  module: '',
  ordinal: 0,
  sourceHash: 'x',
  reads: 'all',
  captures: [],
  capturesKnown: true,
  deterministic: true,
  effects: false,
  kind: 'function',
  ...extra,
})

/** Builds an unbound plan node by node. */
export class Program {
  readonly nodes: UnboundNode[] = []
  add(form: UnboundForm, ...inputs: number[]): number {
    const id = this.nodes.length
    this.nodes.push({ id, inputs: inputs.map((node) => ({ node, out: 0 })), at: { ...at, line: id + 1 }, form })
    return id
  }
  /** A table whose columns are declared like `a int64, b string?`. */
  table(columns: string, alias?: string): number {
    const connectorAt = { ...at, line: this.nodes.length + 1 }
    return this.add({
      u: 'source',
      connector: 'memory',
      connectorAt,
      positional: [],
      named: [],
      schema: { schema: schemaOf(columns) },
      alias,
    })
  }
  plan(outputs: number | Record<string, number>, extra: Partial<UnboundPlan> = {}): UnboundPlan {
    const named = typeof outputs === 'number' ? { result: outputs } : outputs
    return {
      program: 'test.flow',
      nodes: this.nodes,
      outputs: Object.entries(named).map(([output, node]) => ({ name: output, port: { node, out: 0 } })),
      params: [],
      types: [],
      imports: [],
      options: {},
      fns: [],
      sources: {},
      ...extra,
    }
  }
}

export function schemaOf(columns: string): Schema {
  return columns.split(', ').map((column) => {
    const [columnName, spelled] = column.split(' ')
    return { name: columnName, type: typeOf(spelled.replace('?', '')), nullable: spelled.endsWith('?') }
  })
}

function typeOf(spelled: string): Type {
  const array = /^array<(.*)>$/.exec(spelled)
  if (array !== null) return types.array(typeOf(array[1]))
  if (spelled === 'point') return types.struct([{ name: 'x', type: types.float64, nullable: false }])
  return scalarTypeByName(spelled)!
}

const traits = {
  pushProjection: true,
  pushFilter: false,
  pushLimit: true,
  splittable: true,
  replayable: true,
  bounded: true,
  exactlyOnce: true,
  weights: true,
}

/** A source that has exactly the declared columns. */
const memorySource: SourceConnector = {
  kind: 'memory',
  options: { rows: { type: types.int64, summary: '' }, mode: { type: types.string, values: ['fast', 'slow'], summary: '' } },
  takesSchema: true,
  describe: async (options, { schema, incremental }) => ({
    schema: schema ?? [],
    inferred: false,
    traits,
    splits: [],
    changes: incremental && options.rows === 7 ? 'zset' : 'insertOnly',
  }),
  read: () => [],
}

const fileSink: SinkConnector = {
  kind: 'file',
  positional: 'path',
  options: { path: { type: types.string, summary: '' }, header: { type: types.bool, summary: '' } },
  traits: { exactlyOnce: true, weights: false },
  singlePart: () => true,
  check: () => {},
  open: () => {
    throw new Error('not opened by bind')
  },
  commit: () => {},
  discard: () => {},
}

export function contextOf(extra: Partial<BindContext> = {}): BindContext {
  return {
    connectors: {
      sources: new Map([['memory', memorySource]]),
      sinks: new Map([
        ['file', fileSink],
        ['log', { ...fileSink, kind: 'log', traits: { exactlyOnce: true, weights: true } }],
      ]),
    },
    host: {} as Host,
    cwd: '/',
    params: new Map(),
    tables: new Map(),
    incremental: false,
    checkSinks: true,
    sample: async () => [],
    ...extra,
  }
}

export async function printed(plan: UnboundPlan, context: Partial<BindContext> = {}): Promise<string> {
  return printPlan((await bind(plan, contextOf(context))).plan)
}

/** The errors of a program as `CODE message (hint)`, one a line. */
export async function errorsOf(plan: UnboundPlan, context: Partial<BindContext> = {}): Promise<string> {
  try {
    await bind(plan, contextOf(context))
  } catch (thrown) {
    const { errors } = thrown as MillraceError
    if (errors === undefined) throw thrown
    return errors
      .map((error) => `${error.code} ${error.message}${error.details.hint === undefined ? '' : ` (${error.details.hint})`}`)
      .join('\n')
  }
  return 'no error'
}
