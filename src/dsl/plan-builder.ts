import { basename } from 'node:path'
import { planError } from '../base/errors.ts'
import { formatPlace, type Place } from '../base/place.ts'
import type { FnRef } from '../ir/expr.ts'
import type { UserFunction } from '../ir/user-function.ts'
import { wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { analyseFunction } from './fn-analysis.ts'
import type { UnboundForm, UnboundNode, UnboundPlan, UnboundPort } from './syntax.ts'

/** What a user says of a function that its text does not show. */
export interface FunctionOptions {
  /** It changes something outside: it is never run to find out a type. */
  effects?: boolean
  /** Equal arguments give equal results. Default: unless its text uses the clock or random numbers. */
  deterministic?: boolean
}

/** Collects the nodes of one pipeline in build order, and the live functions beside them. */
export class PlanBuilder {
  readonly program: string
  readonly module: string
  readonly #nodes: UnboundNode[] = []
  readonly #fns: FnRef[] = []
  readonly functions = new Map<FnRef['id'], UserFunction>()

  constructor(program: string, module: string) {
    this.program = program
    this.module = module
  }

  add(form: UnboundForm, inputs: readonly UnboundPort[]): UnboundPort {
    const id = this.#nodes.length
    this.#nodes.push({ id, inputs, at: callPlace(), form })
    return { node: id, out: 0 }
  }

  /** Registers a function under its place in build order. `user` is the function to analyse where `fn` wraps it. */
  function(verb: string, fn: UserFunction, options: FunctionOptions & { user?: Function } = {}): FnRef {
    const at = callPlace()
    refuseOtherThanFunction(verb, fn, at)
    const kind = typeof fn === 'function' ? 'function' : 'combine'
    const analysed = analyseFunction(options.user ?? (typeof fn === 'function' ? fn : fn.add))
    if (analysed.returnsNothing && givesValues.has(verb) && options.effects !== true) throw forgottenReturn(verb, at)
    const ref: FnRef = {
      id: this.#fns.length,
      label: at.line > 0 ? `${verb} at ${formatPlace({ ...at, file: basename(at.file) })}` : verb,
      module: this.module,
      ordinal: this.#fns.length,
      sourceHash: analysed.sourceHash,
      reads: kind === 'combine' ? 'all' : analysed.reads,
      captures: analysed.captures,
      capturesKnown: analysed.capturesKnown,
      deterministic: options.deterministic ?? analysed.deterministic,
      effects: options.effects ?? false,
      kind,
    }
    this.#fns.push(ref)
    this.functions.set(ref.id, fn)
    return ref
  }

  finish(outputs: UnboundPlan['outputs']): UnboundPlan {
    const hasSink = this.#nodes.some((node) => node.form.u === 'sink')
    if (outputs.length === 0 && !hasSink) {
      throw planError('PLAN_NO_OUTPUT', `pipeline '${this.program}' returns no collection and writes nothing`, {
        hint: 'return a collection from the pipeline, or end it with write',
      })
    }
    return {
      program: this.program,
      nodes: this.#nodes,
      outputs,
      params: [],
      types: [],
      imports: [],
      options: {},
      fns: this.#fns,
      sources: {},
    }
  }
}

const givesValues: ReadonlySet<string> = new Set(['map', 'filter', 'flatMap', 'keyBy'])

const forgottenReturn = (verb: string, at: Place) =>
  planError('PLAN_ARGUMENTS', `the function of ${verb} returns nothing`, {
    at,
    hint: `a function with braces needs a return; an object in a short function stands in parentheses: ${verb}((row) => ({ id: row.id }))`,
  })

/** Programs run without a compiler, so that anything may be given. */
function refuseOtherThanFunction(verb: string, given: unknown, at: Place): void {
  if (verb !== 'combineValues') {
    if (typeof given === 'function') return
    throw wrongArgument(verb, 'a function', given, `for example ${verb}((row) => ...)`)
  }
  const parts = (given ?? {}) as Readonly<Record<string, unknown>>
  const missing = ['zero', 'add', 'merge', 'extract'].filter((part) => typeof parts[part] !== 'function')
  if (missing.length === 0) return
  throw planError(
    'PLAN_ARGUMENTS',
    `combineValues takes the functions zero, add, merge and extract; missing: ${missing.join(', ')}`,
    {
      at,
      hint: 'for example { zero: () => 0, add: (sum, value) => sum + value, merge: (a, b) => a + b, extract: (sum) => sum }',
    },
  )
}
