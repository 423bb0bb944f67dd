import { join } from 'node:path'
import { nodeHost } from '../../src/base/node-host.ts'
import { valueAt } from '../../src/data/read.ts'
import { formatType, type Schema, type Value } from '../../src/data/type.ts'
import { jsonCell } from '../../src/io/format/cell.ts'
import { defaultConnectors } from '../../src/io/index.ts'
import type { Order, Plan } from '../../src/ir/logical.ts'
import { execute } from '../../src/run/execute.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { type Prepared, prepare } from '../../src/run/prepare.ts'
import { loadFlow } from '../../src/run/program.ts'
import { parseTables } from '../../src/run/tables-file.ts'
import { runReference } from '../../src/testing/reference.ts'

/** A program in the text language, and the tables and parameters that it is run with. */
export interface ProgramText {
  program: string
  /** In the form of `--tables`. */
  tables?: string
  /** `name=text`. */
  params?: readonly string[]
}

/** The rows of an output as JSON texts, one a row. Without a defined order they can be compared as multisets only. */
export interface Rows {
  header: string
  rows: readonly string[]
  ordered: boolean
}

/** Binds and plans a program that lies in `cwd`. */
export async function prepareProgram(source: ProgramText, cwd: string, options: RunOptions): Promise<Prepared> {
  const params = (source.params ?? []).map((param): [string, { text: string }] => {
    const at = param.indexOf('=')
    return [param.slice(0, at), { text: param.slice(at + 1) }]
  })
  const program = await loadFlow(join(cwd, 'program.flow'), source.program, new Map(params))
  const tables = source.tables === undefined ? new Map() : parseTables('tables', source.tables)
  return prepare(program, { cwd, tables, ...options })
}

/** The outputs by name, from the bound plan as it is before any rule, row by row. */
export async function runOnReference(source: ProgramText, cwd: string): Promise<ReadonlyMap<string, Rows>> {
  return referenceRows(await prepareProgram(source, cwd, { backend: 'inline' })).outputs
}

/** The outputs by name, from a backend. */
export async function runOnBackend(source: ProgramText, cwd: string, options: RunOptions): Promise<ReadonlyMap<string, Rows>> {
  return backendRows(await prepareProgram(source, cwd, options), { cwd, ...options })
}

/** What the reference makes of a prepared program, and what each of its sinks would be given. */
export function referenceRows({ program, planned }: Prepared): { outputs: ReadonlyMap<string, Rows>; sinks: readonly Rows[] } {
  const onError = planned.physical.onError?.policy
  const context = { functions: program.functions, sources: defaultConnectors.sources, host: nodeHost(), onError }
  const { outputs, sinks } = runReference(planned.logical, context)
  return {
    outputs: new Map([...outputs].map(([name, { fields, rows, order }]) => [name, rowsOf(fields, rows, order)])),
    sinks: sinks.map(({ fields, rows, order }) => rowsOf(fields, rows, order)),
  }
}

/** The outputs of a prepared program, which is run. */
export async function backendRows(prepared: Prepared, options: RunOptions): Promise<ReadonlyMap<string, Rows>> {
  const done = await execute(prepared, options)
  try {
    return new Map(
      done.outputs.map((output) => {
        const { name, fields, rowCount } = output
        const rows = [...output.batches()].flatMap((batch) =>
          Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((column) => valueAt(column, row))),
        )
        if (rows.length !== rowCount) throw new Error(`output '${name}' counts ${rowCount} rows and has ${rows.length}`)
        return [name, rowsOf(fields, rows, orderOf(prepared.planned.logical, name))]
      }),
    )
  } finally {
    done.close()
  }
}

function orderOf(plan: Plan, output: string): Order {
  const { node, out } = plan.outputs.find(({ name }) => name === output)!.port
  return plan.nodes.find(({ id }) => id === node)!.outputs[out].order
}

function rowsOf(fields: Schema, rows: readonly (readonly Value[])[], order: Order): Rows {
  const header = fields.map(({ name, type }) => `${name} ${formatType(type)}`).join(', ')
  const texts = rows.map((row) => jsonText(fields.map(({ type }, i) => jsonCell(type, row[i]))))
  return { header, rows: texts, ordered: order !== 'undefined' }
}

/** JSON that tells -0 from 0. */
export function jsonText(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, inner]) => `${JSON.stringify(name)}:${jsonText(inner)}`)
    .join(',')}}`
}

/** The rows as one text: in their order where it is defined, else sorted. */
export function comparable({ header, rows, ordered }: Rows): string {
  return [header, ...(ordered ? rows : rows.toSorted())].join('\n')
}
