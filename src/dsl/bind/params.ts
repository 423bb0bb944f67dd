import { suggest } from '../../base/did-you-mean.ts'
import { asMillraceError, type MillraceError, planError, usageError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { formatType, type Type, type Value } from '../../data/type.ts'
import { foldConstant } from '../../ir/fold.ts'
import type { ParamSyntax } from '../syntax.ts'
import { coerce } from './coerce.ts'
import type { ErrorList, GivenParam } from './context.ts'
import { type BoundParam, bindExpression, type Names } from './expression.ts'
import { parseTextValue, toValue } from './param-values.ts'
import { emptyScope } from './scope.ts'
import { unknownType } from './unknown.ts'

/**
 * Types and values of the declared parameters, into `params`; a default may use the parameters before it. Missing ones are one `USAGE_PARAM`
 * that lists all of them; unknown names and bad values are one each. Uses of a parameter without a value are still checked by its type.
 */
export function bindParams(
  declared: readonly ParamSyntax[],
  given: ReadonlyMap<string, GivenParam>,
  names: Names,
  params: Map<string, BoundParam>,
  errors: ErrorList,
): void {
  const missing: string[] = []
  for (const param of declared) {
    errors.attempt(() => {
      params.set(param.name, { type: unknownType, value: null })
      const type = names.resolveType(param.type)
      params.set(param.name, { type, value: null, isMissing: true })
      const value = paramValue(param, type, given.get(param.name), names)
      if (value === undefined) missing.push(`${param.name} ${formatType(type)}`)
      else params.set(param.name, { type, value })
    })
  }
  if (missing.length > 0) {
    const flags = missing.map((text) => `--param ${text.split(' ')[0]}=...`).join(' ')
    errors.add(
      usageError('USAGE_PARAM', `no value for ${missing.map((text) => `'${text}'`).join(', ')}`, { hint: `give ${flags}` }),
    )
  }
  const known = declared.map((param) => param.name)
  for (const name of given.keys()) {
    if (known.includes(name)) continue
    const list = known.length > 0 ? `parameters: ${known.join(', ')}` : 'the program has no parameters'
    errors.add(usageError('USAGE_PARAM', `unknown parameter '${name}'`, { hint: suggest(name, known, list) }))
  }
}

/** A value that does not fit the parameter's type, in the words of both front ends. */
export const badParam = (name: string, type: Type, message: string, details: { at: Place; cause: unknown }): MillraceError =>
  usageError('USAGE_PARAM', `parameter '${name}' (${formatType(type)}): ${message}`, details)

/** undefined when there is neither a value nor a default. */
function paramValue(param: ParamSyntax, type: Type, given: GivenParam | undefined, names: Names): Value | undefined {
  const { name, at } = param
  if (given !== undefined) {
    try {
      return 'text' in given ? parseTextValue(given.text, type, at) : toValue(given.value, type, at)
    } catch (thrown) {
      const cause = asMillraceError(thrown, (message) => planError('PLAN_TYPE_MISMATCH', message))
      throw badParam(name, type, cause.message, { at, cause: thrown })
    }
  }
  if (param.default === undefined) return undefined
  const expr = coerce(bindExpression({ names, scope: emptyScope }, param.default), type, `parameter '${name}'`, param.default.at)
  const value = foldConstant(expr)
  if (value === undefined)
    throw planError('PLAN_CONSTANT', `the default of '${name}' is not a constant`, { at: param.default.at })
  return value
}
