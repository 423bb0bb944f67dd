import { planError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import type { ErrorPolicy } from '../ir/on-error.ts'
import { optionsOf, wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { toSyntax } from './expr.ts'
import { nameOfKind } from './kind-name.ts'
import { type RowOfSchema, type SchemaSpec, schemaOf } from './schema.ts'
import type { NamedArgument, RowTypeSyntax, Syntax } from './syntax.ts'

/** A connector with its options: what `read` and `write` take. `T` is the row that it reads. */
export interface ConnectorSpec<T = unknown> {
  readonly __row?: T
  /** @internal */
  readonly spec: {
    connector: string
    at: Place
    positional: readonly Syntax[]
    named: readonly NamedArgument[]
    schema?: RowTypeSyntax
  }
}

/** Rows whose columns the compiler does not know: declare a schema to have them checked. */
// biome-ignore lint/suspicious/noExplicitAny: a row of unknown columns allows any name with any type
export type AnyRow = { [column: string]: any }

/** What a connector function made; other values come from programs that no compiler has checked. */
export function specOf(given: ConnectorSpec<unknown>, verb: 'read' | 'write'): ConnectorSpec['spec'] {
  const spec = (given as Partial<ConnectorSpec> | undefined)?.spec
  if (spec !== undefined) return spec
  throw planError('PLAN_ARGUMENTS', `${verb} takes a ${verb === 'read' ? 'source' : 'sink'}, found ${nameOfKind(given)}`, {
    at: callPlace(),
    hint: `for example ${verb}(csv(${typeof given === 'string' ? `'${given}'` : "'x.csv'"}))`,
  })
}

const extensions: Readonly<Record<string, string>> = {
  text: 'txt',
  csv: 'csv',
  jsonl: 'jsonl',
  changes: 'jsonl',
  changelog: 'jsonl',
}
const optionNames: Readonly<Record<string, string>> = { nullText: 'null_text', onError: 'on_error' }

function connector<T>(kind: string, path: string, options: object, schema?: SchemaSpec): ConnectorSpec<T> {
  const at = callPlace()
  if (typeof path !== 'string') throw wrongArgument(kind, 'a path', path, `for example ${kind}('data/rows.${extensions[kind]}')`)
  const named = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name: optionNames[name] ?? name, value: toSyntax(value), at }))
  return {
    spec: {
      connector: kind,
      at,
      positional: [toSyntax(path)],
      named,
      schema: schema === undefined ? undefined : { schema: schemaOf(schema) },
    },
  }
}

/** Lines of text files, to read as rows `{ line }` and to write from one column of texts. `path` may be a pattern or a folder when it is read. */
export function text(path: string, options: { mode?: 'error' | 'overwrite' } = {}): ConnectorSpec<{ line: string }> {
  return connector('text', path, optionsOf('text', options, { mode: 'string' }))
}

/** How csv files are read or written. */
export interface CsvOptions<S extends SchemaSpec | undefined> {
  /** Columns and types; without it they are inferred from the first rows. */
  schema?: S
  /** Is the first line a header? Default true. */
  header?: boolean
  delimiter?: string
  quote?: string
  /** The unquoted text that stands for null; default: the empty field. */
  nullText?: string
  /** When read: what to do with a record that cannot be. Default: what the run does with rows that fail. */
  onError?: ErrorPolicy
  /** When written: `error` (default) refuses to replace an existing file. */
  mode?: 'error' | 'overwrite'
}
const csvOptions = {
  schema: 'other',
  header: 'boolean',
  delimiter: 'string',
  quote: 'string',
  nullText: 'string',
  onError: 'string',
  mode: 'string',
} as const

/** Comma-separated files, to read and to write. */
export function csv<const S extends SchemaSpec | undefined = undefined>(
  path: string,
  given: CsvOptions<S> = {},
): ConnectorSpec<S extends SchemaSpec ? RowOfSchema<S> : AnyRow> {
  const { schema, ...options } = optionsOf('csv', given, csvOptions)
  return connector('csv', path, options, schema)
}

/** How JSON lines are read or written. */
export interface JsonlOptions<S extends SchemaSpec | undefined> {
  schema?: S
  /** When read: what to do with a record that cannot be. Default: what the run does with rows that fail. */
  onError?: ErrorPolicy
  mode?: 'error' | 'overwrite'
}
/** Files of one JSON object a line, to read and to write. */
export function jsonl<const S extends SchemaSpec | undefined = undefined>(
  path: string,
  given: JsonlOptions<S> = {},
): ConnectorSpec<S extends SchemaSpec ? RowOfSchema<S> : AnyRow> {
  const { schema, ...options } = optionsOf('jsonl', given, { schema: 'other', onError: 'string', mode: 'string' })
  return connector('jsonl', path, options, schema)
}

/** Rows with their changes: JSON lines with `_op` (`+` or `-`) and `_epoch` beside the columns. */
export function changes<const S extends SchemaSpec | undefined = undefined>(
  path: string,
  options: { schema?: S } = {},
): ConnectorSpec<S extends SchemaSpec ? RowOfSchema<S> : AnyRow> {
  const { schema } = optionsOf('changes', options, { schema: 'other' })
  return connector('changes', path, {}, schema)
}

/** Writes the net changes of each epoch as JSON lines: the rows with `_op` and `_epoch`. */
export function changelog(path: string, options: { mode?: 'error' | 'overwrite' } = {}): ConnectorSpec<never> {
  return connector('changelog', path, optionsOf('changelog', options, { mode: 'string' }))
}
