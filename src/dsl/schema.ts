import { suggest } from '../base/did-you-mean.ts'
import { planError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import { type Schema, type StructField, scalarTypeByName, scalarTypeNames, type Type, types } from '../data/type.ts'
import { isRecord, wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import type { ReturnsSyntax, TypeSyntax } from './syntax.ts'

/** Names of scalar types in TypeScript declarations; `?` at the end says that nulls may occur. */
export type ScalarName = 'bool' | 'int64' | 'float64' | 'string' | 'bytes' | 'date' | 'timestamp'
/** A type as text: a scalar's name, or `array<...>` of one. */
export type TypeText = ScalarName | `array<${ScalarName}>`
/** A column's type: `'int64'`, `'string?'`, `'array<string>'`. */
export type ColumnType = TypeText | `${TypeText}?`
/** A row type: column names to types, in order. */
export interface SchemaSpec {
  readonly [name: string]: ColumnType
}

type ScalarValue<S> = S extends 'bool'
  ? boolean
  : S extends 'int64' | 'float64'
    ? number
    : S extends 'string' | 'date'
      ? string
      : S extends 'bytes'
        ? Uint8Array
        : S extends 'timestamp'
          ? Date
          : never
/** The JavaScript value of a column of this type, as closures and results see it. */
export type ValueOfType<S> = S extends `${infer Base}?`
  ? ValueOfType<Base> | null
  : S extends `array<${infer Item}>`
    ? ScalarValue<Item>[]
    : ScalarValue<S>
/** The row that a schema declares. */
export type RowOfSchema<S> = { -readonly [K in keyof S]: ValueOfType<S[K]> }

/** Reads a type's text, as `formatType` writes it; an unknown name is `PLAN_UNKNOWN_TYPE`, of `owner` where that is told. */
export function parseTypeText(text: string, owner?: string): Type {
  if (typeof text !== 'string') throw wrongArgument(owner ?? 'a type', 'the name of its type', text, "for example 'int64'")
  const nested = /^\s*(array|struct)\s*<(.*)>\s*$/is.exec(text)
  if (nested?.[1].toLowerCase() === 'array') return types.array(parseTypeText(nested[2].trim(), owner))
  if (nested) return types.struct(splitFields(nested[2]).map(parseField))
  const type = scalarTypeByName(text)
  if (type === undefined) {
    throw planError(
      'PLAN_UNKNOWN_TYPE',
      owner === undefined ? `unknown type '${text}'` : `${owner} has the unknown type '${text}'`,
      {
        at: callPlace(),
        hint: suggest(text, scalarTypeNames, `the types are ${scalarTypeNames.join(', ')} and array<...> of them`),
      },
    )
  }
  return type
}

/** `name type` or `name type not null`. */
function parseField(text: string): StructField {
  const [, name, type, notNull] = /^\s*(\S+)\s+(.*?)(\s+not\s+null)?\s*$/is.exec(text) ?? ['', text, '', undefined]
  return { name, type: parseTypeText(type), nullable: notNull === undefined }
}

/** The texts between the commas that stand in no inner type. */
function splitFields(text: string): string[] {
  const parts = ['']
  let depth = 0
  for (const char of text) {
    depth += char === '<' ? 1 : char === '>' ? -1 : 0
    if (char === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts
}

/** The columns of a schema. */
export function schemaOf(spec: SchemaSpec): Schema {
  if (!isRecord(spec)) throw wrongArgument('a schema', 'types by the names of columns', spec, schemaExample)
  return Object.entries(spec).map(([name, text]) => {
    if (typeof text !== 'string') throw wrongArgument(`column '${name}' of a schema`, 'a type as text', text, schemaExample)
    return { name, ...columnTypeOf(text) }
  })
}

const schemaExample = "for example { id: 'int64', name: 'string?' }"

function columnTypeOf(text: string): { type: Type; nullable: boolean } {
  const nullable = text.endsWith('?')
  return { type: parseTypeText(nullable ? text.slice(0, -1) : text), nullable }
}

/** What a closure is declared to return: a row type, or the type of an element. */
export function returnsOf(spec: SchemaSpec | ColumnType | undefined): ReturnsSyntax | undefined {
  if (spec === undefined) return undefined
  if (typeof spec !== 'string') return { schema: schemaOf(spec) }
  const { type, nullable } = columnTypeOf(spec)
  return { element: type, nullable }
}

/** A known type in the form that the binder reads. */
export function typeSyntaxOf(type: Type, at: Place): TypeSyntax {
  switch (type.kind) {
    case 'array':
      return { at, t: 'array', item: typeSyntaxOf(type.item, at) }
    case 'struct':
      return {
        at,
        t: 'struct',
        fields: type.fields.map((field) => ({
          name: field.name,
          type: typeSyntaxOf(field.type, at),
          notNull: !field.nullable,
          at,
        })),
      }
    default:
      return { at, t: 'name', name: type.kind }
  }
}
