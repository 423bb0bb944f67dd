import { suggest } from '../../base/did-you-mean.ts'
import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { FlowProgram } from './program.ts'
import type { Statement } from './statements.ts'

const modes = ['auto', 'serial', 'pipelined'] as const
const optionNames = ['parallelism', 'mode']
/** A cluster of thousands of machines wants a task for each. */
const maxParallelism = 65_536

/** Takes a `set` statement into the options of the plan. */
export function setOption(program: FlowProgram, { name, value }: Extract<Statement, { st: 'set' }>): void {
  const wrong = (expected: string, at: Place): void => {
    program.errors.push(planError('PLAN_CONSTANT', `option '${name.name}' needs ${expected}`, { at }))
  }
  switch (name.name.toLowerCase()) {
    case 'parallelism': {
      const count = value.s === 'number' ? Number(value.text) : Number.NaN
      if (Number.isInteger(count) && count >= 1 && count <= maxParallelism)
        program.options = { ...program.options, parallelism: count }
      else wrong(`a whole number from 1 to ${maxParallelism}`, value.at)
      return
    }
    case 'mode': {
      const mode = modes.find((each) => value.s === 'string' && value.value === each)
      if (mode !== undefined) program.options = { ...program.options, mode }
      else wrong(`one of ${modes.map((each) => `'${each}'`).join(', ')}`, value.at)
      return
    }
    default: {
      const hint = suggest(name.name, optionNames, `the options are ${optionNames.join(' and ')}`)
      program.errors.push(planError('PLAN_UNKNOWN_OPTION', `unknown option '${name.name}'`, { at: name.at, hint }))
    }
  }
}
