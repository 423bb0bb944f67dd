import { suggest } from '../../base/did-you-mean.ts'
import { planError } from '../../base/errors.ts'
import { errorPolicies } from '../../ir/on-error.ts'
import { runModes } from '../../ir/run-mode.ts'
import type { ProgramOptions, Syntax } from '../syntax.ts'
import type { FlowProgram } from './program.ts'
import type { Statement } from './statements.ts'

/** A cluster of thousands of machines wants a task for each. */
const maxParallelism = 65_536

/** An option: what it takes in words, and the value in the plan's options; undefined when it is none. */
interface SetOption {
  takes: string
  read(value: Syntax): ProgramOptions | undefined
}

const oneOf = <T extends string>(values: readonly T[], value: Syntax): T | undefined =>
  values.find((each) => value.s === 'string' && value.value === each)

const wordsFor = (values: readonly string[]): string => `one of ${values.map((each) => `'${each}'`).join(', ')}`

/** A whole number of at least `least`. */
function wholeNumber(value: Syntax, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const count = value.s === 'number' ? Number(value.text) : Number.NaN
  return Number.isSafeInteger(count) && count >= least && count <= most ? count : undefined
}

const setOptions: ReadonlyMap<string, SetOption> = new Map([
  [
    'parallelism',
    {
      takes: `a whole number from 1 to ${maxParallelism}`,
      read: (value: Syntax) => given('parallelism', wholeNumber(value, 1, maxParallelism)),
    },
  ],
  ['mode', { takes: wordsFor(runModes), read: (value: Syntax) => given('mode', oneOf(runModes, value)) }],
  ['on_error', { takes: wordsFor(errorPolicies), read: (value: Syntax) => given('onError', oneOf(errorPolicies, value)) }],
  [
    'dead_letters',
    {
      takes: 'the path of a file',
      read: (value: Syntax) => given('deadLetters', value.s === 'string' && value.value !== '' ? value.value : undefined),
    },
  ],
  ['max_errors', { takes: 'a whole number', read: (value: Syntax) => given('maxErrors', wholeNumber(value, 0)) }],
])

const given = <K extends keyof ProgramOptions>(name: K, value: ProgramOptions[K]): ProgramOptions | undefined =>
  value === undefined ? undefined : { [name]: value }

/** Takes a `set` statement into the options of the plan. */
export function setOption(program: FlowProgram, { name, value }: Extract<Statement, { st: 'set' }>): void {
  const option = setOptions.get(name.name.toLowerCase())
  if (option === undefined) {
    const names = [...setOptions.keys()]
    const hint = suggest(name.name, names, `the options are ${names.join(', ')}`)
    program.errors.push(planError('PLAN_UNKNOWN_OPTION', `unknown option '${name.name}'`, { at: name.at, hint }))
    return
  }
  const set = option.read(value)
  if (set !== undefined) program.options = { ...program.options, ...set }
  else program.errors.push(planError('PLAN_CONSTANT', `option '${name.name}' needs ${option.takes}`, { at: value.at }))
}
