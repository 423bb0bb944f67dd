import { suggest } from '../../base/did-you-mean.ts'
import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { type Schema, type StructField, scalarTypeByName, scalarTypeNames, type Type, types } from '../../data/type.ts'
import type { ColumnSyntax, RowTypeSyntax, TypeSyntax, UnboundPlan } from '../syntax.ts'
import type { Names } from './expression.ts'

/** Gives the function that finds what a written type means, among scalars and the program's own `type` statements. */
export function typeResolver(defined: UnboundPlan['types']): (syntax: TypeSyntax) => Type {
  const resolved = new Map<string, Type>()
  const open = new Set<string>()
  const byName = new Map(defined.map(({ name, type }) => [name, type]))

  function resolve(syntax: TypeSyntax): Type {
    if (syntax.t === 'array') return types.array(resolve(syntax.item))
    if (syntax.t === 'struct') return types.struct(resolveFields(syntax.fields))
    const own = byName.get(syntax.name)
    if (own !== undefined) return resolveDefined(syntax.name, own, syntax.at)
    const scalar = scalarTypeByName(syntax.name)
    if (scalar !== undefined) return scalar
    const names = [...byName.keys(), ...scalarTypeNames]
    throw planError('PLAN_UNKNOWN_TYPE', `unknown type '${syntax.name}'`, {
      at: syntax.at,
      hint: suggest(syntax.name, names, `types: ${names.join(', ')}`),
    })
  }
  function resolveDefined(name: string, syntax: TypeSyntax, at: Place): Type {
    const known = resolved.get(name)
    if (known !== undefined) return known
    if (open.has(name)) throw planError('PLAN_UNKNOWN_TYPE', `type '${name}' contains itself`, { at })
    open.add(name)
    try {
      const type = resolve(syntax)
      resolved.set(name, type)
      return type
    } finally {
      open.delete(name)
    }
  }
  function resolveFields(fields: readonly ColumnSyntax[]): StructField[] {
    const names = new Set<string>()
    return fields.map(({ name, type, notNull, at }) => {
      if (names.has(name)) throw planError('PLAN_DUPLICATE_COLUMN', `two columns are called '${name}'`, { at })
      names.add(name)
      return { name, type: resolve(type), nullable: !notNull }
    })
  }
  return resolve
}

/** The columns of `schema (...)` or `schema Name`. */
export function bindRowType(names: Names, syntax: RowTypeSyntax, at: Place): Schema {
  if ('schema' in syntax) return syntax.schema
  const written: TypeSyntax =
    'named' in syntax ? { t: 'name', name: syntax.named, at: syntax.at } : { t: 'struct', fields: syntax.columns, at }
  const type = names.resolveType(written)
  if (type.kind === 'struct') return type.fields
  throw planError('PLAN_TYPE_MISMATCH', `a schema needs a struct type, found ${type.kind}`, {
    at: written.at,
    hint: 'write schema (column type, ...)',
  })
}
