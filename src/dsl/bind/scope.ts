import { suggest } from '../../base/did-you-mean.ts'
import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { formatType } from '../../data/type.ts'
import type { ColumnId, Expr } from '../../ir/expr.ts'
import { findFunction } from '../../ir/functions/catalogue.ts'
import type { Field } from '../../ir/logical.ts'
import type { Scope, ScopeColumn } from './context.ts'
import { FollowOn, unknownType } from './unknown.ts'

/** A scope in which nothing has a name: for constants. */
export const emptyScope: Scope = Object.freeze({ columns: [], variables: [], carried: new Map() })

/** The scope over a row whose fields are all visible. */
export function scopeOf(fields: readonly Field[], variables: Scope['variables'] = []): Scope {
  return {
    columns: fields.map(({ name, column }) => ({ name, column })),
    variables,
    carried: new Map(fields.map((field) => [field.column, field])),
  }
}

/** The scope after `as alias`: one range variable over the visible columns. */
export function aliased(scope: Scope, alias: string): Scope {
  return { ...scope, variables: [{ name: alias, columns: scope.columns }] }
}

/**
 * Candidates of this name: exact matches when there are any, else those that differ in case only. `quoted` names match exactly or not at all.
 */
export function matchName<T extends { name: string }>(candidates: readonly T[], name: string, quoted = false): readonly T[] {
  const exact = candidates.filter((candidate) => candidate.name === name)
  if (exact.length > 0 || quoted) return exact
  const folded = name.toLowerCase()
  return candidates.filter((candidate) => candidate.name.toLowerCase() === folded)
}

/** The visible column of this name. */
export function findColumn(scope: Scope, name: string, at: Place, quoted = false): ScopeColumn {
  const matches = matchName(scope.columns, name, quoted)
  if (matches.length === 1) return matches[0]
  throw matches.length === 0 ? unknownColumn(scope, name, at) : ambiguousColumn(scope, name, matches, at)
}

/** The range variable of this name, if there is one. */
export function findVariable(scope: Scope, name: string): { name: string; columns: readonly ScopeColumn[] } | undefined {
  return matchName(scope.variables, name)[0]
}

/** An expression for a column that the input carries. */
export function columnExpr(scope: Scope, column: ColumnId, at?: Place): Expr {
  const info = scope.carried.get(column)!
  return { e: 'column', column, type: info.type, nullable: info.nullable, at }
}

/** The same where its value matters: what depends on a column with an error is no error of its own. */
export function readColumn(scope: Scope, column: ColumnId, at?: Place): Expr {
  if (isUnknown(scope, column)) throw new FollowOn()
  return columnExpr(scope, column, at)
}

const isUnknown = (scope: Scope, column: ColumnId): boolean => scope.carried.get(column)?.type === unknownType

export function unknownColumn(
  scope: Scope,
  name: string,
  at: Place,
  among: readonly ScopeColumn[] = scope.columns,
  owner = '',
): Error {
  if (scope === emptyScope) return planError('PLAN_CONSTANT', `'${name}' is a name, where a constant is needed`, { at })
  const known = among.filter(({ column }) => !isUnknown(scope, column))
  const near = suggest(
    name,
    known.map((column) => column.name),
  )
  const fn = near === undefined ? findFunction(name) : undefined
  if (fn?.kind === 'aggregate') {
    const call = `${fn.name}(${fn.name === 'count' ? '*' : '...'})`
    return planError('PLAN_UNKNOWN_COLUMN', `unknown column '${owner}${name}'`, { at, hint: `did you mean '${call}'?` })
  }
  const hint = `${near === undefined ? '' : `${near} `}columns here: ${describeColumns(scope, known)}`
  return planError('PLAN_UNKNOWN_COLUMN', `unknown column '${owner}${name}'`, { at, hint })
}

function ambiguousColumn(scope: Scope, name: string, matches: readonly ScopeColumn[], at: Place): Error {
  const owners = scope.variables
    .filter((variable) => matchName(variable.columns, name).length > 0)
    .map((variable) => `${variable.name}.${name}`)
  const spellings = [...new Set(matches.map((match) => match.name))]
  const hint =
    owners.length > 1
      ? `write ${owners.join(' or ')}`
      : spellings.length > 1
        ? `write ${spellings.join(' or ')}`
        : 'rename one of them before they meet, or name the inputs: from ... as a |> join ... as b'
  return planError('PLAN_AMBIGUOUS_COLUMN', `column '${name}' is ambiguous`, { at, hint })
}

const maxListed = 20

/** `a int64, b string`, cut after 20. */
function describeColumns(scope: Scope, columns: readonly ScopeColumn[]): string {
  const shown = columns.slice(0, maxListed).map(({ name, column }) => {
    const info = scope.carried.get(column)
    return info === undefined ? name : `${name} ${formatType(info.type)}`
  })
  if (columns.length > maxListed) shown.push(`and ${columns.length - maxListed} more`)
  return shown.length === 0 ? 'none' : shown.join(', ')
}
