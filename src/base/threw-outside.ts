import { type MillraceError, runError, thrownMessage } from './errors.ts'
import { userFrame } from './stack.ts'

/** What a timer or a promise of the user's threw when the function that made it had returned. */
export const threwOutside = (thrown: unknown): MillraceError =>
  runError('RUN_FUNCTION_FAILED', `the program threw outside of its functions: ${thrownMessage(thrown)}`, {
    at: userFrame(thrown),
    hint: 'timers and promises of a function must not outlive its call',
    cause: thrown,
  })
