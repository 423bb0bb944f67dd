import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend } from '../backends/backend.ts'
import { inlineBackend } from '../backends/inline/index.ts'
import { processesBackend } from '../backends/processes/index.ts'
import { threadsBackend } from '../backends/threads/index.ts'
import { suggest } from '../base/did-you-mean.ts'
import { planError, usageError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { nodeHost } from '../base/node-host.ts'
import { noPlace } from '../base/place.ts'
import { toJsRows } from '../data/js-row.ts'
import type { Value } from '../data/type.ts'
import { bind } from '../dsl/bind/bind.ts'
import type { BindWarning } from '../dsl/bind/context.ts'
import { hasTexts, parseTexts } from '../dsl/texts.ts'
import type { ConnectorOptions } from '../io/connector.ts'
import { defaultConnectors } from '../io/index.ts'
import type { NodeId } from '../ir/expr.ts'
import type { LogicalNode, Plan } from '../ir/logical.ts'
import type { ErrorPolicy } from '../ir/on-error.ts'
import type { RunMode } from '../ir/run-mode.ts'
import type { PlannedProgram } from '../planner/options.ts'
import { planProgram } from '../planner/plan.ts'
import { ruleNames } from '../planner/rules/index.ts'
import type { InterruptedRun } from '../runtime/run-folder.ts'
import { identityOf, type ProgramIdentity } from './identity.ts'
import { type InputSizes, sizedConnectors, withSizes } from './input-sizes.ts'
import { mayBlock } from './may-block.ts'
import { checkDeadLetters, onErrorOf, policyOf, samplingOnError } from './on-error.ts'
import { type BackendChoice, chooseBackend, defaultMemoryBytes, type RunOptions } from './options.ts'
import type { Program } from './program.ts'
import { sortResults } from './sorted.ts'

/** A program bound and planned: ready to explain or to run. */
export interface Prepared {
  program: Program
  /** What `--resume` finds the program's run by. */
  identity: ProgramIdentity
  /** The run to go on with. */
  interrupted: InterruptedRun | undefined
  planned: PlannedProgram
  warnings: readonly BindWarning[]
  choice: BackendChoice
  /** May user code keep a thread from its event loop while the program runs? */
  mayBlock: boolean
  backend: Backend
  memoryBytes: number
  cwd: string
  host: Host
}

/** What the program is prepared for. */
export interface Purpose {
  /** The run to go on with. */
  interrupted?: InterruptedRun
  /** The files of the interrupted run are all there: only rows for the caller are wanted. */
  hasWritten?: boolean
  /** Nothing will be written, so that outputs may exist. */
  looksOnly?: boolean
  /** Default: this process's own. */
  host?: Host
  /** Sources by size: they need not be there. */
  sizes?: InputSizes
}

/** Binds the program (files are looked at, types are checked) and plans it. */
export async function prepare(
  program: Program,
  options: RunOptions,
  { interrupted, hasWritten = false, looksOnly = false, sizes, host = nodeHost() }: Purpose = {},
): Promise<Prepared> {
  checkRules(options.disabledRules ?? [])
  const cwd = options.cwd ?? process.cwd()
  const memoryBytes = options.memoryBytes ?? defaultMemoryBytes()
  const identity = identityOf(program)
  const policy = policyOf(options, program)
  const { plan: described, warnings } = await bind(await withParsedTexts(program.plan), {
    connectors: sizes === undefined ? defaultConnectors : sizedConnectors(defaultConnectors, sizes),
    host,
    cwd,
    params: program.params,
    tables: options.tables ?? new Map(),
    incremental: options.incremental ?? false,
    // A run that was killed while it committed may have left some of its outputs already.
    checkSinks: interrupted?.committing !== true && !hasWritten && !looksOnly,
    sample: (prefix, node) => sample(prefix, node, program, { host, cwd, memoryBytes, policy, signal: options.signal }),
  })
  const bound = sizes === undefined ? described : withSizes(described, sizes)
  const given = onErrorOf(options, program, bound)
  // Dead letters are written with the other files.
  const onError = hasWritten && given !== undefined ? { ...given, deadLetters: undefined } : given
  if (!looksOnly && interrupted?.committing !== true) checkDeadLetters(onError, bound, host, cwd)
  const wanted = hasWritten ? withoutSinks(bound) : bound
  const plan = options.sorted === true ? sortResults(wanted) : wanted
  const choice = chooseBackend(options, inputOf(plan, program), memoryBytes)
  if ((options.backend === 'threads' || options.isolation === 'process') && choice.backend === 'inline') {
    throw planError(
      'PLAN_NOT_EXPORTED',
      `pipeline '${program.name}' is not exported by its module, so that no worker can import it`,
      {
        hint: 'write export default pipeline(...), or use the inline backend',
      },
    )
  }
  const backend = backendOf(choice, options)
  const planned = planProgram(plan, {
    mode: options.resume === true ? resumedMode(options, program, interrupted) : modeOf(options, program),
    backend: backend.traits,
    incremental: options.incremental ?? false,
    disabledRules: options.disabledRules ?? [],
    checkPlans: options.checkPlans ?? false,
    onError,
    isSinglePart,
  })
  return {
    program,
    identity,
    interrupted,
    planned,
    warnings,
    choice,
    mayBlock: mayBlock(planned.optimised),
    backend,
    memoryBytes,
    cwd,
    host,
  }
}

function checkRules(names: readonly string[]): void {
  const unknown = names.find((name) => !ruleNames.includes(name))
  if (unknown === undefined) return
  throw usageError('USAGE_ARGUMENT', `there is no planner rule '${unknown}'`, {
    hint: suggest(unknown, ruleNames, `the rules are ${ruleNames.join(', ')}`),
  })
}

/**
 * Only runs that store every exchange can go on. Without `--mode` a run goes on in the mode that it had; and where there is none, `--resume` means one that
 * can: so that this run can be resumed by the same command.
 */
function resumedMode(options: RunOptions, program: Program, interrupted: InterruptedRun | undefined): RunMode {
  const { mode = 'auto' } = options
  if (mode !== 'auto') return mode
  return interrupted?.mode ?? (program.plan.options.mode === 'hybrid' ? 'hybrid' : 'serial')
}

/** The command line's mode wins over what the program sets. */
function modeOf({ mode = 'auto' }: RunOptions, program: Program): RunMode {
  return mode === 'auto' ? (program.plan.options.mode ?? 'auto') : mode
}

async function withParsedTexts(plan: Program['plan']): Promise<Program['plan']> {
  if (!hasTexts(plan)) return plan
  const { parseExpression } = await import('../dsl/flow/build.ts')
  return parseTexts(plan, parseExpression)
}

function backendOf({ backend }: BackendChoice, { workerUrl }: RunOptions): Backend {
  switch (backend) {
    case 'inline':
      return inlineBackend
    case 'threads':
      return threadsBackend(workerUrl ?? entryUrl('worker'))
    case 'processes':
      return processesBackend(workerUrl ?? entryUrl('worker-process'))
  }
}

// In the bundle the entries of workers lie beside this chunk; the sources run as they are.
function entryUrl(name: string): URL {
  return new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}

function inputOf(plan: Plan, program: Program): { sizeBytes: number; splits: number; importable: boolean } {
  let sizeBytes = 0
  let splits = 0
  for (const node of plan.nodes) {
    if (node.op !== 'source') continue
    sizeBytes += node.described.sizeBytes ?? 0
    splits += node.described.splits.length
  }
  return { sizeBytes, splits, importable: program.reference !== undefined || plan.fns.length === 0 }
}

const isSinglePart = (connector: string, options: Value): boolean =>
  defaultConnectors.sinks.get(connector)?.singlePart(options as ConnectorOptions) ?? true

const sampledRows = 1_024

/** Runs the plan's prefix up to `node` over the first rows of the first split of each source, in this thread. */
async function sample(
  plan: Plan,
  node: NodeId,
  program: Program,
  context: { host: Host; cwd: string; memoryBytes: number; policy: ErrorPolicy; signal?: AbortSignal },
): Promise<readonly unknown[]> {
  const planned = planProgram(prefixOf(plan, node), {
    mode: 'pipelined',
    backend: inlineBackend.traits,
    incremental: false,
    disabledRules: [],
    checkPlans: false,
    onError: samplingOnError(context.policy),
    isSinglePart: () => true,
  })
  const id = `sample-${process.pid}-${context.host.random.uint32().toString(36)}`
  const result = await inlineBackend.run({
    plan: planned.physical,
    functions: program.functions,
    connectors: defaultConnectors,
    program: null,
    workers: 1,
    memoryBytes: context.memoryBytes,
    mayBlock: true,
    cwd: context.cwd,
    run: { id, directory: join(tmpdir(), `millrace-${id}`), resume: false, recoverable: false, program: null },
    host: context.host,
    signal: context.signal ?? new AbortController().signal,
  })
  try {
    return [...result.outputs[0].batches()]
      .flatMap((batch) => [...toJsRows(batch, planned.physical.outputs[0])])
      .slice(0, sampledRows)
  } finally {
    result.close()
  }
}

/** The nodes that `node` depends on, with its first output as the only result and sources cut to their first rows. */
function prefixOf(plan: Plan, node: NodeId): Plan {
  const nodes = nodesBehind(plan, [node]).map(firstRows)
  const id = plan.nextNode
  // A function may make rows without end of a single one.
  const limit: LogicalNode = {
    id,
    op: 'limit',
    count: sampledRows,
    offset: 0,
    inputs: [{ node, out: 0 }],
    outputs: nodes[nodes.length - 1].outputs,
    at: noPlace,
    origin: [],
    hints: {},
  }
  return { ...plan, nodes: [...nodes, limit], nextNode: id + 1, outputs: [{ name: 'sample', port: { node: id, out: 0 } }] }
}

/** The nodes that the rows for the caller depend on. */
function withoutSinks(plan: Plan): Plan {
  return {
    ...plan,
    nodes: nodesBehind(
      plan,
      plan.outputs.map(({ port }) => port.node),
    ),
  }
}

function nodesBehind(plan: Plan, ends: readonly NodeId[]): LogicalNode[] {
  const needed = new Set(ends)
  for (const candidate of plan.nodes.toReversed()) {
    if (needed.has(candidate.id)) for (const input of candidate.inputs) needed.add(input.node)
  }
  return plan.nodes.filter((candidate) => needed.has(candidate.id))
}

function firstRows(node: LogicalNode): LogicalNode {
  if (node.op === 'values') return { ...node, rows: node.rows.slice(0, sampledRows) }
  if (node.op !== 'source') return node
  const described = { ...node.described, splits: node.described.splits.slice(0, 1) }
  return { ...node, described, pushed: { ...node.pushed, limit: sampledRows } }
}
