import type { GivenParam } from './dsl/bind/context.ts'
import type { Collection } from './dsl/collection.ts'
import type { BuiltPlan, ParamInputs, ParamSpecs, Pipeline, PipelineOutputs } from './dsl/pipeline.ts'
import type { BuiltNode } from './dsl/runner.ts'
import { execute, type FinishedRun } from './run/execute.ts'
import type { RunOptions } from './run/options.ts'
import type { RunOutput } from './run/output.ts'
import { prepareRun } from './run/prepare-run.ts'
import { loadPipeline, scratchProgram } from './run/program.ts'
import type { RunMetrics } from './runtime/metrics.ts'

/** The outputs of a pipeline by name; a pipeline that returns one collection has the output `result`. */
export type OutputsOf<O> =
  O extends Collection<infer T>
    ? { readonly result: RunOutput<T> }
    : { readonly [K in keyof O]: O[K] extends Collection<infer T> ? RunOutput<T> : never }

/** What a run leaves. */
export interface RunOutcome<O> {
  outputs: OutputsOf<O>
  metrics: RunMetrics
  /** Removes what results are kept in. Done by the garbage of the process's end, too. */
  close(): void
}

/**
 * Runs a pipeline and resolves when its results are ready and its files are written.
 *
 * @param params - values of the pipeline's parameters; those with a default may be left out.
 * @throws {@link MillraceError} of any area; nothing is written under a final name unless the whole run succeeded.
 */
export async function run<P extends ParamSpecs, O extends PipelineOutputs>(
  pipeline: Pipeline<P, O>,
  params: ParamInputs<P>,
  options: RunOptions = {},
): Promise<RunOutcome<O>> {
  const given = new Map(Object.entries(params).map(([name, value]): [string, GivenParam] => [name, { value }]))
  const program = await loadPipeline(pipeline as unknown as Pipeline, given)
  return outcome(await execute(await prepareRun(program, options), options))
}

const outcome = <O>(done: FinishedRun): RunOutcome<O> => ({
  outputs: Object.fromEntries(done.outputs.map((output) => [output.name, output])) as OutputsOf<O>,
  metrics: done.metrics,
  close: done.close,
})

/** Runs the part of a plan that one collection depends on, in this thread. */
export async function runCollection({ builder, port }: BuiltNode): Promise<RunOutput> {
  const built: BuiltPlan = { plan: builder.finish([{ name: 'result', port }]), functions: builder.functions }
  const options: RunOptions = { backend: 'inline' }
  const done = await execute(await prepareRun(scratchProgram(withoutSinks(built)), options), options)
  return done.outputs[0]
}

// Asking for rows writes no files.
function withoutSinks(built: BuiltPlan): BuiltPlan {
  return { ...built, plan: { ...built.plan, nodes: built.plan.nodes.filter((node) => node.form.u !== 'sink') } }
}
