import { bug } from './errors.ts'

/** Ends a `switch` over a tagged union: the compiler lists the cases still to write. */
export function exhaustive(value: never): never {
  throw bug(`no case for ${JSON.stringify(value)}`)
}

/** Checks an invariant of our own code; a failure is `BUG_INVARIANT`, never the user's fault. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw bug(message)
}
