import { planError } from '../base/errors.ts'
import type { Value } from '../data/type.ts'
import { callableOf } from '../dsl/define-function.ts'
import { isPipeline } from '../dsl/pipeline.ts'
import { fingerprintUnbound } from '../ir/fingerprint.ts'
import type { FunctionTable, UserFunction } from '../ir/user-function.ts'
import { importUserModule } from './load-module.ts'
import { paramsOfJson } from './params.ts'
import type { ProgramReference } from './program.ts'

/** Finds the functions of a program in a worker, by importing the user's modules and building the same pipeline again. */
export async function loadFunctions(program: Value): Promise<FunctionTable> {
  const reference = program as unknown as ProgramReference | null
  if (reference === null) return new Map()
  if (reference.kind === 'imports') {
    const entries = reference.imports.map(async (imported): Promise<[number, UserFunction]> => {
      const module = await importUserModule(imported.module)
      return [imported.id, callableOf(module[imported.export] as Parameters<typeof callableOf>[0])]
    })
    return new Map(await Promise.all(entries))
  }
  const module = await importUserModule(reference.module)
  const pipeline = Object.values(module).find((value) => isPipeline(value) && value.name === reference.name)
  if (!isPipeline(pipeline))
    throw planError('PLAN_MISMATCH', `a worker found no pipeline '${reference.name}' in ${reference.module}`)
  const built = pipeline.build(paramsOfJson(pipeline, reference.params) as never)
  if (fingerprintUnbound(built.plan) !== reference.fingerprint) {
    throw planError('PLAN_MISMATCH', `a worker built another plan for pipeline '${reference.name}' than the coordinator`, {
      at: pipeline.at,
      hint: 'the function given to pipeline() must depend on its parameters alone: no clock, no random numbers, no environment',
    })
  }
  return built.functions
}
