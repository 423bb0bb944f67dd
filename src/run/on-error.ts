import { parse } from 'node:path'
import { planError, usageError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { noPlace } from '../base/place.ts'
import type { Value } from '../data/type.ts'
import type { ConnectorOptions } from '../io/connector.ts'
import { deadLettersSink } from '../io/dead-letters.ts'
import { absolutePath } from '../io/files.ts'
import type { Plan } from '../ir/logical.ts'
import type { ErrorPolicy, OnError } from '../ir/on-error.ts'
import type { PlannerOptions } from '../planner/options.ts'
import type { RunOptions } from './options.ts'
import type { Program } from './program.ts'

/**
 * What the run does with rows that fail. What the run is told wins over what the program sets; a file of dead letters alone asks for them.
 *
 * @throws {@link MillraceError} `USAGE_ARGUMENT` for options that contradict each other.
 */
export function policyOf(options: RunOptions, { plan }: Program): ErrorPolicy {
  const { onError, deadLetters } = options
  if (deadLetters !== undefined && onError !== undefined && onError !== 'dead-letter') {
    throw usageError('USAGE_ARGUMENT', `--dead-letters names a file, and --on-error ${onError} writes none`, {
      hint: 'leave out one of them',
    })
  }
  if (onError !== undefined) return onError
  if (deadLetters !== undefined) return 'dead-letter'
  return plan.options.onError ?? (plan.options.deadLetters === undefined ? 'fail' : 'dead-letter')
}

/** The policy with its limit and the file of dead letters, as the planner takes them; undefined where every row that fails ends the run. */
export function onErrorOf(options: RunOptions, program: Program, bound: Plan): PlannerOptions['onError'] {
  const policy = policyOf(options, program)
  const policies = new Set([policy, ...sourcePolicies(bound)])
  const maxErrors = options.maxErrors ?? program.plan.options.maxErrors
  const isFail = policies.size === 1 && policies.has('fail')
  // A limit that the program sets may be for a policy that the run is told to leave.
  const isOwnLimit = options.maxErrors !== undefined || options.onError === undefined
  if (maxErrors !== undefined && isFail && isOwnLimit) refuseLimit(options)
  if (isFail) return undefined
  const path = options.deadLetters ?? program.plan.options.deadLetters ?? defaultPath(program)
  const deadLetters = policies.has('dead-letter') ? { connector: deadLettersSink.kind, options: { path } } : undefined
  return { policy, maxErrors, deadLetters }
}

const sourcePolicies = ({ nodes }: Plan): ErrorPolicy[] =>
  nodes.flatMap((node) => {
    const own = node.op === 'source' ? (node.options as ConnectorOptions).on_error : undefined
    return typeof own === 'string' ? [own as ErrorPolicy] : []
  })

function refuseLimit({ maxErrors }: RunOptions): never {
  if (maxErrors !== undefined) {
    throw usageError(
      'USAGE_ARGUMENT',
      '--max-errors belongs to --on-error skip or dead-letter: else the first row that fails ends the run',
    )
  }
  throw planError('PLAN_UNKNOWN_OPTION', "option 'max_errors' has no effect: the first row that fails ends the run", {
    hint: "set on_error = 'skip', or 'dead-letter'",
  })
}

/** `etl.dead-letters.jsonl` for `etl.flow`. */
const defaultPath = ({ plan }: Program): string =>
  `${parse(plan.program).name.replace(/[^\w.-]+/g, '') || 'millrace'}.dead-letters.jsonl`

/** Refuses a file of dead letters that cannot be written, or that is the program's own input or output. */
export function checkDeadLetters(onError: PlannerOptions['onError'], bound: Plan, host: Host, cwd: string): void {
  const path = (onError?.deadLetters?.options as { path: string } | undefined)?.path
  if (path === undefined) return
  const target = absolutePath(cwd, path)
  for (const node of bound.nodes) {
    const used =
      node.op === 'sink'
        ? pathsOfSink(node.options, cwd)
        : node.op === 'source'
          ? (node.described.files ?? []).map((file) => file.path)
          : []
    if (!used.includes(target)) continue
    throw planError(
      'PLAN_SAME_TARGET',
      `the dead letters are to go to '${path}', which the program ${node.op === 'sink' ? 'writes' : 'reads'}`,
      {
        ...(node.at === noPlace ? {} : { at: node.at }),
        hint: 'name another file: --dead-letters bad.jsonl',
      },
    )
  }
  deadLettersSink.check({ path }, { host, cwd, fields: [] })
}

const pathsOfSink = (options: Value, cwd: string): string[] => {
  const { path } = options as ConnectorOptions
  return typeof path === 'string' ? [absolutePath(cwd, path)] : []
}

/** How rows that fail are taken while functions are tried out: one that throws on some rows still shows its type on others. */
export const samplingOnError = (policy: ErrorPolicy): OnError | undefined => (policy === 'fail' ? undefined : { policy: 'skip' })
