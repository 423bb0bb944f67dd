import { pathToFileURL } from 'node:url'
import { suggest } from '../base/did-you-mean.ts'
import { planError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import type { Value } from '../data/type.ts'
import type { FunctionTable } from '../ir/user-function.ts'
import { isRecord, wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { Collection } from './collection.ts'
import { type ConnectorSpec, specOf } from './connectors.ts'
import { toSyntax } from './expr.ts'
import { PCollection } from './pcollection.ts'
import { PlanBuilder } from './plan-builder.ts'
import type { ScalarName, ValueOfType } from './schema.ts'
import { parseTypeText, type RowOfSchema, type SchemaSpec, schemaOf } from './schema.ts'
import type { UnboundPlan } from './syntax.ts'

/** A parameter: its type, and a default where it need not be given. */
export type ParamSpec = ScalarName | { type: ScalarName; default?: Value | Date }
/** Parameters by name. */
export interface ParamSpecs {
  readonly [name: string]: ParamSpec
}
type ParamType<P> = P extends ScalarName ? P : P extends { type: infer S } ? S : never
/** The parameters as the pipeline's function gets them. */
export type ParamValues<P> = { readonly [K in keyof P]: ValueOfType<ParamType<P[K]>> }
/** The parameters as `run` takes them: those with a default may be left out. */
export type ParamInputs<P> = {
  readonly [K in keyof P as P[K] extends { default: unknown } ? never : K]: ValueOfType<ParamType<P[K]>>
} & {
  readonly [K in keyof P as P[K] extends { default: unknown } ? K : never]?: ValueOfType<ParamType<P[K]>>
}

/** What a pipeline's function returns: one collection, named collections, or nothing when it writes. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that only writes returns nothing
export type PipelineOutputs = Collection<unknown> | Readonly<Record<string, Collection<unknown>>> | void

/** Starts collections inside a pipeline. */
export class PipelineContext {
  readonly #builder: PlanBuilder
  /** @internal */
  constructor(builder: PlanBuilder) {
    this.#builder = builder
  }
  /** The rows of a source. */
  read<T>(from: ConnectorSpec<T>): PCollection<T> {
    const { connector, at, positional, named, schema } = specOf(from, 'read')
    return new PCollection(
      this.#builder,
      this.#builder.add({ u: 'source', connector, connectorAt: at, positional, named, schema }, []),
    )
  }
  /** A collection of constants: rows when they are plain objects, else elements. The schema is needed when there are none. */
  of<T extends string | number | boolean | Date | Readonly<Record<string, unknown>>>(values: readonly T[]): PCollection<T>
  of<const S extends SchemaSpec>(values: readonly RowOfSchema<S>[], schema: S): PCollection<RowOfSchema<S>>
  of(values: readonly unknown[], schema?: SchemaSpec): PCollection<never> {
    if (!Array.isArray(values)) throw wrongArgument('of', 'a list of values', values, 'for example of([{ name: "a", n: 1 }])')
    const first = values[0]
    const isRow = schema !== undefined || (typeof first === 'object' && first !== null && !(first instanceof Date))
    if (!isRow) {
      return new PCollection(
        this.#builder,
        this.#builder.add({ u: 'values', rows: values.map((value) => [toSyntax(value)]), names: ['value'], element: true }, []),
      )
    }
    const names = schema === undefined ? Object.keys(first as object) : Object.keys(schema)
    const other = values.findIndex((row) => typeof row !== 'object' || row === null)
    if (other >= 0)
      throw wrongArgument('of', `rows, as value ${other === 0 ? 2 : 1} is one`, values[other], 'give rows only, or elements only')
    const rows = values.map((row) => names.map((name) => toSyntax((row as Record<string, unknown>)[name] ?? null)))
    const declared = schema === undefined ? undefined : { schema: schemaOf(schema) }
    return new PCollection(this.#builder, this.#builder.add({ u: 'values', rows, names, schema: declared }, []))
  }
}

const mark = Symbol.for('millrace.pipeline')

/** A pipeline: a recipe that builds the same plan wherever its module is imported. */
export class Pipeline<P extends ParamSpecs = ParamSpecs, O extends PipelineOutputs = PipelineOutputs> {
  readonly name: string
  readonly params: P
  /** URL of the module that defines it; workers import it to find its functions. */
  readonly module: string
  readonly at: Place
  readonly #build: (p: PipelineContext, params: ParamValues<P>) => O
  /** @internal */
  readonly [mark] = true

  /** @internal */
  constructor(name: string, params: P, build: (p: PipelineContext, params: ParamValues<P>) => O, module: string, at: Place) {
    this.name = name
    this.params = params
    this.module = module
    this.at = at
    this.#build = build
  }

  /**
   * Builds the plan for these parameters; nothing is read.
   * @internal
   */
  build(params: ParamValues<P>): BuiltPlan {
    const builder = new PlanBuilder(this.name, this.module)
    const returned = this.#build(new PipelineContext(builder), declaredOnly(this.name, params))
    return { plan: builder.finish(outputsOf(this.name, returned)), functions: builder.functions }
  }
}

/** The parameters, of which none can be read that was not declared: as undefined it would turn up far from here. */
function declaredOnly<P extends object>(pipeline: string, params: P): P {
  const names = Object.keys(params)
  return new Proxy(params, {
    get(target, name, receiver) {
      if (typeof name === 'symbol' || name in target) return Reflect.get(target, name, receiver)
      throw planError('PLAN_UNKNOWN_PARAM', `pipeline '${pipeline}' declares no parameter '${name}'`, {
        at: callPlace(),
        hint: suggest(name, names, `declare it: pipeline('${pipeline}', { ${name}: 'int64' }, ...)`),
      })
    },
  })
}

/** A plan before binding, with its live functions. */
export interface BuiltPlan {
  plan: UnboundPlan
  functions: FunctionTable
}

function outputsOf(name: string, returned: PipelineOutputs): UnboundPlan['outputs'] {
  if (returned === undefined) return []
  if (returned instanceof Promise) {
    returned.catch(() => {})
    throw planError('PLAN_NO_OUTPUT', `the function of pipeline '${name}' is async`, {
      hint: 'it only builds the plan and has nothing to wait for: leave out async and await',
    })
  }
  if (returned instanceof Collection) return [{ name: 'result', port: returned.port }]
  return Object.entries(returned).map(([output, collection]) => {
    if (!(collection instanceof Collection)) {
      throw planError('PLAN_NO_OUTPUT', `output '${output}' of pipeline '${name}' is no collection`, {
        hint: 'the function must return a collection, a record of collections, or nothing when it writes',
      })
    }
    return { name: output, port: collection.port }
  })
}

/** True for a pipeline of this package, whichever copy of it made it. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && (value as { [mark]?: unknown })[mark] === true
}

/**
 * Defines a pipeline. Export it as the module's default: worker threads import the module and build it again, so that no function is ever
 * sent. The function is called with the parameters' values; it must do nothing but build.
 *
 * @example {@includeCode ../../examples/word-count/word-count.ts}
 */
export function pipeline<const P extends ParamSpecs, O extends PipelineOutputs>(
  name: string,
  params: P,
  build: (p: PipelineContext, params: ParamValues<P>) => O,
  options: { module?: string } = {},
): Pipeline<P, O> {
  const at = callPlace()
  const example = "for example pipeline('count', { day: 'date' }, (p, { day }) => p.read(...))"
  if (typeof name !== 'string') throw wrongArgument('pipeline', 'a name first', name, example)
  if (!isRecord(params)) throw wrongArgument('pipeline', 'its parameters by name second', params, example)
  if (typeof build !== 'function') throw wrongArgument('pipeline', 'a function third', build, example)
  for (const [param, spec] of Object.entries<unknown>(params))
    parseTypeText((isRecord(spec) ? spec.type : spec) as string, `parameter '${param}'`)
  return new Pipeline(name, params, build, options.module ?? (at.file === '' ? '' : pathToFileURL(at.file).href), at)
}

/** Starts a pipeline without a module, for scripts and notebooks: `await scratch().read(csv('x.csv')).limit(5).show()`. It runs in this thread. */
export function scratch(name = 'scratch'): PipelineContext {
  return new PipelineContext(new PlanBuilder(name, ''))
}
