import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { didYouMean } from '../base/did-you-mean.ts'
import { asMillraceError, usageError } from '../base/errors.ts'
import type { Value } from '../data/type.ts'
import type { GivenParam } from '../dsl/bind/context.ts'
import { type BuiltPlan, isPipeline, type Pipeline } from '../dsl/pipeline.ts'
import type { UnboundPlan } from '../dsl/syntax.ts'
import { verbHint } from '../dsl/verb-hint.ts'
import type { FunctionTable } from '../ir/user-function.ts'
import { importUserModule, moduleUrl, placeInUserCode } from './load-module.ts'
import { type GivenParams, type PipelineParams, pipelineParams } from './params.ts'

/** A program ready to bind: its plan as the user wrote it, the live functions, and how a worker finds the same functions. */
export interface Program {
  /** Name for people. */
  name: string
  /** What `--resume` knows it by: the file's path, or the pipeline's module and name; and the parameters as they were given. */
  key: string
  given: Value
  plan: UnboundPlan
  functions: FunctionTable
  /** Plain data for a worker's loader; undefined when no worker can import the functions. */
  reference: ProgramReference | undefined
  params: ReadonlyMap<string, GivenParam>
}

export type ProgramReference =
  | { kind: 'imports'; imports: readonly { id: number; module: string; export: string }[] }
  | { kind: 'pipeline'; module: string; name: string; params: Value; fingerprint: string }

/** Loads a `.flow` file or a TypeScript or JavaScript module with a pipeline. */
export async function loadProgram(path: string, params: GivenParams): Promise<Program> {
  if (path.trim() === '') throw usageError('USAGE_FILE', 'the path of the program is empty')
  const file = resolve(path)
  if (!existsSync(file)) throw noProgram(path, file)
  if (statSync(file).isDirectory()) throw usageError('USAGE_FILE', `'${path}' is a folder, expected a .flow file or a module`)
  if (extname(file) === '.flow') return loadFlow(file, readFileSync(file, 'utf8'), params)
  if (isProgram.test(file)) return loadPipelineModule(file, params)
  throw usageError('USAGE_FILE', `'${path}' is no program: expected a .flow, .ts, .mts, .js or .mjs file`)
}

const isProgram = /\.(flow|[mc]?[tj]s)$/

function noProgram(path: string, file: string): Error {
  const folder = dirname(file)
  // Compared without the extension, which all programs share.
  const stem = (name: string): string => basename(name, extname(name))
  const names = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => isProgram.test(name))
  const near = didYouMean(stem(file), names.map(stem))
  const hint = /^\s*(from|values)\s/i.test(path)
    ? 'a query is given with -e'
    : near === undefined
      ? `paths start from ${process.cwd()}`
      : `did you mean '${names.find((name) => stem(name) === near)}'?`
  return usageError('USAGE_FILE', `there is no file '${path}'`, { hint })
}

/** Parses a program in the text language. `file` need not exist: it names the text in errors and is where imports start from. */
export async function loadFlow(file: string, text: string, params: GivenParams): Promise<Program> {
  const { buildFlow } = await import('../dsl/flow/build.ts')
  const { plan, functions } = await buildFlow(file, text, {
    importModule: importUserModule,
    readFile: (path) => readFileSync(path, 'utf8'),
    projectRoot: projectRoot(dirname(file)),
  })
  const imports = plan.fns.map((fn) => ({ id: fn.id, module: fn.module, export: fn.export ?? '' }))
  return {
    name: file,
    key: file,
    given: [...params].map(([param, value]) => [param, 'text' in value ? value.text : String(value.value)]),
    plan,
    functions: functions as Program['functions'],
    reference: { kind: 'imports', imports },
    params,
  }
}

async function loadPipelineModule(file: string, params: GivenParams): Promise<Program> {
  const module = await importUserModule(moduleUrl(file))
  if (!isPipeline(module.default)) {
    const named = Object.entries(module).find(([, value]) => isPipeline(value))
    throw usageError('USAGE_MODULE', `the module has no pipeline as its default export`, {
      at: { file, line: 0, column: 0 },
      hint: named === undefined ? 'write export default pipeline(...)' : `export '${named[0]}' as the default`,
    })
  }
  return loadPipeline(module.default, params)
}

/** Builds a pipeline for these parameters. */
export async function loadPipeline(pipeline: Pipeline, given: GivenParams): Promise<Program> {
  const params = await pipelineParams(pipeline, given)
  const built = buildPipeline(pipeline, params.values)
  const reference = await pipelineReference(pipeline, built, params.json)
  // The values are already in the plan: a pipeline has no parameters left to bind.
  return {
    name: pipeline.name,
    key: `${pipeline.module}#${pipeline.name}`,
    given: params.json,
    ...built,
    reference,
    params: new Map(),
  }
}

function buildPipeline(pipeline: Pipeline, values: PipelineParams['values']): BuiltPlan {
  try {
    return pipeline.build(values as never)
  } catch (thrown) {
    throw asMillraceError(thrown, (message, cause) =>
      usageError('USAGE_MODULE', `the function of pipeline '${pipeline.name}' threw: ${message}`, {
        at: (cause instanceof Error ? placeInUserCode(cause) : undefined) ?? pipeline.at,
        hint: verbHint(message),
        cause,
      }),
    )
  }
}

// Only a pipeline that its module exports can be found by a worker that imports the module.
async function pipelineReference(pipeline: Pipeline, built: BuiltPlan, params: Value): Promise<ProgramReference | undefined> {
  if (pipeline.module === '') return undefined
  const module = await loadedModule(pipeline.module)
  if (module !== undefined && !Object.values(module).includes(pipeline)) return undefined
  const { fingerprintUnbound } = await import('../ir/fingerprint.ts')
  return { kind: 'pipeline', module: pipeline.module, name: pipeline.name, params, fingerprint: fingerprintUnbound(built.plan) }
}

const evaluatingMs = 50

/**
 * The exports of a module that has defined a pipeline; undefined while its own top level is still running. A script that says `await run(...)`
 * below its pipeline would else wait for itself. Its export is then taken for granted: a worker that does not find it says so.
 */
async function loadedModule(url: string): Promise<Record<string, unknown> | undefined> {
  let timer: NodeJS.Timeout | undefined
  const evaluating = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, evaluatingMs, undefined)
  })
  try {
    return await Promise.race([importUserModule(url), evaluating])
  } finally {
    clearTimeout(timer)
  }
}

/** A plan built by a script in this process, which no worker can rebuild. */
export function scratchProgram(built: BuiltPlan): Program {
  const name = built.plan.program
  return { name, key: `scratch#${name}`, given: null, ...built, reference: undefined, params: new Map() }
}

/** The nearest folder with a package.json above `folder`, else `folder` itself. */
export function projectRoot(folder: string): string {
  let at = existsSync(folder) ? realpathSync(folder) : folder
  for (;;) {
    if (existsSync(join(at, 'package.json'))) return at
    const above = dirname(at)
    if (above === at) return folder
    at = above
  }
}
