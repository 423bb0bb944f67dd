import { suggest } from '../base/did-you-mean.ts'
import { asMillraceError, planError, usageError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import { toJsValue } from '../data/js-value.ts'
import { formatType, type Type, type Value } from '../data/type.ts'
import type { GivenParam } from '../dsl/bind/context.ts'
import { parseTextValue, toValue } from '../dsl/bind/param-values.ts'
import { badParam } from '../dsl/bind/params.ts'
import type { ParamSpec, Pipeline } from '../dsl/pipeline.ts'
import { parseTypeText } from '../dsl/schema.ts'
import { jsonCell } from '../io/format/cell.ts'
import { type Json, tryValueFromJson } from '../io/json-value.ts'

/** Parameters by name, as the caller gives them. */
export type GivenParams = ReadonlyMap<string, GivenParam>

/** The parameters of a pipeline: as its function gets them, and as plain data for workers and fingerprints. */
export interface PipelineParams {
  values: Readonly<Record<string, unknown>>
  json: Value
}

/** Reads the given parameters by their declared types; missing and unknown ones are `USAGE_PARAM`, all missing ones named together. */
export async function pipelineParams(pipeline: Pipeline, given: GivenParams): Promise<PipelineParams> {
  const declared = Object.entries(pipeline.params)
  for (const name of given.keys()) {
    if (!Object.hasOwn(pipeline.params, name)) {
      const names = declared.map(([known]) => known)
      throw usageError('USAGE_PARAM', `pipeline '${pipeline.name}' has no parameter '${name}'`, {
        hint: suggest(name, names, names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`),
      })
    }
  }
  const missing = declared.filter(([name, spec]) => !given.has(name) && !hasDefault(spec))
  if (missing.length > 0) {
    const list = missing.map(([name, spec]) => `${name} (${typeName(spec)})`).join(', ')
    throw usageError(
      'USAGE_PARAM',
      `pipeline '${pipeline.name}' needs ${missing.length === 1 ? 'the parameter' : 'the parameters'} ${list}`,
      {
        at: pipeline.at,
        hint: `give ${missing.length === 1 ? 'it' : 'them'} with --param ${missing[0][0]}=...`,
      },
    )
  }
  const values = declared.map(([name, spec]) => readParam(pipeline, name, spec, given))
  return {
    values: jsValues(pipeline, values),
    json: Object.fromEntries(declared.map(([name, spec], i) => [name, jsonCell(typeOf(spec), values[i]) as Value])),
  }
}

/** The parameters as the pipeline's function gets them, from the plain data that a coordinator sent. */
export function paramsOfJson(pipeline: Pipeline, json: Value): Readonly<Record<string, unknown>> {
  const record = json as { readonly [name: string]: Json }
  const values = Object.entries(pipeline.params).map(([name, spec]) => tryValueFromJson(record[name], typeOf(spec)) ?? null)
  return jsValues(pipeline, values)
}

function jsValues(pipeline: Pipeline, values: readonly Value[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(pipeline.params).map(([name, spec], i) => [name, toJsValue(typeOf(spec), values[i])]))
}

function readParam(pipeline: Pipeline, name: string, spec: ParamSpec, given: GivenParams): Value {
  const type = typeOf(spec)
  const param = given.get(name)
  try {
    return givenValue(param ?? { value: (spec as { default: unknown }).default }, type, pipeline.at)
  } catch (thrown) {
    const { message } = asMillraceError(thrown, (text) => usageError('USAGE_PARAM', text))
    const details = { at: pipeline.at, cause: thrown }
    if (param !== undefined) throw badParam(name, type, message, details)
    throw planError('PLAN_TYPE_MISMATCH', `the default of parameter '${name}' (${formatType(type)}): ${message}`, details)
  }
}

function givenValue(param: GivenParam, type: Type, at: Place): Value {
  if ('text' in param) return parseTextValue(param.text, type, at)
  const { value } = param
  // A date is written as text in TypeScript, where there is no type for it.
  return typeof value === 'string' && type.kind !== 'string' ? parseTextValue(value, type, at) : toValue(value, type, at)
}

const typeName = (spec: ParamSpec): string => (typeof spec === 'string' ? spec : spec.type)
const hasDefault = (spec: ParamSpec): boolean => typeof spec !== 'string' && spec.default !== undefined
const typeOf = (spec: ParamSpec): Type => parseTypeText(typeName(spec))
